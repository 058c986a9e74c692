package dial_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/dial"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/bus/natsbus"
	"github.com/onbu/onbu/internal/logtest"
)

func open(t *testing.T, url string, o dial.Options) (bus.Conn, func() error) {
	t.Helper()
	c, stop, err := dial.Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop() })
	return c, stop
}

func TestDaemonsOfAProcessShareAnEmbeddedBus(t *testing.T) {
	o := dial.Options{StateDir: t.TempDir(), Hub: &dial.Hub{}}
	arbiter, stopArbiter := open(t, "embedded:", o)
	poller, stopPoller := open(t, "embedded:", o)
	if err := arbiter.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := arbiter.Put(t.Context(), bus.CFG, "current", []byte("1"), 0); err != nil {
		t.Fatal(err)
	}
	if err := stopArbiter(); err != nil {
		t.Fatal(err)
	}
	if e, err := poller.Get(t.Context(), bus.CFG, "current"); err != nil || string(e.Value) != "1" {
		t.Errorf("got %q, %v after the first of two has closed", e.Value, err)
	}
	if err := stopPoller(); err != nil {
		t.Fatal(err)
	}
	again, _ := open(t, "embedded:", o)
	if e, err := again.Get(t.Context(), bus.CFG, "current"); err != nil || string(e.Value) != "1" {
		t.Errorf("got %q, %v after the server has started again", e.Value, err)
	}
}

func TestOpensABusOnTheNetwork(t *testing.T) {
	server, err := natsbus.StartServer(natsbus.ServerOptions{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	c, _ := open(t, server.URL(), dial.Options{Name: "test"})
	if err := c.Prepare(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestOpensABusInMemory(t *testing.T) {
	shared := membus.New()
	one, _ := open(t, "mem:", dial.Options{Memory: shared})
	two, _ := open(t, "mem:", dial.Options{Memory: shared})
	if err := one.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := two.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	used := t.TempDir()
	open(t, "embedded:", dial.Options{StateDir: used})
	noPEM := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(noPEM, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		url  string
		o    dial.Options
		want string
	}{
		{"", dial.Options{}, "use embedded:"},
		{"localhost", dial.Options{}, "did you mean nats://localhost"},
		{"http://localhost", dial.Options{}, "use embedded:, nats://"},
		{"embedded:/var/lib/onbu", dial.Options{}, "use embedded:"},
		{"embedded:", dial.Options{}, "needs a directory"},
		{"embedded:", dial.Options{StateDir: used}, "stop that process"},
		{"mem:", dial.Options{}, "use embedded:"},
		{"nats://127.0.0.1:1", dial.Options{}, "start one there with `onbu bus`, let an `onbu run` there take daemons in with --listen"},
		{"nats://user:secret@127.0.0.1:1", dial.Options{}, "nats://127.0.0.1:1"},
		{"nats://127.0.0.1:1", dial.Options{Creds: "/nowhere"}, "credentials"},
		{"tls://127.0.0.1:1", dial.Options{TLS: dial.Files{CA: noPEM}}, "holds no certificate"},
		{"tls://127.0.0.1:1", dial.Options{TLS: dial.Files{Cert: noPEM, Key: noPEM}}, "PEM"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		conn, _, err := dial.Open(ctx, c.url, c.o)
		cancel()
		if err == nil {
			conn.Close()
			t.Errorf("%s: no error", c.url)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %q, want %q in it", c.url, err, c.want)
		}
	}
}

func TestThatNobodyIsThereIsSaidOnce(t *testing.T) {
	var heard logtest.Log
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // of several tries
	defer cancel()
	_, _, err := dial.Open(ctx, "nats://127.0.0.1:1", dial.Options{Log: slog.New(slog.NewTextHandler(&heard, nil))})
	if n := strings.Count(heard.String(), "no bus yet"); err == nil || n != 1 {
		t.Errorf("it is said %d times:\n%s", n, heard.String())
	}
}
