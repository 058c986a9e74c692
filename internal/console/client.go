// Package console knows how Onbu looks in a terminal: it asks the API of a running daemon and lays out what it says.
package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/onbu/onbu/monitor/api"
)

// maxAnswer bounds what is read from the API.
const maxAnswer = 4 << 30

// Client asks one daemon.
type Client struct {
	// Addr is host:port.
	Addr string
}

// Refusal is an answer that is no success; its text is the daemon's.
type Refusal struct {
	Code int
	Text string
	// Waiting are the entries of the cluster log that the daemon could give all the same: its own that are not stored yet.
	Waiting []api.Deed
	// Last is the list of nodes as it was last known.
	Last api.NodesAway
}

// Error implements error.
func (r *Refusal) Error() string { return r.Text }

// Objects gives hosts or services: what is "hosts" or "services".
func (c *Client) Objects(ctx context.Context, what string, q url.Values) ([]api.Object, error) {
	var out []api.Object
	return out, c.get(ctx, "/api/"+what+"?"+q.Encode(), &out)
}

// Summary asks how all is.
func (c *Client) Summary(ctx context.Context) (*api.Summary, error) {
	sum := &api.Summary{}
	return sum, c.get(ctx, "/api/summary", sum)
}

// Explain asks why an object is as it is.
func (c *Client) Explain(ctx context.Context, host, service string) (*api.Explanation, error) {
	q := url.Values{"host": {host}}
	if service != "" {
		q.Set("service", service)
	}
	e := &api.Explanation{}
	return e, c.get(ctx, "/api/explain?"+q.Encode(), e)
}

// Command gives an external command and returns the daemon's note, if it has one.
func (c *Client) Command(ctx context.Context, line string) (note string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.Addr+"/api/command", strings.NewReader(line))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "text/plain")
	var answer map[string]string
	err = c.do(req, &answer)
	return answer["note"], err
}

func (c *Client) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Addr+path, nil)
	if err != nil {
		return err
	}
	return c.do(req, into)
}

func (c *Client) do(req *http.Request, into any) error {
	body, err := c.ask(&http.Client{Timeout: time.Minute}, req)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := json.NewDecoder(io.LimitReader(body, maxAnswer)).Decode(into); err != nil {
		return fmt.Errorf("answer of %s: %w", c.Addr, err)
	}
	return nil
}

// ask makes a request. What is no success is a Refusal.
func (c *Client) ask(by *http.Client, req *http.Request) (io.ReadCloser, error) {
	resp, err := by.Do(req)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("nobody listens on %s: is Onbu running? Its log says the address; give it with --http", c.Addr)
	}
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", c.Addr, err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		defer resp.Body.Close()
		return nil, refusal(resp, json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)))
	}
	return resp.Body, nil
}

func refusal(resp *http.Response, dec *json.Decoder) error {
	var said struct {
		Error   string
		Waiting []api.Deed
		Nodes   []api.Role
		Asked   float64
	}
	if dec.Decode(&said) != nil || said.Error == "" {
		said.Error = "this daemon does not serve that (" + resp.Status + "); ask a broker, or a receiver for commands"
	}
	return &Refusal{Code: resp.StatusCode, Text: said.Error, Waiting: said.Waiting, Last: api.NodesAway{Nodes: said.Nodes, Asked: said.Asked}}
}
