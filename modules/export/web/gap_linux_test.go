package web_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/monitor"
)

// inside names the folder in which a process of its own has a small disk, which nobody else sees.
const inside = "ONBU_TEST_SMALL_DISK"

func TestPagesGoOnWithAFullDiskAndSaySo(t *testing.T) {
	if dir := os.Getenv(inside); dir != "" {
		fillDisk(t, dir)
		return
	}
	realpeer.Root(t, "to mount a small disk")
	c := exec.Command(os.Args[0], "-test.run=^TestPagesGoOnWithAFullDiskAndSaySo$", "-test.v")
	c.Env = append(os.Environ(), inside+"="+t.TempDir())
	c.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// fillDisk has the history find no more room, and then some again.
func fillDisk(t *testing.T, dir string) {
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=512k"); err != nil {
		realpeer.Skip(t, "mounting a small disk: "+err.Error())
	}
	s := newSite()
	s.says(monitor.Status{Ref: monitor.Ref{Host: "web"}, State: monitor.Down, Output: "gone", LastCheck: 2})
	m := s.module(t, dir)
	type past struct {
		Gap   float64
		Why   string
		Lines []struct{ Text string }
	}
	happens := func(text string) error {
		return m.Export(t.Context(), []monitor.Brok{{Kind: monitor.BrokAlert, Time: monitor.At(time.Now()), Text: "HOST ALERT: web;DOWN;HARD;1;" + text}})
	}
	if err := happens("first"); err != nil {
		t.Fatal(err)
	}
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 512<<10), 0o600); err == nil {
		t.Fatal("the disk takes more than it has room for")
	}
	for i := 0; happens(strings.Repeat("x", 4000)) == nil; i++ {
		if i > 1000 {
			t.Fatal("the history grows on a full disk")
		}
	}
	full := data[past](t, m, "history", "host", "web")
	if full.Gap == 0 || !strings.Contains(full.Why, "full") || len(full.Lines) == 0 {
		t.Errorf("with a full disk: %+v", full)
	}
	if w := ask(m.Pages(), "GET", "/ui/data/problems"); w.Code != 200 || !strings.Contains(w.Body.String(), "gone") {
		t.Errorf("problems with a full disk: %d %s", w.Code, w.Body)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := happens("last"); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if p := data[past](t, m, "history", "host", "web"); p.Gap != 0 || len(p.Lines) <= len(full.Lines) {
		t.Errorf("with room again: %+v", p)
	}
}
