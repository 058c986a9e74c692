package natsbus

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A process that is killed while it starts a child leaves its lock to the child for a moment.
func TestALockWhoseHolderIsGoneIsWaitedFor(t *testing.T) {
	dir := t.TempDir()
	held, err := os.Create(dir + "/onbu.lock")
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	write := func(pid int) {
		if err := os.WriteFile(dir+"/onbu.lock", []byte(strconv.Itoa(pid)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(os.Getpid())
	if l, err := lockDir(dir); err == nil || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
		t.Errorf("the lock of a living process: %v, %v", l, err)
	}
	write(gone.Process.Pid)
	time.AfterFunc(100*time.Millisecond, func() { held.Close() })
	l, err := lockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.release(); err != nil {
		t.Error(err)
	}
}
