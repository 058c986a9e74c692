package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/logtest"
	"github.com/onbu/onbu/internal/serve"
)

// Who defined a port of its own looks for its address in the log, and for why it is not there.
func TestTheOwnPortIsInTheLogOnceItIsOpen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	heard := &logtest.Log{}
	m := &Module{log: slog.New(slog.NewTextHandler(heard, nil)), pages: http.NotFoundHandler(), port: serve.Options{Network: "tcp", Address: taken.Addr().String(), Most: 1}}
	if err := m.listen(t.Context()); err == nil || heard.String() != "" {
		t.Errorf("with the port taken: %v, and the log says %q", err, heard)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	m.port.Address = "127.0.0.1:0"
	if err := m.listen(ended); err != nil || !strings.Contains(heard.String(), "msg=listening pages=http://127.0.0.1:") || !strings.Contains(heard.String(), "/ui/\n") {
		t.Errorf("%v, and the log says %q", err, heard)
	}
}
