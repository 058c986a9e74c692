package outbound

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/onbu/onbu/internal/secret"
	"github.com/onbu/onbu/modules"
)

// Trust says which servers are believed and which certificate a client shows.
type Trust struct {
	ca, cert, key, serverName string
	blind                     bool // whoever answers is believed
}

// ReadTrust reads the settings of TLS: ca_file, cert_file, key_file, server_name and tls_verify.
func ReadTrust(s *modules.Settings) Trust {
	t := Trust{
		ca: s.File("ca_file", ""), cert: s.File("cert_file", ""), key: s.File("key_file", ""), serverName: s.Text("server_name", ""),
		blind: !s.Bool("tls_verify", true),
	}
	if (t.cert == "") != (t.key == "") {
		s.Wrong("cert_file", "cert_file and key_file belong together: write both")
	}
	if t.blind && t.ca != "" {
		s.Wrong("tls_verify", "0 believes everybody: take either it or ca_file away")
	}
	return t
}

// Asked says whether any of them is written.
func (t *Trust) Asked() bool { return *t != Trust{} }

// Config reads ca_file now and the client's certificate for each connection.
func (t *Trust) Config() (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.serverName, InsecureSkipVerify: t.blind}
	if t.ca != "" {
		text, err := os.ReadFile(t.ca)
		if err != nil {
			return nil, fmt.Errorf("ca_file: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("ca_file %s: no certificate in it; it must be PEM", t.ca)
		}
	}
	if t.cert != "" {
		conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(t.cert, t.key)
			if err != nil {
				return nil, fmt.Errorf("cert_file, key_file: %w", err)
			}
			return &pair, nil
		}
	}
	return conf, nil
}

// identity is how the client says who it is.
type identity struct {
	username, password, passwordFile string
	scheme, token, tokenFile         string
	header                           http.Header
}

func readIdentity(s *modules.Settings) identity {
	i := identity{
		username: s.Text("username", ""), password: s.Text("password", ""), passwordFile: s.File("password_file", ""),
		scheme: s.Text("token_scheme", "Bearer"), token: s.Text("token", ""), tokenFile: s.File("token_file", ""), header: http.Header{},
	}
	switch {
	case i.password != "" && i.passwordFile != "":
		s.Wrong("password_file", "there is a password besides: take one of them away")
	case i.token != "" && i.tokenFile != "":
		s.Wrong("token_file", "there is a token besides: take one of them away")
	case i.username != "" && i.token+i.tokenFile != "":
		s.Wrong("username", "the other side takes either a name with password or a token: take one of them away")
	case i.username == "" && i.password+i.passwordFile != "":
		s.Wrong("username", "it is missing, and there is a password")
	}
	for _, h := range s.All("header") {
		name, value, ok := strings.Cut(h.Value, ":")
		if name = strings.TrimSpace(name); !ok || !isToken(name) {
			s.WrongAt(h, "write it as Name: value") // the value may be a secret
			continue
		}
		i.header.Add(name, strings.TrimSpace(value))
	}
	return i
}

// sign adds to a request who it comes from.
func (i *identity) sign(req *http.Request) error {
	for name, values := range i.header {
		req.Header[name] = values
	}
	if host := i.header.Get("Host"); host != "" {
		req.Host = host
	}
	switch {
	case i.username != "":
		password, err := of(i.password, "password_file", i.passwordFile)
		if err != nil {
			return err
		}
		req.SetBasicAuth(i.username, password)
	case i.token+i.tokenFile != "":
		token, err := of(i.token, "token_file", i.tokenFile)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", i.scheme+" "+token)
	}
	return nil
}

// of gives a secret as written, or else what is in a file.
func of(text, option, path string) (string, error) {
	if path == "" {
		return text, nil
	}
	line, err := secret.Read(option, path)
	return string(line), err
}

// isToken says whether a name can be that of a header (RFC 9110 5.6.2).
func isToken(name string) bool {
	for _, r := range name {
		if r > '~' || r <= ' ' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r) {
			return false
		}
	}
	return name != ""
}
