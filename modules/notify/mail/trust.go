package mail

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
)

// trust says which servers are talked to. Encryption that may as well be missing is not spoilt by a certificate of the
// server's own making (as Postfix' and Exim's are on Debian), unless a password or --ca is at stake.
func (s *sender) trust() (*tls.Config, error) {
	conf := &tls.Config{ServerName: s.server.Hostname(), MinVersion: tls.VersionTLS12}
	conf.InsecureSkipVerify = s.server.Scheme == "smtp" && s.tls == "optional" && s.user == "" && s.ca == "" // RFC 7435
	if s.ca == "" {
		return conf, nil
	}
	text, err := os.ReadFile(s.ca)
	if err != nil {
		return nil, fmt.Errorf("--ca: %w", err)
	}
	conf.RootCAs = x509.NewCertPool()
	if !conf.RootCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("--ca %s: no certificate in it; it must be PEM", s.ca)
	}
	return conf, nil
}
