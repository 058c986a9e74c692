package keys

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Ring is what a daemon or server has: its certificate and key, whom it trusts, and which certificates count no more. The
// files are looked at again while it is used, so that what was renewed or revoked counts without a restart. Any goroutine may
// use it.
type Ring struct {
	dir string
	log *slog.Logger

	mu      sync.Mutex // guards everything that follows
	looked  time.Time
	changed map[string]time.Time
	now     contents
	reached []string // the hosts at which others find the server whose ring it is
}

// contents are the files of a ring as they were read; they do not change.
type contents struct {
	pair     tls.Certificate
	identity Identity
	roots    *x509.CertPool
	trusted  []*x509.Certificate
	revoked  *x509.RevocationList // nil without one
	gone     map[string]bool      // serial numbers in it
}

// lookAgain is how long the files are believed to be as they were.
const lookAgain = time.Second

// Open reads a folder that `onbu keys` or `onbu join` made.
func Open(dir string, log *slog.Logger) (*Ring, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	r := &Ring{dir: dir, log: log}
	if err := r.load(); err != nil {
		return nil, fmt.Errorf("the keys in %s: %w", dir, err)
	}
	return r, nil
}

// load reads the files if one of them has changed.
func (r *Ring) load() error {
	r.looked = time.Now()
	changed := map[string]time.Time{}
	for _, name := range []string{CAFile, CertFile, KeyFile, RevokedFile} {
		info, err := os.Stat(filepath.Join(r.dir, name))
		if name == RevokedFile && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%w: `onbu keys` or `onbu join` makes it", err)
		}
		if name == KeyFile && info.Mode().Perm()&0o077 != 0 && !credentials(r.dir) {
			return fmt.Errorf("others than its owner may read %s: chmod 600 it, and think of who has", filepath.Join(r.dir, name))
		}
		changed[name] = info.ModTime()
	}
	if r.changed != nil && same(changed, r.changed) {
		return nil
	}
	next, err := read(r.dir)
	if err != nil {
		return err
	}
	if old := r.now.revoked; old != nil && (next.revoked == nil || next.revoked.Number.Cmp(old.Number) < 0) {
		return fmt.Errorf("%s is older than the one before, or gone: put the newest there", RevokedFile)
	}
	r.now, r.changed = next, changed
	return nil
}

// credentials says whether systemd made a folder for this service alone (LoadCredential=). It gives the files in it to the service by an
// access list, which looks as if their group might read them.
func credentials(dir string) bool { return dir == os.Getenv("CREDENTIALS_DIRECTORY") }

func same(a, b map[string]time.Time) bool {
	for name, at := range a {
		if !b[name].Equal(at) {
			return false
		}
	}
	return len(a) == len(b)
}

