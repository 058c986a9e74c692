package adh_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/onbu/onbu/internal/adh"
	"github.com/onbu/onbu/internal/realpeer"
)

// meet lets a client and a server of these configurations shake hands and exchange a word.
func meet(t testing.TB, client, server adh.Config) (*adh.Conn, error) {
	t.Helper()
	c, s := pair(t)
	go func() { _ = echo(s, server) }()
	conn := adh.Client(c, client)
	if err := conn.HandshakeContext(t.Context()); err != nil {
		return conn, err
	}
	if _, err := io.WriteString(conn, "word"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 4)
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != "word" {
		t.Fatalf("%q came back, %v", got, err)
	}
	return conn, nil
}

func TestSessionsAreTakenUpAgain(t *testing.T) {
	for _, version := range versions() {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			client := adh.Config{Sessions: adh.NewSessions(10), SessionKey: "server"}
			server := adh.Config{Sessions: adh.NewSessions(10), MaxVersion: version}
			var suites []uint16
			for round, want := range []bool{false, true, true} {
				c, err := meet(t, client, server)
				if err != nil {
					t.Fatal(err)
				}
				if c.Resumed() != want {
					t.Errorf("round %d: resumed %t, want %t", round, c.Resumed(), want)
				}
				v, s := c.Agreed()
				suites = append(suites, s)
				if v != version || s != suites[0] {
					t.Errorf("round %d agreed on %#x, %#x", round, v, s)
				}
			}
		})
	}
}

// TestSessionsStayWhereTheyBelong takes a session to a server that does not know it, under another name, and with
// settings that do not fit it: each time the handshake must be a full one, and succeed.
func TestSessionsStayWhereTheyBelong(t *testing.T) {
	sessions := adh.NewSessions(10)
	server := adh.Config{Sessions: adh.NewSessions(10)}
	client := adh.Config{Sessions: sessions, SessionKey: "server"}
	if _, err := meet(t, client, server); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name           string
		client, server adh.Config
	}{
		{"restarted server", client, adh.Config{Sessions: adh.NewSessions(10)}},
		{"server without sessions", client, adh.Config{}},
		{"other name", adh.Config{Sessions: sessions, SessionKey: "other"}, server},
		{"older version", adh.Config{Sessions: sessions, SessionKey: "server", MaxVersion: tls.VersionTLS11}, server},
		{"other suite", adh.Config{Sessions: sessions, SessionKey: "server", Suites: []uint16{adh.ECDHAnonAES128CBCSHA}}, server},
	} {
		c, err := meet(t, test.client, test.server)
		if err != nil || c.Resumed() {
			t.Errorf("%s: %v, resumed %t", test.name, err, c.Resumed())
		}
	}
}

func TestFailedSessionIsForgotten(t *testing.T) {
	client := adh.Config{Sessions: adh.NewSessions(10), SessionKey: "server"}
	if _, err := meet(t, client, adh.Config{Sessions: adh.NewSessions(10)}); err != nil {
		t.Fatal(err)
	}
	_, err := meet(t, client, adh.Config{Suites: []uint16{}})
	if _, ok := errors.AsType[*adh.SessionError](err); !ok {
		t.Errorf("the handshake that was refused ended with %v, not a SessionError", err)
	}
	_, err = meet(t, client, adh.Config{Suites: []uint16{}})
	if _, ok := errors.AsType[*adh.SessionError](err); ok || err == nil {
		t.Errorf("the next ended with %v, still a SessionError", err)
	}
}

func TestSessionsAreBounded(t *testing.T) {
	client, server := adh.NewSessions(3), adh.NewSessions(100)
	resumed := 0
	for round := range 2 {
		for i := range 10 {
			c, err := meet(t, adh.Config{Sessions: client, SessionKey: fmt.Sprint(i), Suites: []uint16{adh.ECDHAnonAES128CBCSHA}}, adh.Config{Sessions: server})
			if err != nil {
				t.Fatal(err)
			}
			if round == 1 && c.Resumed() {
				resumed++
			}
		}
	}
	if resumed > 3 {
		t.Errorf("%d sessions were taken up, room was for 3", resumed)
	}
}

func TestOpenSSLTakesSessionsUp(t *testing.T) {
	openssl := realpeer.Program(t, "openssl", "openssl")
	file := realpeer.File(t, realpeer.Dir(t), "dh.pem", params)
	for version, flag := range map[uint16]string{tls.VersionTLS10: "-tls1", tls.VersionTLS11: "-tls1_1", tls.VersionTLS12: "-tls1_2"} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			addr := fmt.Sprintf("127.0.0.1:%d", realpeer.Port(t))
			s := realpeer.Start(t, openssl, "s_server", "-accept", addr, "-nocert", "-cipher", "ALL:aNULL:@SECLEVEL=0",
				"-dhparam", file, "-rev", flag)
			s.Listening(t, addr)
			for _, suite := range []uint16{adh.DHAnonAES256GCMSHA384, adh.DHAnonAES256CBCSHA, adh.ECDHAnonAES128CBCSHA} {
				if suite == adh.DHAnonAES256GCMSHA384 && version < tls.VersionTLS12 {
					continue
				}
				cfg := adh.Config{Sessions: adh.NewSessions(10), Suites: []uint16{suite}}
				for _, want := range []bool{false, true, true} {
					c := dial(t, addr, cfg)
					if err := c.HandshakeContext(t.Context()); err != nil {
						t.Fatal(err)
					}
					if c.Resumed() != want {
						t.Errorf("%s: resumed %t, want %t", adh.SuiteName(suite), c.Resumed(), want)
					}
					turned(t, c)
					c.Close() // s_server serves one at a time
				}
			}
		})
	}
}

func BenchmarkResumption(b *testing.B) {
	b.ReportAllocs()
	client := adh.Config{Sessions: adh.NewSessions(10)}
	server := adh.Config{Sessions: adh.NewSessions(10)}
	for b.Loop() {
		c, s := net.Pipe()
		go func() { _ = adh.Server(s, server).HandshakeContext(b.Context()) }()
		if err := adh.Client(c, client).HandshakeContext(b.Context()); err != nil {
			b.Fatal(err)
		}
		c.Close()
		s.Close()
	}
}
