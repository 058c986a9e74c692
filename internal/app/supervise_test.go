package app_test

import (
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/app"
	"github.com/onbu/onbu/internal/sdnotify"
)

// systemd hears what a service says of itself.
type systemd struct {
	mu    sync.Mutex
	heard []string // the first line of each message
}

// supervisor gives a systemd, and what tells it.
func supervisor(t *testing.T, watchdog time.Duration) (*systemd, *sdnotify.Notifier) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", fmt.Sprint(watchdog.Microseconds()))
	s := &systemd{}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			first, _, _ := strings.Cut(string(buf[:n]), "\n")
			s.mu.Lock()
			s.heard = append(s.heard, first)
			s.mu.Unlock()
		}
	}()
	return s, sdnotify.FromEnv(slog.New(slog.DiscardHandler))
}

// without gives what was heard but for the watchdog, and whether that was fed.
func (s *systemd) without() (states []string, fed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, state := range s.heard {
		if state == "WATCHDOG=1" {
			fed = true
		} else {
			states = append(states, state)
		}
	}
	return states, fed
}

func TestSystemdHearsOfTheStartOfReloadsAndOfTheEnd(t *testing.T) {
	s, n := supervisor(t, 30*time.Millisecond)
	reload := make(chan struct{})
	p := run(t, app.Options{Roles: app.Roles(), Main: configuration(t), Supervisor: n, Reload: reload})
	hears := func(want ...string) {
		t.Helper()
		p.eventually("systemd hears "+strings.Join(want, ", "), func() error {
			if states, fed := s.without(); !slices.Equal(states, want) || !fed {
				return fmt.Errorf("heard %q, the watchdog is fed: %t", states, fed)
			}
			return nil
		})
	}
	hears("READY=1")
	reload <- struct{}{}
	hears("READY=1", "RELOADING=1", "READY=1")
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	for limit := time.Now().Add(patience); ; runtime.Gosched() {
		states, _ := s.without()
		if slices.Contains(states, "STOPPING=1") {
			break
		}
		if time.Now().After(limit) {
			t.Fatalf("the end was not told: %q", states)
		}
	}
}