func read(dir string) (c contents, err error) {
	if c.trusted, err = authorities(filepath.Join(dir, CAFile)); err != nil {
		return c, err
	}
	c.roots = x509.NewCertPool()
	for _, ca := range c.trusted {
		c.roots.AddCert(ca)
	}
	if c.pair, err = tls.LoadX509KeyPair(filepath.Join(dir, CertFile), filepath.Join(dir, KeyFile)); err != nil {
		return c, err
	}
	if c.identity, err = Of(c.pair.Leaf); err != nil {
		return c, fmt.Errorf("%s: %w", CertFile, err)
	}
	text, err := readFile(filepath.Join(dir, RevokedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	if c.revoked, err = parseRevoked(text, c.trusted); err != nil {
		return c, err
	}
	c.gone = map[string]bool{}
	for _, e := range c.revoked.RevokedCertificateEntries {
		c.gone[e.SerialNumber.String()] = true
	}
	return c, nil
}

// authorities reads the certificates of authorities; there are several while one takes the place of another.
func authorities(path string) ([]*x509.Certificate, error) {
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	var all []*x509.Certificate
	for rest := string(text); strings.Contains(rest, "-----BEGIN "+pemCertificate); {
		raw, err := decode(pemCertificate, []byte(rest))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		ca, err := x509.ParseCertificate(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if !ca.IsCA {
			return nil, fmt.Errorf("%s: the certificate of %s is no authority's", path, ca.Subject)
		}
		all = append(all, ca)
		_, rest, _ = strings.Cut(rest, "-----END "+pemCertificate)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: %w", path, errNoPEM)
	}
	return all, nil
}

// contents gives what the files hold. While they cannot be read, or are older than before, what was before counts.
func (r *Ring) contents() contents {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.looked) >= lookAgain {
		if err := r.load(); err != nil {
			r.log.Error("keys could not be read again, those from before count", "folder", r.dir, "error", err)
		}
	}
	return r.now
}

// Identity is who the ring's certificate is for.
func (r *Ring) Identity() Identity { return r.contents().identity }

// Certificate is the ring's own.
func (r *Ring) Certificate() *x509.Certificate { return r.contents().pair.Leaf }

// Until is when the certificate ends, or its authority's if that is sooner.
func (r *Ring) Until() time.Time {
	c := r.contents()
	until := c.pair.Leaf.NotAfter
	for _, ca := range c.trusted {
		if c.pair.Leaf.CheckSignatureFrom(ca) == nil && ca.NotAfter.Before(until) {
			until = ca.NotAfter
		}
	}
	return until
}

// Revoked says whether a certificate counts no more.
func (r *Ring) Revoked(c *x509.Certificate) bool { return r.contents().gone[c.SerialNumber.String()] }

// ErrRevoked is of a certificate that counts no more.
var ErrRevoked = errors.New("the certificate was revoked")

// Peer says who is at the other end of a connection that was made with one of the ring's settings. A certificate that was
// revoked is an error.
func (r *Ring) Peer(s *tls.ConnectionState) (Identity, error) {
	if s == nil || len(s.VerifiedChains) == 0 {
		return Identity{}, errors.New("no certificate of ours was shown")
	}
	leaf := s.VerifiedChains[0][0]
	if r.Revoked(leaf) {
		return Identity{}, ErrRevoked
	}
	return Of(leaf)
}

// Client are the settings of one who connects to servers of the bus.
func (r *Ring) Client() *tls.Config {
	c := r.contents()
	return &tls.Config{
		MinVersion: tls.VersionTLS13, RootCAs: c.roots,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair := r.contents().pair
			return &pair, nil
		},
		VerifyConnection: r.verifyServer,
	}
}

// verifyServer refuses who is no server of the bus; the rest was verified before.
func (r *Ring) verifyServer(s tls.ConnectionState) error {
	who, err := r.Peer(&s)
	if err == nil && !who.Has(Server) {
		err = fmt.Errorf("%s is no server of the bus", who)
	}
	return err
}

// Server are the settings of a server of the bus towards daemons: who shows no certificate of ours is refused.
func (r *Ring) Server() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, ClientCAs: r.contents().roots, ClientAuth: tls.RequireAndVerifyClientCert,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			pair := r.contents().pair
			return &pair, nil
		},
		VerifyConnection: func(s tls.ConnectionState) error {
			_, err := r.Peer(&s)
			return err
		},
	}
}

// Route are the settings between servers of the bus, whichever connects to the other.
func (r *Ring) Route() *tls.Config {
	c, s := r.Client(), r.Server()
	s.RootCAs, s.GetClientCertificate, s.VerifyConnection = c.RootCAs, c.GetClientCertificate, c.VerifyConnection
	return s
}

// Ending says what is to be done about the certificate's end; empty while that is far.
func (r *Ring) Ending(now time.Time) string {
	switch until := r.Until(); {
	case !until.After(now):
		return fmt.Sprintf("the certificate in %s ended on %s: the bus lets it in no more; make another with `onbu keys` or `onbu join`", r.dir, until.Format(time.DateTime))
	case until.Sub(now) < Soon:
		return fmt.Sprintf("the certificate in %s ends on %s: renew it with `onbu keys renew --keys %s`, or make another", r.dir, until.Format(time.DateTime), r.dir)
	}
	return ""
}

// tellEvery is how often it is said that a certificate ends soon.
const tellEvery = 24 * time.Hour

// Watch tells of the certificate's end, each day from a month before on, until ctx ends.
func (r *Ring) Watch(ctx context.Context, tell func(string)) {
	ticker := time.NewTicker(tellEvery)
	defer ticker.Stop()
	for {
		if text := r.Ending(time.Now()); text != "" {
			r.log.Warn(text)
			tell(text)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Soon is how long before its end a certificate is to be renewed: from then on everybody is told.
const Soon = 30 * 24 * time.Hour
