package sdnotify_test

import (
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/sdnotify"
)

// systemd listens as systemd does, at an address for NOTIFY_SOCKET.
func systemd(t *testing.T, name, env string) *net.UnixConn {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	t.Setenv("NOTIFY_SOCKET", env)
	return c
}

func heard(t *testing.T, c *net.UnixConn) string {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	n, err := c.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

func TestEachStateIsOneDatagram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	c := systemd(t, path, path)
	n := sdnotify.FromEnv(slog.New(slog.DiscardHandler))
	for want, tell := range map[string]func(){
		"READY=1\nSTATUS=watching; well": func() { n.Ready("watching\nwell") },
		"STATUS=waits":                   func() { n.Status("waits") },
		"WATCHDOG=1":                     n.Alive,
		"STOPPING=1\nSTATUS=ending":      n.Stopping,
	} {
		tell()
		if got := heard(t, c); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAReloadHasTheTimeOfSystemdsClock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	c := systemd(t, path, path)
	sdnotify.FromEnv(slog.New(slog.DiscardHandler)).Reloading()
	state, rest, _ := strings.Cut(heard(t, c), "\nMONOTONIC_USEC=")
	micros, _, _ := strings.Cut(rest, "\n")
	if n, err := strconv.ParseInt(micros, 10, 64); state != "RELOADING=1" || err != nil || n <= 0 {
		t.Errorf("got %q at %q", state, micros)
	}
}

func TestASocketMayHaveNoFile(t *testing.T) {
	name := "onbu-test-" + strconv.Itoa(os.Getpid())
	c := systemd(t, "\x00"+name, "@"+name)
	sdnotify.FromEnv(slog.New(slog.DiscardHandler)).Alive()
	if got := heard(t, c); got != "WATCHDOG=1" {
		t.Errorf("got %q", got)
	}
}

func TestTheWatchdogIsOnlyForTheProcessThatItNames(t *testing.T) {
	for pid, want := range map[string]time.Duration{"": 30 * time.Second, strconv.Itoa(os.Getpid()): 30 * time.Second, "1": 0} {
		t.Setenv("NOTIFY_SOCKET", "/run/nobody")
		t.Setenv("WATCHDOG_USEC", "30000000")
		t.Setenv("WATCHDOG_PID", pid)
		if got := sdnotify.FromEnv(slog.New(slog.DiscardHandler)).Watchdog(); got != want {
			t.Errorf("WATCHDOG_PID=%s: got %s, want %s", pid, got, want)
		}
	}
}

func TestPluginsDoNotInheritTheSocket(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "/run/nobody")
	t.Setenv("WATCHDOG_USEC", "1")
	sdnotify.FromEnv(slog.New(slog.DiscardHandler))
	for _, key := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} {
		if v, there := os.LookupEnv(key); there {
			t.Errorf("%s=%s is still there", key, v)
		}
	}
}

func TestWithoutSystemdNothingHappens(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	n := sdnotify.FromEnv(slog.New(slog.DiscardHandler))
	n.Ready("")
	n.Status("")
	n.Alive()
	n.Reloading()
	n.Stopping()
	if n != nil || n.Watchdog() != 0 {
		t.Errorf("got %v, %s", n, n.Watchdog())
	}
}

func TestNobodyWhoListensIsSaidOnce(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "nobody"))
	var log strings.Builder
	n := sdnotify.FromEnv(slog.New(slog.NewTextHandler(&log, nil)))
	n.Alive()
	n.Alive()
	if got := strings.Count(log.String(), "systemd does not hear"); got != 1 {
		t.Errorf("said %d times: %s", got, &log)
	}
}
