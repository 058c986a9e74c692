package adh_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/adh"
)

// pair gives both ends of a TCP connection on loopback.
func pair(t testing.TB) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

// echo serves one connection: it sends back what comes until the client says goodbye.
func echo(conn net.Conn, cfg adh.Config) error {
	c := adh.Server(conn, cfg)
	defer c.Close()
	_, err := io.Copy(c, c)
	return err
}

func versions() []uint16 { return []uint16{tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12} }

func TestEverySuiteAndVersionCarriesText(t *testing.T) {
	text := make([]byte, 100_000)
	_, _ = rand.Read(text)
	for _, version := range versions() {
		for _, suite := range adh.Suites() {
			t.Run(fmt.Sprintf("%s/%s", tls.VersionName(version), adh.SuiteName(suite)), func(t *testing.T) {
				client, server := pair(t)
				cfg := adh.Config{MinVersion: version, MaxVersion: version, Suites: []uint16{suite}}
				served := make(chan error, 1)
				go func() { served <- echo(server, adh.Config{}) }()
				c := adh.Client(client, cfg)
				err := c.HandshakeContext(t.Context())
				if version < tls.VersionTLS12 && suite != adh.DHAnonAES256CBCSHA && suite != adh.DHAnonAES128CBCSHA &&
					suite != adh.ECDHAnonAES256CBCSHA && suite != adh.ECDHAnonAES128CBCSHA {
					if err == nil {
						t.Fatal("a suite of TLS 1.2 was used before TLS 1.2")
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if v, s := c.Agreed(); v != version || s != suite {
					t.Errorf("agreed on %#x, %#x", v, s)
				}
				written := make(chan error, 1)
				go func() {
					_, err := c.Write(text)
					written <- err
				}()
				got := make([]byte, len(text))
				if _, err := io.ReadFull(c, got); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, text) {
					t.Error("the text came back changed")
				}
				if err := <-written; err != nil {
					t.Error(err)
				}
				c.Close()
				if err := <-served; err != nil {
					t.Errorf("the server ended with %v", err)
				}
			})
		}
	}
}

func prime(t *testing.T, bits int) []byte {
	t.Helper()
	p, err := rand.Prime(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return p.Bytes()
}

func TestGroupsAreGuarded(t *testing.T) {
	even := new(big.Int).Lsh(big.NewInt(1), 1023).Bytes()
	huge := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), 9000), big.NewInt(1)).Bytes()
	for _, test := range []struct {
		name  string
		prime []byte
		min   int
		works bool
	}{
		{"512 bits of NRPE 2.x", prime(t, 512), 0, true},
		{"512 bits where 1024 are wanted", prime(t, 512), 1024, false},
		{"511 bits", prime(t, 511), 0, false},
		{"even", even, 0, false},
		{"9001 bits", huge, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := pair(t)
			go func() { _ = echo(server, adh.Config{Prime: test.prime, MinPrimeBits: 1}) }()
			c := adh.Client(client, adh.Config{Suites: []uint16{adh.DHAnonAES128CBCSHA}, MinPrimeBits: test.min})
			_ = client.SetDeadline(time.Now().Add(10 * time.Second))
			if err := c.HandshakeContext(t.Context()); (err == nil) != test.works {
				t.Errorf("the handshake ended with %v", err)
			}
		})
	}
}

func TestRefusalIsAnAlert(t *testing.T) {
	for _, test := range []struct {
		name           string
		client, server adh.Config
		want           adh.AlertError
	}{
		{"no suite", adh.Config{Suites: []uint16{adh.DHAnonAES256GCMSHA384}}, adh.Config{Suites: []uint16{adh.ECDHAnonAES128CBCSHA}}, adh.HandshakeFailure},
		{"no version", adh.Config{MaxVersion: tls.VersionTLS10}, adh.Config{MinVersion: tls.VersionTLS12}, adh.ProtocolVersion},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := pair(t)
			go func() { _ = echo(server, test.server) }()
			err := adh.Client(client, test.client).HandshakeContext(t.Context())
			if got, ok := errors.AsType[adh.AlertError](err); !ok || got != test.want {
				t.Errorf("the handshake ended with %v, want alert %d", err, test.want)
			}
		})
	}
}

