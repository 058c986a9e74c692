package keys

import (
	"bufio"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Join makes a key and gets its certificate with a token, into a folder that has none. The key does not leave the machine.
// It returns who we are now.
func Join(ctx context.Context, t Token, dir string, force bool) (Identity, error) {
	if !force {
		if _, err := os.Lstat(filepath.Join(dir, KeyFile)); err == nil {
			return Identity{}, fmt.Errorf("%s has keys already: choose another folder, or --force to replace them", dir)
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil { // before the token is used up
		return Identity{}, err
	}
	key, err := NewKey()
	if err != nil {
		return Identity{}, err
	}
	trusted := func(s tls.ConnectionState) (*x509.Certificate, error) {
		return withFingerprint(s.PeerCertificates, t.Fingerprint)
	}
	a, err := ask(ctx, t.Address, &tls.Config{MinVersion: tls.VersionTLS13}, trusted, question{Secret: t.secret[:]}, key)
	if err != nil {
		return Identity{}, fmt.Errorf("joining at %s: %w", t.Address, err)
	}
	text, err := encodeKey(key)
	if err != nil {
		return Identity{}, err
	}
	who, err := a.check(key, func(ca *x509.Certificate) bool { return Fingerprint(ca) == t.Fingerprint })
	if err != nil {
		return Identity{}, fmt.Errorf("joining at %s: %w", t.Address, err)
	}
	return who, writeAll(dir, true, named{KeyFile, text}, named{CertFile, a.Certificate}, named{CAFile, a.Authority},
		named{RevokedFile, a.Revoked}, named{FromFile, []byte(t.Address + "\n")})
}

// Renew gets a certificate for the same key, name and roles, which counts from now on, and the newest list of what was
// revoked. address is that of the desk; empty for where the machine joined.
func Renew(ctx context.Context, dir, address string) (until time.Time, err error) {
	ring, err := Open(dir, nil)
	if err != nil {
		return time.Time{}, err
	}
	if address == "" {
		text, err := readFile(filepath.Join(dir, FromFile))
		if err != nil {
			return time.Time{}, fmt.Errorf("nobody said where certificates are renewed: %w; say it with --at HOST:PORT, which is that of `onbu keys serve`", err)
		}
		address = string(text[:max(len(text)-1, 0)])
	}
	c := ring.contents()
	key, ok := c.pair.PrivateKey.(crypto.Signer)
	if !ok {
		return time.Time{}, fmt.Errorf("%s holds a key that cannot sign", KeyFile)
	}
	trusted := func(s tls.ConnectionState) (*x509.Certificate, error) { return oneOf(s.PeerCertificates, c.trusted) }
	config := &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{c.pair}}
	a, err := ask(ctx, address, config, trusted, question{}, key)
	if err != nil {
		return time.Time{}, fmt.Errorf("renewing at %s: %w", address, err)
	}
	who, err := a.check(key, func(ca *x509.Certificate) bool {
		_, err := oneOf([]*x509.Certificate{ca}, c.trusted)
		return err == nil
	})
	if err == nil && !who.Equal(c.identity) {
		err = fmt.Errorf("the certificate is for %s, not for %s", who, c.identity)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("renewing at %s: %w", address, err)
	}
	if err := writeAll(dir, true, named{CertFile, a.Certificate}, named{RevokedFile, a.Revoked}); err != nil {
		return time.Time{}, err
	}
	ring, err = Open(dir, nil)
	if err != nil {
		return time.Time{}, err
	}
	return ring.Until(), nil
}

// ask puts a question to a desk that an authority trusted by us has signed. The names in its certificate do not matter: none but
// the desk has a certificate for that.
func ask(ctx context.Context, address string, c *tls.Config, trusted func(tls.ConnectionState) (*x509.Certificate, error), q question, key crypto.Signer) (a answer, err error) {
	if q.Request, err = x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key); err != nil {
		return a, err
	}
	c.InsecureSkipVerify = true // the chain is verified here, against the authority that we were told of
	c.VerifyConnection = func(s tls.ConnectionState) error {
		ca, err := trusted(s)
		if err != nil {
			return err
		}
		return verifyDesk(s.PeerCertificates[0], ca)
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	conn, err := (&tls.Dialer{NetDialer: &net.Dialer{}, Config: c}).DialContext(ctx, "tcp", address)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return a, fmt.Errorf("%w: `onbu keys serve` has to run there meanwhile", err)
	}
	if err != nil {
		return a, err
	}
	defer conn.Close()
	text, err := json.Marshal(q)
	if err != nil {
		return a, err
	}
	if err := conn.SetDeadline(time.Now().Add(askWithin)); err != nil {
		return a, err
	}
	if _, err := conn.Write(append(text, '\n')); err != nil {
		return a, err
	}
	line, err := bufio.NewReader(io.LimitReader(conn, mostAnswer)).ReadBytes('\n')
	if err != nil {
		return a, fmt.Errorf("no answer: %w", err)
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return a, fmt.Errorf("the answer: %w", err)
	}
	if a.Error != "" {
		return a, errors.New(a.Error)
	}
	return a, nil
}

func verifyDesk(desk, ca *x509.Certificate) error {
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	if _, err := desk.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}); err != nil {
		return err
	}
	if len(desk.URIs) != 1 || *desk.URIs[0] != *deskURI() {
		return errors.New("whoever answers there is not `onbu keys serve`")
	}
	return nil
}

func withFingerprint(all []*x509.Certificate, want [sha256.Size]byte) (*x509.Certificate, error) {
	for _, c := range all {
		if Fingerprint(c) == want && c.IsCA {
			return c, nil
		}
	}
	return nil, errors.New("whoever answers there has another authority than the token names")
}

func oneOf(all, trusted []*x509.Certificate) (*x509.Certificate, error) {
	for _, c := range all {
		for _, ca := range trusted {
			if c.Equal(ca) {
				return ca, nil
			}
		}
	}
	return nil, fmt.Errorf("whoever answers there has none of the authorities in %s", CAFile)
}

// check says for whom the certificate of an answer is; it is an error where that is not as it must be.
func (a *answer) check(key crypto.Signer, trusted func(*x509.Certificate) bool) (Identity, error) {
	raw, err1 := decode(pemCertificate, a.Certificate)
	caRaw, err2 := decode(pemCertificate, a.Authority)
	if err := errors.Join(err1, err2); err != nil {
		return Identity{}, err
	}
	c, err1 := x509.ParseCertificate(raw)
	ca, err2 := x509.ParseCertificate(caRaw)
	if err := errors.Join(err1, err2); err != nil {
		return Identity{}, err
	}
	own, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !own.Equal(c.PublicKey) || !trusted(ca) || c.CheckSignatureFrom(ca) != nil {
		return Identity{}, errors.New("the answer is no certificate for our key by the authority that we trust")
	}
	if _, err := parseRevoked(a.Revoked, []*x509.Certificate{ca}); err != nil {
		return Identity{}, err
	}
	return Of(c)
}
