package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

const (
	maxSecret = 64 << 10
	maxAnswer = 4 << 10 // of an answer so much is read
	// The first pause between two tries, which doubles, and how many tries there are in one Send.
	firstPause = 500 * time.Millisecond
	tries      = 3
	longestAsk = time.Hour // a Retry-After beyond it is cut down
)

// Send implements modules.Sender. An answer of 2xx is a success; 408, 429 and 5xx, and an answer that does not come, are
// tried again, at first here and then by whoever calls; others are final. Redirections are not followed: what is signed
// is meant for one receiver.
func (s *sender) Send(ctx context.Context, a *monitor.Action, again bool) error {
	text, err := body(a, again)
	if err != nil {
		return fmt.Errorf("encoding the notification: %w", err)
	}
	client, err := s.module.clients.get(s.ca)
	if err != nil {
		return err
	}
	for n, pause := 1, firstPause; ; n, pause = n+1, 2*pause {
		err := s.post(ctx, client, a.ID, text)
		later, temporary := errors.AsType[*modules.Later](err)
		if !temporary || n == tries || later.After > 0 || !wait(ctx, pause) {
			return err
		}
	}
}

// wait waits; false if ctx ends before, or would.
func wait(ctx context.Context, pause time.Duration) bool {
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= pause {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(pause):
		return true
	}
}

func (s *sender) post(ctx context.Context, client *http.Client, id string, text []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url.String(), bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "onbu")
	req.Header.Set("Idempotency-Key", id)
	if s.secret != "" {
		key, err := secret(s.secret)
		if err != nil {
			return err
		}
		unix := strconv.FormatInt(time.Now().Unix(), 10)
		req.Header.Set("X-Onbu-Timestamp", unix)
		req.Header.Set("X-Onbu-Signature", sign(key, unix, text))
	}
	answer, err := client.Do(req)
	if err != nil {
		return &modules.Later{Err: s.hide(err)}
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer)) // for the error text only
	return judge(answer, said)
}

// hide takes the URL out of an error: it may hold a token.
func (s *sender) hide(err error) error {
	return errors.New(strings.ReplaceAll(err.Error(), s.url.String(), s.url.Scheme+"://"+s.url.Host+"/…"))
}

func judge(answer *http.Response, said []byte) error {
	code := answer.StatusCode
	if code >= 200 && code < 300 {
		return nil
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(said)), "\n")
	err := fmt.Errorf("the other side answered %s: %.200s", answer.Status, first)
	if code == http.StatusRequestTimeout || code == http.StatusTooManyRequests || code >= 500 {
		return &modules.Later{Err: err, After: retryAfter(answer.Header.Get("Retry-After"))}
	}
	return err
}

// retryAfter reads RFC 9110 10.2.3: seconds or a date.
func retryAfter(text string) time.Duration {
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, longestAsk)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(time.Until(at), 0), longestAsk)
	}
	return 0
}

// secret reads the first line of a file.
func secret(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--secret-file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecret))
	if err != nil {
		return nil, fmt.Errorf("--secret-file: %w", err)
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if line = bytes.TrimRight(line, "\r"); len(line) == 0 {
		return nil, fmt.Errorf("--secret-file %s: its first line is empty", path)
	}
	return line, nil
}

// clients keeps an HTTP client for each file of certificates.
type clients struct {
	mu   sync.Mutex
	byCA map[string]*http.Client
}

func (c *clients) get(ca string) (*http.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if client := c.byCA[ca]; client != nil {
		return client, nil
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		text, err := os.ReadFile(ca)
		if err != nil {
			return nil, fmt.Errorf("--ca: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("--ca %s: no certificate in it; it must be PEM", ca)
		}
	}
	client := &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: conf, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2,
			IdleConnTimeout: time.Minute, ResponseHeaderTimeout: 20 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if c.byCA == nil {
		c.byCA = map[string]*http.Client{}
	}
	c.byCA[ca] = client
	return client, nil
}

func (c *clients) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, client := range c.byCA {
		client.CloseIdleConnections()
	}
}
