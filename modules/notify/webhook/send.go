package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/onbu/onbu/internal/outbound"
	"github.com/onbu/onbu/internal/secret"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

const (
	maxAnswer = 4 << 10 // of an answer so much is read
	maxQuoted = 300     // and so many bytes of it quoted
	// The first pause between two tries, which doubles, and how many tries there are in one Send.
	firstPause = 500 * time.Millisecond
	tries      = 3
	longestAsk = time.Hour // a Retry-After beyond it is cut down
)

// Send implements modules.Sender. An answer of 2xx is a success; 408, 429 and 5xx, and a server that does not answer, are
// tried again, at first here and then by whoever calls; others are final. A request that the server had before it fell
// silent may have been heard: it comes again as a possible duplicate. Redirections are not followed: what is signed is
// meant for one receiver.
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
		if !temporary || n == tries || later.After > 0 || later.Perhaps || !wait(ctx, pause) {
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
	var written atomic.Bool // the transport says so from a goroutine of its own
	trace := &httptrace.ClientTrace{WroteRequest: func(done httptrace.WroteRequestInfo) { written.Store(done.Err == nil) }}
	req, err := s.request(httptrace.WithClientTrace(ctx, trace), id, text)
	if err != nil {
		return err
	}
	answer, err := client.Do(req)
	if err != nil {
		return trouble(err, written.Load())
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer)) // for the error text only
	return judge(answer, said)
}

func (s *sender) request(ctx context.Context, id string, text []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url.String(), bytes.NewReader(text))
	if err != nil {
		return nil, errors.New("--url makes no request; write http://HOST/PATH or https://HOST/PATH") // its own text may hold a token
	}
	req.GetBody = nil // what may have been heard is not sent again unseen
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "onbu")
	req.Header.Set("Idempotency-Key", id)
	if s.secret == "" {
		return req, nil
	}
	key, err := secret.Read("--secret-file", s.secret)
	if err != nil {
		return nil, err
	}
	unix := strconv.FormatInt(time.Now().Unix(), 10)
	req.Header.Set("X-Onbu-Timestamp", unix)
	req.Header.Set("X-Onbu-Signature", sign(key, unix, text))
	return req, nil
}

// trouble is what a request without an answer comes to. The URL is taken out of the error: it may hold a token.
func trouble(err error, written bool) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	text := errors.New(outbound.OneLine(err.Error(), maxQuoted))
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	if untrusted || errors.Is(err, http.ErrSchemeMismatch) {
		return text
	}
	return &modules.Later{Err: text, Perhaps: written}
}

func judge(answer *http.Response, said []byte) error {
	code := answer.StatusCode
	if code >= 200 && code < 300 {
		return nil
	}
	err := errors.New("the other side answered " + outbound.OneLine(answer.Status+": "+string(said), maxQuoted))
	switch {
	case code >= 300 && code < 400:
		return fmt.Errorf("%w; redirections are not followed, write the final address", err)
	case code == http.StatusRequestTimeout || code == http.StatusTooManyRequests || code >= 500:
		return &modules.Later{Err: err, After: outbound.RetryAfter(answer.Header.Get("Retry-After"), longestAsk)}
	}
	return err
}
