package serve_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/serve"
)

// pair writes a certificate and its key, changed so many seconds after others.
func pair(t *testing.T, dir, name string, later int) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, cert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), later)
	write(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})), later)
	return cert, key
}

func write(t *testing.T, path, text string, later int) {
	t.Helper()
	at := time.Now().Add(time.Duration(later) * time.Second)
	if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, at, at)); err != nil {
		t.Fatal(err)
	}
}

func TestShowsANewCertificateWithoutARestart(t *testing.T) {
	dir := t.TempDir()
	cert, key := pair(t, dir, "first", 0)
	synctest.Test(t, func(t *testing.T) {
		c, err := serve.TLS(cert, key, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		shown := func() string {
			time.Sleep(time.Minute)
			got, err := c.GetCertificate(&tls.ClientHelloInfo{})
			if err != nil {
				t.Fatal(err)
			}
			return got.Leaf.Subject.CommonName
		}
		if got := shown(); got != "first" {
			t.Errorf("got %s", got)
		}
		pair(t, dir, "second", 5)
		if got := shown(); got != "second" {
			t.Errorf("got %s", got)
		}
		write(t, cert, "nonsense", 10)
		if got := shown(); got != "second" {
			t.Errorf("with a broken file it shows %s", got)
		}
	})
}
