package webhook

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"
)

const maxHeader = 64 << 10 // bytes of an answer's header

// clients keeps an HTTP client, with its connections, for each set of certificates that is trusted.
type clients struct {
	mu      sync.Mutex
	byTrust map[string]*http.Client // by what is in the file; "" for the system's
}

// get gives the client that trusts what is in the file ca now.
func (c *clients) get(ca string) (*http.Client, error) {
	var trusted []byte
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		var err error
		if trusted, err = os.ReadFile(ca); err != nil {
			return nil, fmt.Errorf("--ca: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(trusted) {
			return nil, fmt.Errorf("--ca %s: no certificate in it; it must be PEM", ca)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byTrust == nil {
		c.byTrust = map[string]*http.Client{}
	}
	if c.byTrust[string(trusted)] == nil {
		c.byTrust[string(trusted)] = newClient(conf)
	}
	return c.byTrust[string(trusted)], nil
}

func newClient(conf *tls.Config) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: conf, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2,
			IdleConnTimeout: time.Minute, ResponseHeaderTimeout: 20 * time.Second, MaxResponseHeaderBytes: maxHeader,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (c *clients) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, client := range c.byTrust {
		client.CloseIdleConnections()
	}
}
