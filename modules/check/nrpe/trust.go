package nrpe

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
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
	resume   bool // take sessions up again
}

type trusted struct {
	config *tls.Config
	stamps [3]stamp
}

// stamp tells whether a file has changed.
type stamp struct {
	size    int64
	changed time.Time
}

func newTrust(sessions int) trust {
	return trust{sessions: sessions, ready: map[trustKey]trusted{}}
}

// config gives the configuration for a set of files.
func (t *trust) config(key trustKey) (*tls.Config, error) {
	stamps := [3]stamp{stampOf(key.ca), stampOf(key.cert), stampOf(key.key)}
	t.mu.Lock()
	known, ok := t.ready[key]
	t.mu.Unlock()
	if ok && known.stamps == stamps {
		return known.config, nil
	}
	config, err := t.load(key)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.ready) >= maxTrusts {
		clear(t.ready)
	}
	t.ready[key] = trusted{config, stamps}
	return config, nil
}

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
		// No ML-KEM: it costs a fifth more, and old servers choke on the size of its hello.
		CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521},
	}
	if key.resume && t.sessions > 0 {
		c.ClientSessionCache = tls.NewLRUClientSessionCache(t.sessions)
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
