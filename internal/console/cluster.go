package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/chronicle"
	"github.com/onbu/onbu/monitor/api"
)

// Broken is the end of an answer that was to go on: the daemon was stopped, or the way to it is cut.
type Broken struct{ Err error }

// Error implements error.
func (b *Broken) Error() string { return b.Err.Error() }

// Unwrap gives what happened.
func (b *Broken) Unwrap() error { return b.Err }

// Chronicle gives the entries of the cluster log that are wanted, in the order in which they were stored; with q.Follow until ctx ends.
func (c *Client) Chronicle(ctx context.Context, q chronicle.Query, each func(api.Deed) error) error {
	values := url.Values{"node": {q.Node}, "role": {q.Role}, "kind": {strings.Join(q.Kinds, ",")}}
	if q.Since != 0 {
		values.Set("since", q.Since.Std().Format(time.RFC3339Nano))
	}
	if q.Follow {
		values.Set("follow", "1")
	}
	if q.After > 0 {
		values.Set("after", strconv.FormatUint(q.After, 10))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Addr+"/api/cluster/log?"+values.Encode(), nil)
	if err != nil {
		return err
	}
	body, err := c.ask(&http.Client{}, req) // it may take as long as it is followed
	if err != nil {
		return err
	}
	defer body.Close()
	for dec := json.NewDecoder(io.LimitReader(body, maxAnswer)); ; {
		var e struct {
			api.Deed
			api.LogAway
		}
		switch err := dec.Decode(&e); {
		case errors.Is(err, io.EOF) && !q.Follow || err != nil && ctx.Err() != nil:
			return nil
		case err != nil && q.Follow:
			return &Broken{fmt.Errorf("%s does not go on: %w", c.Addr, err)}
		case err != nil:
			return fmt.Errorf("answer of %s: %w", c.Addr, err)
		case e.Error != "" && q.Follow:
			return &Broken{fmt.Errorf("%s does not go on: %s", c.Addr, e.Error)}
		case e.Error != "":
			return &Refusal{Code: http.StatusServiceUnavailable, Text: e.Error, Waiting: e.Waiting}
		}
		if err := each(e.Deed); err != nil {
			return err
		}
	}
}

// ChronicleLine writes an entry of the cluster log as a line: when, which node and role, what, about what, and why.
func ChronicleLine(w io.Writer, e *api.Deed) {
	who := e.Node
	if e.Role != "" {
		who += "/" + e.Role
	}
	line := fmt.Sprintf("%s  %-20s  %-13s  %s", e.When().Format("2006-01-02 15:04:05.000"), who, e.Kind, e.About)
	if e.Why != "" {
		line += ": " + e.Why
	}
	fmt.Fprintln(w, printable(line))
}
