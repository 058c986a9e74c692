package serve

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is what the server shows, read again when its files change.
type certificate struct {
	cert, key string
	log       *slog.Logger

	mu      sync.Mutex
	pair    *tls.Certificate
	looked  time.Time
	changed [2]time.Time
}

// lookAgain is how long the files of a certificate are believed to be as they were.
const lookAgain = time.Second

// TLS reads a certificate and its key for a port. They are looked at again while the port is open, so that a renewed
// certificate counts without a restart.
func TLS(cert, key string, log *slog.Logger) (*tls.Config, error) {
	c := &certificate{cert: cert, key: key, log: log}
	return &tls.Config{GetCertificate: c.get, MinVersion: tls.VersionTLS12}, c.load()
}

// load reads the files if one of them has changed.
func (c *certificate) load() error {
	c.looked = time.Now()
	var changed [2]time.Time
	for i, path := range []string{c.cert, c.key} {
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("the server's certificate: %w", err)
		}
		changed[i] = info.ModTime()
	}
	if c.pair != nil && changed == c.changed {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("the server's certificate %s with key %s: %w", c.cert, c.key, err)
	}
	c.pair, c.changed = &pair, changed
	return nil
}

// get implements tls.Config.GetCertificate. While a new certificate cannot be read the one from before is shown.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) >= lookAgain {
		if err := c.load(); err != nil {
			c.log.Error("the certificate from before is shown", "error", err)
		}
	}
	return c.pair, nil
}
