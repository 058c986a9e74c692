package adh_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/adh"
	"github.com/onbu/onbu/internal/realpeer"
)

// params is RFC 3526's group of 2,048 bits as OpenSSL reads it.
const params = `-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA///////////JD9qiIWjCNMTGYouA3BzRKQJOCIpnzHQCC76mOxOb
IlFKCHmONATd75UZs806QxswKwpt8l8UN0/hNW1tUcJF5IW1dmJefsb0TELppjft
awv/XLb0Brft7jhr+1qJn6WunyQRfEsf5kkoZlHs5Fs9wgB8uKFjvwWY2kg2HFXT
mmkWP6j9JM9fg2VdI9yjrZYcYvNWIIVSu57VKQdwlpZtZww1Tkq8mATxdGwIyhgh
fDKQXkYuNs474553LBgOhgObJ4Oi7Aeij7XFXfBvTFLJ3ivL9pVYFxg5lUl86pVq
5RXSJhiY+gUQFXKOWoqsqmj//////////wIBAg==
-----END DH PARAMETERS-----
`

// TestOpenSSLAgrees shakes hands with openssl s_server in every version and suite and lets it turn a line round.
func TestOpenSSLAgrees(t *testing.T) {
	openssl := realpeer.Program(t, "openssl", "openssl")
	file := realpeer.File(t, realpeer.Dir(t), "dh.pem", params)
	for version, flag := range map[uint16]string{tls.VersionTLS10: "-tls1", tls.VersionTLS11: "-tls1_1", tls.VersionTLS12: "-tls1_2"} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			addr := fmt.Sprintf("127.0.0.1:%d", realpeer.Port(t))
			s := realpeer.Start(t, openssl, "s_server", "-accept", addr, "-nocert", "-cipher", "ALL:aNULL:@SECLEVEL=0",
				"-dhparam", file, "-rev", flag)
			s.Listening(t, addr)
			for _, suite := range adh.Suites() {
				t.Run(adh.SuiteName(suite), func(t *testing.T) {
					c := dial(t, addr, adh.Config{Suites: []uint16{suite}})
					if err := c.HandshakeContext(t.Context()); err != nil {
						gcm := strings.Contains(adh.SuiteName(suite), "SHA256") || strings.Contains(adh.SuiteName(suite), "SHA384")
						if _, alert := errors.AsType[adh.AlertError](err); !gcm || version == tls.VersionTLS12 || !alert {
							t.Error(err)
						}
						return
					}
					if v, s := c.Agreed(); v != version || s != suite {
						t.Errorf("agreed on %#x, %#x", v, s)
					}
					turned(t, c)
				})
			}
		})
	}
}

// turned checks that s_server -rev turns lines round, twice, over c.
func turned(t *testing.T, c *adh.Conn) {
	t.Helper()
	for _, line := range []string{"hello", strings.Repeat("x", 9000) + "y"} {
		if _, err := io.WriteString(c, line+"\n"); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(line)+1)
		if _, err := io.ReadFull(c, got); err != nil {
			t.Fatal(err)
		}
		if got[0] != line[len(line)-1] || got[len(line)-1] != line[0] {
			t.Errorf("%d bytes came back as %q…", len(line), got[:5])
		}
	}
}

func TestOpenSSLsCertificateRequestIsNamed(t *testing.T) {
	openssl := realpeer.Program(t, "openssl", "openssl")
	file := realpeer.File(t, realpeer.Dir(t), "dh.pem", params)
	addr := fmt.Sprintf("127.0.0.1:%d", realpeer.Port(t))
	s := realpeer.Start(t, openssl, "s_server", "-accept", addr, "-nocert", "-cipher", "ADH:@SECLEVEL=0", "-dhparam", file,
		"-tls1_2", "-quiet", "-Verify", "1")
	s.Listening(t, addr)
	c := dial(t, addr, adh.Config{})
	if err := c.HandshakeContext(t.Context()); !errors.Is(err, adh.ErrCertificateWanted) {
		t.Errorf("the handshake ended with %v", err)
	}
}

func dial(t *testing.T, addr string, cfg adh.Config) *adh.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	c := adh.Client(conn, cfg)
	t.Cleanup(func() { c.Close() })
	return c
}

// TestNRPETakesSessionsUp checks with Debian's nrpe what it was made for: one full handshake, then none.
func TestNRPETakesSessionsUp(t *testing.T) {
	program := realpeer.Program(t, "nrpe", "nagios-nrpe-server")
	realpeer.Root(t, "nrpe gives root up to nagios")
	port := realpeer.Port(t)
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	config := realpeer.File(t, realpeer.Dir(t), "nrpe.cfg", fmt.Sprintf(
		"server_address=127.0.0.1\nserver_port=%d\nnrpe_user=nagios\nnrpe_group=nagios\nallowed_hosts=127.0.0.1\n", port))
	realpeer.Start(t, program, "-c", config, "-f").Listening(t, addr)
	cfg := adh.Config{Sessions: adh.NewSessions(10)}
	for _, want := range []bool{false, true, true} {
		c := dial(t, addr, cfg)
		if err := c.HandshakeContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c.Resumed() != want {
			t.Errorf("resumed %t, want %t", c.Resumed(), want)
		}
	}
}
