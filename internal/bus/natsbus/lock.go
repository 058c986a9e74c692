//go:build unix

package natsbus

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// dirLock keeps a second server away from a store: two of them would destroy it. The kernel drops the lock when the
// process ends, however it ends, so a file that is left behind does no harm.
type dirLock struct{ file *os.File }

func lockDir(dir string) (*dirLock, error) {
	f, err := os.OpenFile(filepath.Join(dir, "onbu.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = flock(f)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("the store in %s is in use by %s: stop that process, connect to its bus instead, or give this one another directory", dir, holder(f))
	}
	if err == nil {
		err = writeHolder(f)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &dirLock{f}, nil
}

// heirs is how long a lock may outlive the process that took it: a child that it was just starting has it until it
// becomes the program that it is to run.
const heirs = 3 * time.Second

// flock takes the lock. It waits a moment for one whose holder is gone.
func flock(f *os.File) error {
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) || holderLives(f) || time.Since(began) > heirs {
			return err
		}
	}
}

// holderLives says whether the process that wrote its number into the lock is there still; true if nobody can say.
func holderLives(f *os.File) bool {
	text := make([]byte, 32)
	n, err := f.ReadAt(text, 0)
	pid, wrong := strconv.Atoi(strings.TrimSpace(string(text[:n])))
	if err != nil && !errors.Is(err, io.EOF) || wrong != nil || pid <= 0 {
		return true
	}
	return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

func (l *dirLock) release() error { return l.file.Close() }

func writeHolder(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := fmt.Fprintf(f, "%d\n", os.Getpid())
	return err
}

func holder(f *os.File) string {
	text, err := io.ReadAll(io.LimitReader(f, 32))
	if pid := strings.TrimSpace(string(text)); err == nil && pid != "" {
		return "process " + pid
	}
	return "another process"
}

func freeBytes(dir string) (int64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, err
	}
	return int64(fs.Bavail) * int64(fs.Bsize), nil
}
