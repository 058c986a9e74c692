// Package outbound knows how measured values are brought to stores that take them over HTTP, whatever the format: one client with TLS
// and the usual ways to say who one is, which answers are final and which are not, and how a bad point is passed over
// without the good ones around it.
package outbound

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/onbu/onbu/modules"
)

const (
	maxHeader  = 64 << 10 // bytes of an answer's header
	maxAnswer  = 4 << 10  // of an answer so much is read
	maxQuoted  = 200      // and so many bytes of it quoted
	longestAsk = 10 * time.Minute
)

// Client posts to one address. Any goroutine may use it. It reads its certificates and secrets when it needs them, so that they can
// be exchanged while it works.
type Client struct {
	url     string
	trust   Trust
	who     identity
	timeout time.Duration

	mu   sync.Mutex // guards what follows
	http *http.Client
}

// Refused is the error of a post whose content the other side does not want and never will.
type Refused struct{ Err error }

// Error implements error.
func (r *Refused) Error() string { return r.Err.Error() }

// Unwrap implements errors.Unwrap.
func (r *Refused) Unwrap() error { return r.Err }

// silence is the error of a post without an answer.
type silence struct{ err error }

func (s *silence) Error() string { return "no answer: " + s.err.Error() }

func (s *silence) Unwrap() error { return s.err }

// away is the error of a post that was answered as a proxy does whose store is gone. A store that says when to come again is busy.
type away struct{ err error }

func (a *away) Error() string { return a.err.Error() }

func (a *away) Unwrap() error { return a.err }

// Read reads the settings of a client: url, which must be there unless otherwise is not empty, and those for TLS, names, passwords
// and the time limit.
func Read(s *modules.Settings, otherwise string) *Client {
	c := &Client{url: s.Text("url", otherwise), trust: ReadTrust(s), who: readIdentity(s)}
	c.timeout = s.Duration("timeout", 10*time.Second, 100*time.Millisecond, 5*time.Minute)
	u, err := url.Parse(c.url)
	switch {
	case c.url == "":
		s.Wrong("url", "it is missing; write the address to post to, http://HOST:PORT/PATH or https://…")
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		s.Wrong("url", "that is no address; write http://HOST:PORT/PATH or https://…") // its own text may hold a password
	case u.User != nil:
		s.Wrong("url", "name and password do not belong into it: write username and password_file")
	}
	return c
}

// To gives the scheme, host and port of the address. What is behind may hold a token.
func (c *Client) To() string {
	u, err := url.Parse(c.url)
	if err != nil {
		return "" // Read has said so
	}
	return u.Scheme + "://" + u.Host
}

// Extend adds a path to an address that has none, and parameters that it does not have yet; empty ones are left out.
func (c *Client) Extend(path string, query url.Values) {
	u, err := url.Parse(c.url)
	if err != nil {
		return // Read has said so
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = path
	}
	q := u.Query()
	for name, values := range query {
		if !q.Has(name) && values[0] != "" {
			q[name] = values
		}
	}
	u.RawQuery = q.Encode()
	c.url = u.String()
}

// Post sends a body. It returns nil once the other side has taken it and *Refused where the content is at fault; after any other
// error, *modules.Later if the other side says when, the same may go well later.
func (c *Client) Post(ctx context.Context, header http.Header, body []byte) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("url: it makes no request")
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", "onbu")
	if err := c.who.sign(req); err != nil {
		return err
	}
	answer, err := client.Do(req)
	if err != nil {
		return c.trouble(err)
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer)) // for the error text, and so that the connection can be used again
	return judge(answer, said)
}

// Close closes the connections that nobody uses.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.http != nil {
		c.http.CloseIdleConnections()
	}
}

func (c *Client) client() (*http.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.http != nil {
		return c.http, nil
	}
	conf, err := c.trust.Config()
	if err != nil {
		return nil, err
	}
	c.http = &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: conf, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 64,
			IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: maxHeader, DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c.http, nil
}

// trouble is what a request without an answer comes to. The URL is taken out of the error: it may hold a token. After trouble with
// certificates those that are trusted are read anew.
func (c *Client) trouble(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if _, untrusted := errors.AsType[*tls.CertificateVerificationError](err); untrusted {
		c.mu.Lock()
		c.http = nil
		c.mu.Unlock()
	}
	return &silence{err}
}

func judge(answer *http.Response, said []byte) error {
	code := answer.StatusCode
	if code >= 200 && code < 300 {
		return nil
	}
	err := errors.New("the other side answered " + OneLine(answer.Status+": "+string(said), maxQuoted))
	switch {
	case code == http.StatusBadRequest, code == http.StatusConflict, code == http.StatusRequestEntityTooLarge, code == http.StatusUnprocessableEntity:
		return &Refused{err}
	case code >= 300 && code < 400:
		return fmt.Errorf("%w; redirections are not followed, write the final address", err)
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return fmt.Errorf("%w; check the name and password, or the token", err)
	case code == http.StatusNotFound, code == http.StatusMethodNotAllowed, code == http.StatusUnsupportedMediaType:
		return fmt.Errorf("%w; check the url: nothing there takes such data", err)
	}
	if after := RetryAfter(answer.Header.Get("Retry-After"), longestAsk); after > 0 {
		return &modules.Later{Err: err, After: after}
	}
	if code == http.StatusBadGateway || code == http.StatusServiceUnavailable || code == http.StatusGatewayTimeout {
		return &away{err}
	}
	return err
}
