package probe_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/internal/probe/probetest"
)

// tlsServer is a TLS server whose manners can be changed; it says "hello".
type tlsServer struct {
	config atomic.Pointer[tls.Config]
	seen   chan tls.ConnectionState
	offers chan []uint16 // the versions that a hello offered
	port   string
}

func newTLSServer(t *testing.T, low, high uint16) *tlsServer {
	s := &tlsServer{seen: make(chan tls.ConnectionState, 100), offers: make(chan []uint16, 100)}
	certificate := probetest.Certificate(t, "x", time.Hour)
	s.config.Store(&tls.Config{
		Certificates: []tls.Certificate{certificate}, MinVersion: low, MaxVersion: high,
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			s.offers <- hello.SupportedVersions
			return nil, nil // as it is
		},
	})
	s.port = probetest.Serve(t, func(c net.Conn) {
		secure := tls.Server(c, s.config.Load())
		if secure.Handshake() == nil {
			s.seen <- secure.ConnectionState()
			_, _ = io.WriteString(secure, "hello")
			secure.Close()
		}
	})
	return s
}

// visit makes one connection and reads what the server says; it gives whether a session was taken up.
func (s *tlsServer) visit(t *testing.T, kept *probe.Sessions) (resumed bool, err error) {
	t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+s.port)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	secure, err := kept.Handshake(c, probe.TLSConfig(""))
	if err != nil {
		return false, err
	}
	if got, err := io.ReadAll(secure); string(got) != "hello" || err != nil {
		t.Errorf("the server said %q, %v", got, err)
	}
	return (<-s.seen).DidResume, nil
}

func TestSessionsAreTakenUpInBothVersions(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		s, kept := newTLSServer(t, version, version), probe.NewSessions(10)
		for i, want := range []bool{false, true, true} {
			if got, err := s.visit(t, kept); got != want || err != nil {
				t.Errorf("%s, connection %d: resumed %t, %v; want %t", tls.VersionName(version), i, got, err, want)
			}
		}
		if got, err := s.visit(t, nil); got || err != nil {
			t.Errorf("without memory: resumed %t, %v", got, err)
		}
	}
}

// TestAServerOfTLS12IsOfferedNoMore is worth half of a check: the hello of TLS 1.3 brings a fresh key.
func TestAServerOfTLS12IsOfferedNoMore(t *testing.T) {
	s, kept := newTLSServer(t, tls.VersionTLS12, tls.VersionTLS12), probe.NewSessions(10)
	for i, want := range []uint16{tls.VersionTLS13, tls.VersionTLS12} {
		if _, err := s.visit(t, kept); err != nil {
			t.Fatal(err)
		}
		if got := (<-s.offers)[0]; got != want {
			t.Errorf("connection %d offered %s, want %s", i, tls.VersionName(got), tls.VersionName(want))
		}
	}
}

// TestAServerThatLeftTLS12IsFoundAgain costs one handshake in vain.
func TestAServerThatLeftTLS12IsFoundAgain(t *testing.T) {
	s, kept := newTLSServer(t, tls.VersionTLS12, tls.VersionTLS12), probe.NewSessions(10)
	if _, err := s.visit(t, kept); err != nil {
		t.Fatal(err)
	}
	upgraded := s.config.Load().Clone()
	upgraded.MinVersion, upgraded.MaxVersion = tls.VersionTLS13, tls.VersionTLS13
	s.config.Store(upgraded)
	if _, err := s.visit(t, kept); !isSession(err) {
		t.Errorf("after the upgrade: %v, want a SessionError", err)
	}
	for range 2 { // the server refused: it is not offered anything for a while
		if resumed, err := s.visit(t, kept); resumed || err != nil {
			t.Errorf("resumed %t, %v", resumed, err)
		}
	}
}

func isSession(err error) bool {
	_, ok := errors.AsType[*probe.SessionError](err)
	return ok
}