func TestServerOfCryptoTLSRefusesWithAnAlert(t *testing.T) {
	client, server := pair(t)
	go func() { _ = tls.Server(server, &tls.Config{}).Handshake() }()
	err := adh.Client(client, adh.Config{}).HandshakeContext(t.Context())
	if _, ok := errors.AsType[adh.AlertError](err); !ok {
		t.Errorf("the handshake ended with %v, want an alert", err)
	}
}

func TestHandshakeEndsWithItsContext(t *testing.T) {
	client, _ := pair(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := adh.Client(client, adh.Config{}).HandshakeContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the handshake with a silent server ended with %v", err)
	}
}

func TestCutConnectionIsNotAnEnd(t *testing.T) {
	client, server := pair(t)
	go func() {
		s := adh.Server(server, adh.Config{})
		_, _ = s.Write([]byte("half"))
		server.Close() // without close_notify
	}()
	c := adh.Client(client, adh.Config{})
	got, err := io.ReadAll(c)
	if string(got) != "half" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestChangedRecordIsRefused(t *testing.T) {
	for _, suite := range adh.Suites() {
		t.Run(adh.SuiteName(suite), func(t *testing.T) {
			client, server := pair(t)
			go func() {
				s := adh.Server(&flipper{Conn: server}, adh.Config{Suites: []uint16{suite}})
				if s.HandshakeContext(t.Context()) == nil {
					s.LocalAddr()
					_, _ = s.Write([]byte(flip))
				}
			}()
			c := adh.Client(client, adh.Config{})
			got := make([]byte, 100)
			if n, err := c.Read(got); err == nil {
				t.Errorf("read %q from a record that was changed on its way", got[:n])
			}
		})
	}
}

// flip is a text whose record flipper changes.
const flip = "a text of forty bytes, neither more nor less"

// flipper changes the last byte of each write that is as long as flip's record at least and not a handshake.
type flipper struct{ net.Conn }

func (f *flipper) Write(b []byte) (int, error) {
	if b[0] == 23 {
		b = bytes.Clone(b)
		b[len(b)-1] ^= 1
	}
	return f.Conn.Write(b)
}

func TestGarbageIsNamed(t *testing.T) {
	client, server := pair(t)
	_, _ = server.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
	err := adh.Client(client, adh.Config{}).HandshakeContext(t.Context())
	if err == nil || !bytes.Contains([]byte(err.Error()), []byte(`does not speak TLS: it sent "HTTP/"`)) {
		t.Errorf("the handshake ended with %v", err)
	}
}

// TestHostileLengthsAllocateLittle checks that promises of size cost nothing before they are kept.
func TestHostileLengthsAreRefused(t *testing.T) {
	for _, test := range []struct{ name, bytes string }{
		{"record of 65535 bytes", "\x16\x03\x03\xff\xff"},
		{"message of 16 MB", "\x16\x03\x03\x00\x04\x02\xff\xff\xff"},
		{"alert of three bytes", "\x15\x03\x03\x00\x03\x02\x28\x00"},
		{"empty records for ever", string(bytes.Repeat([]byte("\x16\x03\x03\x00\x00"), 50))},
		{"warnings for ever", string(bytes.Repeat([]byte("\x15\x03\x03\x00\x02\x01\x70"), 50))},
		{"application data first", "\x17\x03\x03\x00\x01x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := pair(t)
			_, _ = server.Write([]byte(test.bytes))
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			err := adh.Client(client, adh.Config{}).HandshakeContext(ctx)
			if err == nil || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("the handshake ended with %v", err)
			}
		})
	}
}

func BenchmarkHandshake(b *testing.B) {
	for _, suite := range []uint16{adh.DHAnonAES256GCMSHA384, adh.ECDHAnonAES256CBCSHA} {
		b.Run(adh.SuiteName(suite), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				client, server := net.Pipe()
				go func() { _ = adh.Server(server, adh.Config{}).HandshakeContext(b.Context()) }()
				if err := adh.Client(client, adh.Config{Suites: []uint16{suite}}).HandshakeContext(b.Context()); err != nil {
					b.Fatal(err)
				}
				client.Close()
				server.Close()
			}
		})
	}
}
