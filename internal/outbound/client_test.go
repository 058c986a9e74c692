package outbound_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/outbound"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

func read(set ...string) (*outbound.Client, error) {
	m := &monitor.Module{Name: "x", Type: "x", File: "f.cfg"}
	for i := 0; i < len(set); i += 2 {
		m.Settings = append(m.Settings, monitor.Setting{Name: set[i], Value: set[i+1], Line: 9})
	}
	s := modules.Read(m)
	c := outbound.Read(s, "")
	return c, s.Err()
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWaysToSayWhoOneIs(t *testing.T) {
	var got http.Header
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
	defer s.Close()
	secret := file(t, "secret", "geheim\n")
	for _, c := range []struct {
		set  []string
		want map[string]string
	}{
		{nil, map[string]string{"Authorization": ""}},
		{[]string{"username", "ann", "password", "geheim"}, map[string]string{"Authorization": "Basic YW5uOmdlaGVpbQ=="}},
		{[]string{"username", "ann", "password_file", secret}, map[string]string{"Authorization": "Basic YW5uOmdlaGVpbQ=="}},
		{[]string{"token_file", secret}, map[string]string{"Authorization": "Bearer geheim"}},
		{[]string{"token", "geheim", "token_scheme", "Token"}, map[string]string{"Authorization": "Token geheim"}},
		{[]string{"header", "X-Scope-OrgID: a:b", "header", "X-Other:c"}, map[string]string{"X-Scope-Orgid": "a:b", "X-Other": "c"}},
	} {
		client, err := read(append(c.set, "url", s.URL)...)
		if err == nil {
			err = client.Post(t.Context(), http.Header{"X-Mine": {"1"}}, []byte("x"))
		}
		if err != nil {
			t.Fatalf("%q: %v", c.set, err)
		}
		for name, want := range c.want {
			if got.Get(name) != want || got.Get("X-Mine") != "1" {
				t.Errorf("%q: %s is %q, want %q", c.set, name, got.Get(name), want)
			}
		}
	}
}

func TestMistakesInSettingsAreToldWithoutSecrets(t *testing.T) {
	for _, c := range []struct {
		set  []string
		want string
	}{
		{nil, "url: it is missing"},
		{[]string{"url", "http://ann:geheim@h/"}, "username and password_file"},
		{[]string{"url", "ftp://geheim"}, "that is no address"},
		{[]string{"url", "http://geheim:port/"}, "that is no address"},
		{[]string{"url", "http://h", "header", "geheim"}, "Name: value"},
		{[]string{"url", "http://h", "header", "a b: geheim"}, "Name: value"},
		{[]string{"url", "http://h", "password", "geheim"}, "username: it is missing"},
		{[]string{"url", "http://h", "username", "a", "token", "geheim"}, "take one of them away"},
		{[]string{"url", "http://h", "username", "a", "password", "geheim", "password_file", "f"}, "take one of them away"},
		{[]string{"url", "http://h", "cert_file", "f"}, "belong together"},
		{[]string{"url", "http://h", "tls_verify", "0", "ca_file", "f"}, "believes everybody"},
	} {
		_, err := read(c.set...)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q: %v, want %q", c.set, err, c.want)
		}
	}
}

func TestAServerIsBelievedWithItsCertificateOnly(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	ca := x509.NewCertPool()
	certPEM, keyPEM := certificate(t)
	ca.AppendCertsFromPEM(certPEM)
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca}
	s.StartTLS()
	defer s.Close()
	cert, key := file(t, "cert.pem", string(certPEM)), file(t, "key.pem", string(keyPEM))
	post := func(set ...string) error {
		client, err := read(append(set, "url", s.URL)...)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		return client.Post(t.Context(), nil, nil)
	}
	if err := post("ca_file", cert, "cert_file", cert, "key_file", key); err != nil {
		t.Errorf("with both certificates: %v", err)
	}
	if err := post("cert_file", cert, "key_file", key); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a server that nobody vouches for: %v", err)
	}
	if err := post("ca_file", cert); err == nil {
		t.Error("a client without a certificate was let in")
	}
	if err := post("tls_verify", "0", "cert_file", cert, "key_file", key); err != nil {
		t.Errorf("tls_verify 0: %v", err)
	}
	if err := post("ca_file", cert+".none"); err == nil || !strings.Contains(err.Error(), "ca_file") {
		t.Errorf("a file that is not there: %v", err)
	}
}

// certificate makes one that is its own authority, for 127.0.0.1.
func certificate(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: bytes})
}

// An answer without end costs what is read of it, and its text no line break in the log.
func TestLongAnswersAreCut(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(500)
		for line := []byte(strings.Repeat("ä\x1b\n", 1000)); ; {
			if _, err := w.Write(line); err != nil {
				return
			}
		}
	}))
	defer s.Close()
	client, err := read("url", s.URL)
	if err != nil {
		t.Fatal(err)
	}
	err = client.Post(t.Context(), nil, nil)
	if err == nil || len(err.Error()) > 300 || strings.ContainsAny(err.Error(), "\n\x1b") {
		t.Errorf("got %.400q", err)
	}
}