// TestACutHandshakeForgetsTheSessionOnly: an outage is no reason for an hour of whole handshakes.
func TestACutHandshakeForgetsTheSessionOnly(t *testing.T) {
	s, kept := newTLSServer(t, tls.VersionTLS13, tls.VersionTLS13), probe.NewSessions(10)
	if _, err := s.visit(t, kept); err != nil {
		t.Fatal(err)
	}
	one, other := net.Pipe()
	other.Close()
	if _, err := kept.Handshake(named{one, "127.0.0.1:" + s.port}, probe.TLSConfig("")); !isSession(err) {
		t.Errorf("cut: %v, want a SessionError", err)
	}
	for i, want := range []bool{false, true} {
		if got, err := s.visit(t, kept); got != want || err != nil {
			t.Errorf("connection %d: resumed %t, %v; want %t", i, got, err, want)
		}
	}
}

// named is a connection with another address.
type named struct {
	net.Conn
	at string
}

func (n named) RemoteAddr() net.Addr { return addr(n.at) }

type addr string

func (addr) Network() string  { return "tcp" }
func (a addr) String() string { return string(a) }

func TestSessionsOfMoreServersThanThereIsRoomFor(t *testing.T) {
	a, b := newTLSServer(t, tls.VersionTLS12, tls.VersionTLS12), newTLSServer(t, tls.VersionTLS12, tls.VersionTLS12)
	kept := probe.NewSessions(1)
	for i, s := range []*tlsServer{a, b, a, b} {
		if resumed, err := s.visit(t, kept); resumed || err != nil {
			t.Errorf("connection %d: resumed %t, %v", i, resumed, err)
		}
	}
	if resumed, err := b.visit(t, kept); !resumed || err != nil {
		t.Errorf("the latest: resumed %t, %v", resumed, err)
	}
}

// TestARefusedSessionIsMadeGood: whoever only wants to talk does not notice.
func TestARefusedSessionIsMadeGood(t *testing.T) {
	s, kept := newTLSServer(t, tls.VersionTLS12, tls.VersionTLS12), probe.NewSessions(10)
	if _, err := s.visit(t, kept); err != nil {
		t.Fatal(err)
	}
	upgraded := s.config.Load().Clone()
	upgraded.MinVersion, upgraded.MaxVersion = tls.VersionTLS13, tls.VersionTLS13
	s.config.Store(upgraded)
	c, err := dial(t, t.Context(), "127.0.0.1", s.port, probe.AnyFamily)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.StartTLS(probe.TLSConfig(""), kept); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c); string(got) != "hello" || err != nil || c.TLS().Version != tls.VersionTLS13 {
		t.Errorf("%q, %v over %s", got, err, tls.VersionName(c.TLS().Version))
	}
}

// BenchmarkHandshake shakes hands over loopback, one connection after the other, so that the time is both sides' work.
func BenchmarkHandshake(b *testing.B) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for name, kept := range map[string]*probe.Sessions{"whole": nil, "resumed": probe.NewSessions(10)} {
			b.Run(tls.VersionName(version)+"/"+name, func(b *testing.B) {
				s := &tls.Config{Certificates: []tls.Certificate{probetest.Certificate(b, "x", time.Hour)}, MaxVersion: version}
				port := probetest.Serve(b, func(c net.Conn) {
					secure := tls.Server(c, s)
					_, _ = io.WriteString(secure, "hello")
					secure.Close()
				})
				b.ReportAllocs()
				for b.Loop() {
					c, err := net.Dial("tcp", "127.0.0.1:"+port)
					if err != nil {
						b.Fatal(err)
					}
					secure, err := kept.Handshake(c, probe.TLSConfig(""))
					if err != nil {
						b.Fatal(err)
					}
					if _, err := io.ReadAll(secure); err != nil {
						b.Fatal(err)
					}
					c.Close()
				}
			})
		}
	}
}
