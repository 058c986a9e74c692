// Package web knows what listeners that are spoken to over HTTP have in common: their port and its certificate, bounds on
// connections, times and sizes, who may send, and counting.
package web

import (
	"log/slog"
	"time"

	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/internal/serve/tally"
	"github.com/onbu/onbu/modules"
)

// Server is the HTTP side of a listener. Any goroutine may use its methods.
type Server struct {
	// Tally counts for the listener.
	Tally *tally.Tally
	Keys  *Keys
	// Header is how many bytes the address and the headers of a request may have.
	Header int

	name           string
	port           serve.Options
	cert, key      string
	patience, idle time.Duration
	body           int64
	memory         *serve.Memory
	log            *slog.Logger
	complaints     tally.Complaints
}

const (
	headerWait  = 10 * time.Second
	headerBytes = 16 << 10
)

// Read reads the settings that all listeners with HTTP have. kind stands in the names of metrics; port is the default.
func Read(s *modules.Settings, e modules.Env, kind string, port int) *Server {
	srv := &Server{
		Tally: tally.New(e, kind, s.Name()), name: s.Name(), log: e.Log,
		cert: s.File("tls_cert", ""), key: s.File("tls_key", ""),
		port: serve.Read(s, port), patience: s.Duration("timeout", 30*time.Second, time.Second, time.Hour),
		idle:   s.Duration("idle_timeout", time.Minute, time.Second, time.Hour),
		Header: headerBytes, body: s.Bytes("max_body", 4<<20, 1<<10, 256<<20),
	}
	s.Listens(srv.port.Network, srv.port.Address)
	srv.complaints.Log, srv.complaints.What = e.Log, "a sender is not let in"
	srv.memory = serve.NewMemory(max(32*srv.body, 64<<20))
	srv.port.Refused = func(why serve.Reason) { srv.Tally.Refused(string(why)) }
	srv.Keys = readKeys(s)
	if (srv.cert == "") != (srv.key == "") {
		s.Wrong("tls_cert", "write both tls_cert and tls_key, or neither")
	}
	return srv
}

// DoubtOpen adds a doubt about a setting that lets in everybody, if everybody can reach the port.
func (s *Server) DoubtOpen(of *modules.Settings, name string) {
	if s.port.Public() {
		of.Doubt(name, "everybody who reaches %s can send results for every host: write who may, or allowed_hosts", s.port.Address)
	}
}

// Encrypted says whether the server speaks TLS.
func (s *Server) Encrypted() bool { return s.cert != "" }
