package keys

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/serve"
)

// A desk is where machines ask the authority for certificates: with a token for a first one, with the one they have for the
// next. One question a connection, a line of JSON each way, over TLS 1.3.

// question is what a machine asks.
type question struct {
	// Secret is a token's; empty from who shows a certificate.
	Secret []byte `json:"secret,omitempty"`
	// Request is a certificate request in DER, of which only the key counts. Nil asks for the list of what was revoked only.
	Request []byte `json:"request,omitempty"`
}

// answer is what the desk says.
type answer struct {
	Error       string `json:"error,omitempty"`
	Certificate []byte `json:"certificate,omitempty"` // PEM
	Authority   []byte `json:"authority,omitempty"`
	Revoked     []byte `json:"revoked,omitempty"`
}

const (
	mostQuestion = 16 << 10
	mostAnswer   = mostFile
	askWithin    = 15 * time.Second
	// Of so many connections at once, so many from one address. In a minute mostTries questions are answered.
	mostAtDesk, mostPerSource, mostTries = 64, 8, 120
	// deskLife is how long the desk's own certificate counts; it is made anew in the middle of that.
	deskLife = 24 * time.Hour
)

// deskURI stands in the desk's own certificate and in no other, so that no server of the bus can pass for it.
func deskURI() *url.URL { return &url.URL{Scheme: scheme, Opaque: "keys/desk"} }

// Desk answers for a vault.
type Desk struct {
	vault *Vault
	log   *slog.Logger

	mu    sync.Mutex // guards everything that follows
	pair  *tls.Certificate
	made  time.Time
	tries int
	since time.Time
}

// NewDesk makes a desk.
func NewDesk(v *Vault, log *slog.Logger) *Desk { return &Desk{vault: v, log: log} }

// Listen answers at an address until ctx ends.
func (d *Desk) Listen(ctx context.Context, address string) error {
	roots := x509.NewCertPool()
	roots.AddCert(d.vault.cert)
	return serve.Listen(ctx, serve.Options{
		Network: "tcp", Address: address, Most: mostAtDesk, MostPerSource: mostPerSource, WriteTimeout: askWithin,
		TLS: &tls.Config{
			MinVersion: tls.VersionTLS13, ClientCAs: roots, ClientAuth: tls.VerifyClientCertIfGiven,
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return d.certificate(time.Now()) },
		},
	}, d.serve)
}

// certificate is the desk's own, made anew when half its time is over.
func (d *Desk) certificate(now time.Time) (*tls.Certificate, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pair != nil && now.Sub(d.made) < deskLife/2 {
		return d.pair, nil
	}
	key, err := NewKey()
	if err != nil {
		return nil, err
	}
	c, err := d.vault.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "desk"}, URIs: []*url.URL{deskURI()}, NotBefore: now.Add(-early), NotAfter: now.Add(deskLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}, key.Public())
	if err != nil {
		return nil, err
	}
	d.pair, d.made = &tls.Certificate{Certificate: [][]byte{c.Raw, d.vault.cert.Raw}, PrivateKey: key, Leaf: c}, now
	return d.pair, nil
}

func (d *Desk) serve(_ context.Context, c *serve.Conn) {
	_ = c.SetDeadline(time.Now().Add(askWithin)) // fails only on a closed connection, which the read tells
	line, err := bufio.NewReaderSize(c, mostQuestion).ReadSlice('\n')
	if err != nil {
		return
	}
	var q question
	var a answer
	if err := json.Unmarshal(line, &q); err != nil {
		a.Error = "this is no question that the desk knows"
	} else {
		a = d.answer(q, peerOf(c), c.From(), time.Now())
	}
	text, err := json.Marshal(a)
	if err != nil {
		return
	}
	_, _ = c.Write(append(text, '\n')) // who asked is gone
}

// peerOf is the certificate that was shown and verified, nil for none.
func peerOf(c *serve.Conn) *x509.Certificate {
	t, ok := c.Conn.(interface{ ConnectionState() tls.ConnectionState })
	if !ok {
		return nil
	}
	if chains := t.ConnectionState().VerifiedChains; len(chains) > 0 {
		return chains[0][0]
	}
	return nil
}

func (d *Desk) answer(q question, peer *x509.Certificate, from string, now time.Time) answer {
	if !d.may(now) {
		return answer{Error: "too many ask at once: try again in a minute"}
	}
	c, err := d.sign(q, peer, now)
	var revoked []byte
	if err == nil {
		revoked, err = d.vault.Revocations()
	}
	if err != nil {
		d.log.Warn("a certificate was refused", "from", from, "error", err)
		return answer{Error: public(err)}
	}
	a := answer{Authority: encode(pemCertificate, d.vault.cert.Raw), Revoked: revoked}
	if c != nil {
		a.Certificate = encode(pemCertificate, c.Raw)
		d.log.Info("a certificate was given", "from", from, "to", c.URIs[0].Opaque, "until", c.NotAfter)
	}
	return a
}

// public is what a stranger may know of an error.
func public(err error) string {
	for _, known := range []error{errToken, ErrRevoked, errRequest} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "the authority cannot sign now: see the log of `onbu keys serve`"
}

var errRequest = errors.New("the certificate request is not one for a key on the curve P-256")

// may bounds how many questions are answered.
func (d *Desk) may(now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Sub(d.since) >= time.Minute {
		d.since, d.tries = now, 0
	}
	d.tries++
	return d.tries <= mostTries
}

// sign gives the certificate that was asked for; nil where none was.
func (d *Desk) sign(q question, peer *x509.Certificate, now time.Time) (*x509.Certificate, error) {
	if len(q.Request) == 0 && peer != nil {
		return nil, d.counts(peer)
	}
	request, err := x509.ParseCertificateRequest(q.Request)
	if err == nil {
		err = request.CheckSignature()
	}
	if key, ok := requestedKey(request); err != nil || !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("%w: %w", errRequest, errors.Join(err))
	}
	var g Grant
	if len(q.Secret) > 0 {
		g, err = d.vault.Redeem(q.Secret, now)
	} else {
		g, err = d.renewed(peer)
	}
	if err != nil {
		return nil, err
	}
	return d.vault.Sign(g, request.PublicKey, now)
}

func requestedKey(r *x509.CertificateRequest) (*ecdsa.PublicKey, bool) {
	if r == nil {
		return nil, false
	}
	key, ok := r.PublicKey.(*ecdsa.PublicKey)
	return key, ok
}

// renewed gives what a certificate that counts may become: the same again.
func (d *Desk) renewed(peer *x509.Certificate) (Grant, error) {
	if peer == nil {
		return Grant{}, errToken
	}
	if err := d.counts(peer); err != nil {
		return Grant{}, err
	}
	who, err := Of(peer)
	if err != nil {
		return Grant{}, err
	}
	return Grant{Identity: who, Addresses: Addresses(peer), Life: peer.NotAfter.Sub(peer.NotBefore) - early}, nil
}

// counts is an error for a certificate that was revoked.
func (d *Desk) counts(c *x509.Certificate) error {
	all, err := d.vault.revoked()
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Serial.Cmp(c.SerialNumber) == 0 {
			return ErrRevoked
		}
	}
	return nil
}
