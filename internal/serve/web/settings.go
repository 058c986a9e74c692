// Package web knows what listeners that are spoken to over HTTP have in common: their port and its certificate, bounds on
// connections, times and sizes, who may send, and counting.
package web

import (
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/onbu/onbu/internal/serve/tally"
	"github.com/onbu/onbu/modules"
)

// Server is the HTTP side of a listener. Any goroutine may use its methods.
type Server struct {
	// Tally counts for the listener.
	Tally *tally.Tally
	Keys  *Keys

	name, addr     string
	cert, key      string
	allowed        []netip.Prefix
	most, mostEach int
	patience, idle time.Duration
	body           int64
	room           *room
	log            *slog.Logger
}

const (
	headerWait  = 10 * time.Second
	headerBytes = 16 << 10
)

// Read reads the settings that all listeners with HTTP have. kind stands in the names of metrics; port is the default.
func Read(s *modules.Settings, e modules.Env, kind string, port int) *Server {
	srv := &Server{
		Tally: tally.New(e, kind, s.Name()), name: s.Name(), log: e.Log,
		cert: s.Path("tls_cert", ""), key: s.Path("tls_key", ""),
		most: s.Int("max_connections", 1000, 1, 100_000), patience: s.Duration("timeout", 30*time.Second, time.Second, time.Hour),
		idle: s.Duration("idle_timeout", time.Minute, time.Second, time.Hour),
		body: s.Bytes("max_body", 4<<20, 1<<10, 256<<20),
	}
	srv.mostEach = s.Int("max_connections_per_address", max(srv.most/4, 1), 1, 100_000)
	srv.room = newRoom(max(16*srv.body, 64<<20))
	srv.addr = Address(s, port)
	srv.allowed = Allowed(s)
	srv.Keys = readKeys(s)
	if (srv.cert == "") != (srv.key == "") {
		s.Wrong("tls_cert", "write both tls_cert and tls_key, or neither")
	}
	return srv
}

// Address reads host and port; * is every address of the machine.
func Address(s *modules.Settings, port int) string {
	host := s.Text("host", "127.0.0.1")
	if host == "*" {
		host = ""
	}
	return net.JoinHostPort(host, strconv.Itoa(s.Int("port", port, 0, 65535)))
}

// Allowed reads allowed_hosts: addresses and networks that may connect; none for all.
func Allowed(s *modules.Settings) []netip.Prefix {
	var all []netip.Prefix
	for _, word := range s.Words("allowed_hosts") {
		p, err := netip.ParsePrefix(word)
		if err != nil {
			var a netip.Addr
			if a, err = netip.ParseAddr(word); err == nil {
				p = netip.PrefixFrom(a, a.BitLen())
			}
		}
		if err != nil {
			s.Wrong("allowed_hosts", "%q is no address and no network: write 192.0.2.7 or 192.0.2.0/24", word)
			continue
		}
		all = append(all, p.Masked())
	}
	return all
}

// Encrypted says whether the server speaks TLS.
func (s *Server) Encrypted() bool { return s.cert != "" }
