package nrpe

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/probe"
)

// maxTrusts bounds how many sets of certificate files are kept ready.
const maxTrusts = 1024

// trust keeps TLS configurations ready, one for each set of files, and reads files again that have changed. Sessions
// belong to a configuration, so one that was never verified is not taken up where verifying is asked for.
type trust struct {
	sessions int

	mu    sync.Mutex // guards what follows
	ready map[trustKey]trusted
}

type trustKey struct {
	files
	min, max uint16
}

type trusted struct {
	config   *tls.Config
	sessions *probe.Sessions // nil: none are kept
	stamps   [3]stamp
}

// stamp tells whether a file has changed.
type stamp struct {
	size    int64
	changed time.Time
}

func newTrust(sessions int) trust {
	return trust{sessions: sessions, ready: map[trustKey]trusted{}}
}

// shake shakes hands as a set of files asks for.
func (t *trust) shake(conn net.Conn, key trustKey) (net.Conn, error) {
	of, err := t.of(key)
	if err != nil {
		return nil, err
	}
	return of.sessions.Handshake(conn, of.config)
}

// of gives what goes with a set of files. Its error is about the files.
func (t *trust) of(key trustKey) (trusted, error) {
	stamps := [3]stamp{stampOf(key.ca), stampOf(key.cert), stampOf(key.key)}
	t.mu.Lock()
	known, ok := t.ready[key]
	t.mu.Unlock()
	if ok && known.stamps == stamps {
		return known, nil
	}
	config, err := t.load(key)
	if err != nil {
		return known, &filesError{err}
	}
	known = trusted{config: config, stamps: stamps}
	if t.sessions > 0 && key.cert == "" { // a server that asks for certificates is asked for its own too
		known.sessions = probe.NewSessions(t.sessions)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.ready) >= maxTrusts {
		clear(t.ready)
	}
	t.ready[key] = known
	return known, nil
}

// filesError is about files of ours, not about a server.
type filesError struct{ err error }

func (e *filesError) Error() string { return e.err.Error() }

func stampOf(path string) stamp {
	if path == "" {
		return stamp{}
	}
	info, err := os.Stat(path)
	if err != nil {
		return stamp{size: -1}
	}
	return stamp{info.Size(), info.ModTime()}
}

// load reads the files. Without -A any certificate will do, as with check_nrpe; names are never compared.
func (t *trust) load(key trustKey) (*tls.Config, error) {
	c := &tls.Config{
		MinVersion: key.min, MaxVersion: key.max,
		InsecureSkipVerify: true,
		CipherSuites:       allSuites(),
		CurvePreferences:   probe.Curves(),
	}
	if key.ca != "" {
		roots, err := authorities(key.ca)
		if err != nil {
			return nil, fmt.Errorf("could not use CA certificate '%s': %w", key.ca, err)
		}
		c.VerifyConnection = func(s tls.ConnectionState) error { return verify(s, roots) }
	}
	if key.cert != "" {
		pair, err := tls.LoadX509KeyPair(key.cert, key.key)
		if err != nil {
			return nil, fmt.Errorf("could not use certificate file '%s' with private key file '%s': %w", key.cert, key.key, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// allSuites offers everything: servers are as old as what they watch, and nothing here relies on strength.
func allSuites() []uint16 {
	var ids []uint16
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, s.ID)
	}
	return ids
}

func authorities(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("it holds no certificate in PEM form")
	}
	return pool, nil
}

// verify checks the server's chain against the authorities.
func verify(s tls.ConnectionState, roots *x509.CertPool) error {
	between := x509.NewCertPool()
	for _, c := range s.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
	return err
}
