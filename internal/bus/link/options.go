package link

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// options are the words behind the first two of a line. Each that was asked for is taken out.
type options map[string]string

func parseOptions(words []string) (options, error) {
	o := options{}
	for _, w := range words {
		if strings.HasPrefix(w, "#") {
			break
		}
		name, value, _ := strings.Cut(w, "=")
		if _, again := o[name]; again {
			return nil, fmt.Errorf("%s twice", name)
		}
		o[name] = value
	}
	return o, nil
}

func (o options) take(name string) string {
	value := o[name]
	if value != "" {
		delete(o, name)
	}
	return value
}

// flag is for an option without a value.
func (o options) flag(name string) bool {
	value, there := o[name]
	if there && value == "" {
		delete(o, name)
		return true
	}
	return false
}

// rest complains of what nobody asked for.
func (o options) rest(kind string) error {
	if len(o) == 0 {
		return nil
	}
	return fmt.Errorf("%s has no option %s, or not in this form", kind, strings.Join(slices.Sorted(maps.Keys(o)), ", "))
}

// resolve gives the path of a file that a line names.
func (r *reader) resolve(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(r.path), path)
}

// read reads a file that a line names, and lets it count for the sum.
func (r *reader) read(path string, use func([]byte) error) error {
	text, err := readFile(path)
	if err != nil {
		return err
	}
	r.sum.Write(text)
	if use == nil {
		return nil
	}
	return use(text)
}

// secure builds what TLS wants of the files named by options.
func (r *reader) secure(ca, cert, key string, listens bool) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS13}
	if (cert == "") != (key == "") || listens && cert == "" {
		return nil, errors.New("cert=FILE and key=FILE belong together")
	}
	if cert != "" {
		pair, err := r.pair(r.resolve(cert), r.resolve(key))
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{pair}
	}
	if ca == "" {
		return c, nil
	}
	pool := x509.NewCertPool()
	err := r.read(r.resolve(ca), func(pem []byte) error {
		if !pool.AppendCertsFromPEM(pem) {
			return fmt.Errorf("ca=%s holds no certificate in PEM", ca)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if c.RootCAs = pool; listens {
		c.RootCAs, c.ClientCAs, c.ClientAuth = nil, pool, tls.RequireAndVerifyClientCert
	}
	return c, nil
}

func (r *reader) pair(cert, key string) (pair tls.Certificate, err error) {
	var certPEM, keyPEM []byte
	keep := func(to *[]byte) func([]byte) error {
		return func(text []byte) error { *to = text; return nil }
	}
	if err = r.read(cert, keep(&certPEM)); err == nil {
		err = r.read(key, keep(&keyPEM))
	}
	if err != nil {
		return pair, err
	}
	if pair, err = tls.X509KeyPair(certPEM, keyPEM); err != nil {
		return pair, fmt.Errorf("%s and %s: %w", cert, key, err)
	}
	return pair, nil
}
