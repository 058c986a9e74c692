package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// For how long certificates count. A daemon's is renewed with `onbu keys renew`.
const (
	AuthorityLife = 20 * 365 * 24 * time.Hour
	DaemonLife    = 365 * 24 * time.Hour
	// MostLife bounds what may be asked for.
	MostLife = 5 * DaemonLife
)

// early lets clocks of other machines be late.
const early = time.Hour

// Authority signs. It does not change; any goroutine may use it.
type Authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// NewAuthority makes an authority with a key of its own.
func NewAuthority(now time.Time) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Onbu " + serial.Text(36)[:6]},
		NotBefore: now.Add(-early), NotAfter: now.Add(AuthorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(raw)
	return &Authority{cert, key}, err
}

func newSerial() (*big.Int, error) {
	return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
}

// Certificate is the authority's own.
func (a *Authority) Certificate() *x509.Certificate { return a.cert }

// Fingerprint is the SHA-256 of a certificate.
func Fingerprint(c *x509.Certificate) [sha256.Size]byte { return sha256.Sum256(c.Raw) }

// Grant is what a certificate is to say.
type Grant struct {
	Identity Identity
	// Addresses are the names and IP addresses by which others reach a Server.
	Addresses []string
	// Life is how long it counts; 0 for DaemonLife.
	Life time.Duration
}

// Issue signs a certificate for a public key.
func (a *Authority) Issue(g Grant, public crypto.PublicKey, now time.Time) (*x509.Certificate, error) {
	template, err := a.template(g, now)
	if err != nil {
		return nil, err
	}
	template.URIs = []*url.URL{g.Identity.URI()}
	return a.sign(template, public)
}

func (a *Authority) template(g Grant, now time.Time) (*x509.Certificate, error) {
	if g.Life == 0 {
		g.Life = DaemonLife
	}
	if g.Life < time.Minute || g.Life > MostLife {
		return nil, fmt.Errorf("a certificate for %s: a minute to %d days are wanted", g.Life, MostLife/(24*time.Hour))
	}
	t := &x509.Certificate{
		Subject: pkix.Name{CommonName: g.Identity.Name}, NotBefore: now.Add(-early), NotAfter: now.Add(g.Life),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true,
	}
	if t.NotAfter.After(a.cert.NotAfter) {
		t.NotAfter = a.cert.NotAfter
	}
	if !g.Identity.Has(Server) {
		if len(g.Addresses) > 0 {
			return nil, fmt.Errorf("%s has no addresses: nobody connects to it", g.Identity)
		}
		return t, nil
	}
	if len(g.Addresses) == 0 {
		return nil, fmt.Errorf("%s needs the names or IP addresses by which others reach it", g.Identity)
	}
	t.ExtKeyUsage = append(t.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	return t, addAddresses(t, g.Addresses)
}

func addAddresses(t *x509.Certificate, addresses []string) error {
	for _, text := range addresses {
		if ip, err := netip.ParseAddr(text); err == nil {
			t.IPAddresses = append(t.IPAddresses, net.IP(ip.Unmap().AsSlice()))
			continue
		}
		if text == "" || len(text) > 253 || strings.ContainsAny(text, ":/@* \t\n") || strings.Contains(text, "..") {
			return fmt.Errorf("the address %q: a name of a machine or an IP address is wanted, without a port", text)
		}
		t.DNSNames = append(t.DNSNames, text)
	}
	return nil
}

func (a *Authority) sign(template *x509.Certificate, public crypto.PublicKey) (*x509.Certificate, error) {
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	raw, err := x509.CreateCertificate(rand.Reader, template, a.cert, public, a.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(raw)
}

// Addresses gives the names and IP addresses in a certificate.
func Addresses(c *x509.Certificate) []string {
	all := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	return all
}

// Revoked is a certificate that counts no more.
type Revoked struct {
	Serial *big.Int
	At     time.Time
}

// noEnd stands for a list that counts until there is a newer one.
const noEnd = 100 * 365 * 24 * time.Hour

// Revoke signs the list of what counts no more; number goes up with each list.
func (a *Authority) Revoke(all []Revoked, number *big.Int, now time.Time) (*x509.RevocationList, error) {
	template := &x509.RevocationList{Number: number, ThisUpdate: now, NextUpdate: now.Add(noEnd)}
	for _, r := range all {
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: r.Serial, RevocationTime: r.At})
	}
	raw, err := x509.CreateRevocationList(rand.Reader, template, a.cert, a.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseRevocationList(raw)
}

// The kinds of PEM blocks.
const (
	pemCertificate = "CERTIFICATE"
	pemKey         = "PRIVATE KEY"
	pemRevoked     = "X509 CRL"
)

func encode(kind string, raw []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw})
}

func encodeKey(key crypto.Signer) ([]byte, error) {
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return encode(pemKey, raw), nil
}

// NewKey makes a key for a certificate.
func NewKey() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// errNoPEM: a file holds nothing of the kind that it should.
var errNoPEM = errors.New("holds nothing in PEM of the kind that is wanted")

func decode(kind string, text []byte) ([]byte, error) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return nil, errNoPEM
		}
		if block.Type == kind {
			return block.Bytes, nil
		}
	}
}
