package app

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/natsbus"
)

// page gives what a server of the bus answers.
func page(p *busPages, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.mux().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

func TestAServerOfTheBusShowsItsHealthAndItsStreams(t *testing.T) {
	s, err := natsbus.StartServer(natsbus.ServerOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := s.Connect(t.Context(), natsbus.Options{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Append(t.Context(), bus.Results(0, "p"), []byte("result"), ""); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // it is asked once
	p := BusServer{Server: s, Log: slog.New(slog.DiscardHandler), Connect: func(context.Context) (bus.Conn, error) {
		return s.Connect(t.Context(), natsbus.Options{Name: "health"})
	}}.pages()
	p.watch(ctx)
	if w := page(p, "/healthz"); w.Code != 200 || !strings.Contains(w.Body.String(), `"bus":"ok"`) {
		t.Errorf("/healthz: %d %s", w.Code, w.Body)
	}
	text := page(p, "/metrics").Body.String()
	for _, line := range []string{"onbu_bus_up 1\n", "onbu_bus_servers_behind 0\n", `onbu_bus_stream_messages{stream="RES"} 1` + "\n", "onbu_bus_store_max_bytes "} {
		if !strings.Contains(text, line) {
			t.Errorf("/metrics lacks %q", line)
		}
	}
}

// ill is a server whose store is closed.
type ill struct{ figures }

func (ill) Healthy() error { return context.DeadlineExceeded }

func TestAServerOfTheBusWithoutQuorumOrStoreIsUnwell(t *testing.T) {
	p := BusServer{Server: ill{}}.pages()
	p.state.note(bus.Standing{Server: "n1", Cluster: true, Bare: true}, time.Now().Add(-time.Minute))
	w := page(p, "/healthz")
	for _, text := range []string{`"store":"context deadline exceeded"`, "nothing is stored for 1m0s: no arbiter has prepared it yet"} {
		if w.Code != 503 || !strings.Contains(w.Body.String(), text) {
			t.Errorf("/healthz is %d %s, want 503 with %s", w.Code, w.Body, text)
		}
	}
}
