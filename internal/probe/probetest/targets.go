package probetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Serve listens on a free port of 127.0.0.1 and gives each connection to talk, which need not close it. It gives the
// port. The listener and all connections go with the test.
func Serve(t testing.TB, talk func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	serve(t, l, talk)
	return strconv.Itoa(port)
}

// ServeUDP listens on a free UDP port of 127.0.0.1 and sends back what answer gives for each datagram, one call at a time. It gives
// its address, and ends with the test. The datagram is answer's until it returns.
func ServeUDP(t testing.TB, answer func(datagram []byte) [][]byte) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		buf := make([]byte, 1<<16)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			for _, d := range answer(buf[:n]) {
				_, _ = conn.WriteToUDPAddrPort(d, from)
			}
		}
	})
	t.Cleanup(func() {
		conn.Close()
		served.Wait()
	})
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// ServeTLS is Serve with TLS and a certificate of its own for that name and life.
func ServeTLS(t testing.TB, name string, life time.Duration, talk func(net.Conn)) string {
	t.Helper()
	config := &tls.Config{Certificates: []tls.Certificate{Certificate(t, name, life)}}
	return Serve(t, func(c net.Conn) {
		secure := tls.Server(c, config)
		defer secure.Close()
		if secure.Handshake() == nil {
			talk(secure)
		}
	})
}

// Day is what certificates are counted in.
const Day = 24 * time.Hour

// Places starts the targets that tables of command lines have in common, and gives pairs of the name that stands in the table
// and the port, for strings.NewReplacer: CLOSED refuses, HANG never says a word, TLS60, TLS10, TLSHOURS, TLSMIN and TLSOLD talk over TLS with
// certificates that end then, TLSHOURS' without a name.
func Places(t testing.TB, talk func(net.Conn)) []string {
	t.Helper()
	return []string{
		"CLOSED", Closed(t),
		"HANG", Serve(t, Hang),
		"TLS60", ServeTLS(t, "sixty.example", 60*Day+time.Hour, talk),
		"TLS10", ServeTLS(t, "ten.example", 10*Day+time.Hour, talk),
		"TLSHOURS", ServeTLS(t, "", 5*time.Hour+time.Minute, talk),
		"TLSMIN", ServeTLS(t, "min.example", 5*time.Minute+30*time.Second, talk),
		"TLSOLD", ServeTLS(t, "old.example", -Day, talk),
	}
}

// Closed gives a port of 127.0.0.1 that refuses connections, and that nobody else gets: it is bound and does not listen.
func Closed(t testing.TB) (port string) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(at.(*syscall.SockaddrInet4).Port)
}

// ServeTLSSeen is ServeTLS with a certificate that does not matter. It says how each connection was agreed on.
func ServeTLSSeen(t testing.TB, talk func(net.Conn)) (port string, seen <-chan tls.ConnectionState) {
	t.Helper()
	states := make(chan tls.ConnectionState, 100)
	config := &tls.Config{Certificates: []tls.Certificate{Certificate(t, "seen.example", 60*Day)}}
	return Serve(t, func(c net.Conn) {
		secure := tls.Server(c, config)
		defer secure.Close()
		if secure.Handshake() == nil {
			states <- secure.ConnectionState()
			talk(secure)
		}
	}), states
}

// ServeUnix is Serve on a unix socket.
func ServeUnix(t testing.TB, path string, talk func(net.Conn)) {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, l, talk)
}

func serve(t testing.TB, l net.Listener, talk func(net.Conn)) {
	var mu sync.Mutex
	var open []net.Conn
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			running.Go(func() {
				defer c.Close()
				talk(c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
}

// Certificate makes a self-signed certificate that was good from an hour ago and ends after life, which may be negative.
// An empty name gives a subject without a common name.
func Certificate(t testing.TB, name string, life time.Duration) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{Organization: []string{"Onbu test"}, CommonName: name},
		NotBefore:    time.Now().Add(min(life, 0) - time.Hour),
		NotAfter:     time.Now().Add(life),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Say gives a talk that sends something and waits until the other side is done.
func Say(text string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, text)
		_, _ = io.Copy(io.Discard, c)
	}
}

// SayAndClose gives a talk that sends something and closes at once.
func SayAndClose(text string) func(net.Conn) {
	return func(c net.Conn) { _, _ = io.WriteString(c, text) }
}

// Hang is a talk that never says anything.
func Hang(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
