// Package controller knows how Checkmk's agent controller and a monitoring site come to trust each other: the site's
// certificates, the list of agents that are registered, and the service at which they register.
package controller

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// DefaultDir is the state folder unless somebody says otherwise.
const DefaultDir = "/var/lib/onbu/agent"

// The files of a state folder.
const (
	caFile     = "ca.pem"
	caKeyFile  = "ca.key"
	certFile   = "site.pem"
	keyFile    = "site.key"
	agentsFile = "agents.txt"
)

// For how long certificates count. An agent's is renewed by the agent itself, which asks a month before the end.
const (
	caLife    = 20 * 365 * 24 * time.Hour
	siteLife  = 10 * 365 * 24 * time.Hour
	agentLife = 5 * 365 * 24 * time.Hour
)

// Create makes the certificates of a site in a folder: those of an authority of its own, and one that the site shows to
// agents. name is the site's name; it must not look like a UUID, by which agents tell each other from sites. A folder that
// has them already is an error: all agents would have to be registered anew.
func Create(dir, name string) error {
	switch _, err := os.Stat(filepath.Join(dir, caFile)); {
	case isUUID(name) || name == "":
		return fmt.Errorf("%q cannot be the name of a site: agents refuse names that are UUIDs", name)
	case err == nil:
		return fmt.Errorf("%s has certificates already", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	now := time.Now()
	authority, caKey, err := issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: "Site '" + name + "' local CA"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(caLife),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}, nil, nil)
	if err != nil {
		return err
	}
	site, siteKey, err := issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(siteLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, authority, caKey)
	if err != nil {
		return err
	}
	return errors.Join(
		writeKey(filepath.Join(dir, caKeyFile), caKey), writeKey(filepath.Join(dir, keyFile), siteKey),
		write(filepath.Join(dir, certFile), encode(site.Raw), 0o644), write(filepath.Join(dir, caFile), encode(authority.Raw), 0o644),
	)
}

// issue makes a key and a certificate for it, signed by an authority or, without one, by itself.
func issue(template, authority *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	if authority == nil {
		authority, by = template, key
	}
	made, err := sign(template, authority, &key.PublicKey, by)
	return made, key, err
}

// sign makes a certificate for a public key.
func sign(template, authority *x509.Certificate, public any, by *ecdsa.PrivateKey) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	raw, err := x509.CreateCertificate(rand.Reader, template, authority, public, by)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(raw)
}

func encode(raw []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
}

func writeKey(path string, key *ecdsa.PrivateKey) error {
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return write(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), 0o600)
}

// write puts a whole file in the place of another one.
func write(path string, text []byte, mode os.FileMode) error {
	next := path + ".new"
	if err := os.WriteFile(next, text, mode); err != nil {
		return err
	}
	return os.Rename(next, path)
}

// authority signs the certificates of agents.
type authority struct {
	root *x509.Certificate
	key  *ecdsa.PrivateKey
}

func loadAuthority(dir string) (*authority, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, caFile), filepath.Join(dir, caKeyFile))
	if err != nil {
		return nil, fmt.Errorf("the site's certificates: %w: onbu agent ca makes them", err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s: the key is none of onbu agent ca's", filepath.Join(dir, caKeyFile))
	}
	return &authority{pair.Leaf, key}, nil
}

// agent signs what an agent asks for: its name is a UUID, which the certificate has as a DNS name too, since agents look
// their certificates up by it.
func (a *authority) agent(request string) (uuid string, certificate []byte, err error) {
	block, _ := pem.Decode([]byte(request))
	if block == nil {
		return "", nil, errors.New("the certificate request is no PEM")
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return "", nil, fmt.Errorf("the certificate request: %w", err)
	}
	if err := csr.CheckSignature(); err != nil {
		return "", nil, fmt.Errorf("the certificate request: %w", err)
	}
	uuid = csr.Subject.CommonName
	if !isUUID(uuid) {
		return "", nil, fmt.Errorf("the name in the certificate request is no UUID: %.64q", uuid)
	}
	now := time.Now()
	made, err := sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: uuid}, DNSNames: []string{uuid}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(agentLife),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.root, csr.PublicKey, a.key)
	if err != nil {
		return "", nil, err
	}
	return uuid, encode(made.Raw), nil
}

// isUUID says whether a text is a UUID as agents write it: 8-4-4-4-12 hexadecimal digits.
func isUUID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
				return false
			}
		}
	}
	return true
}
