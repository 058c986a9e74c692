package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/onbu/onbu/monitor/api"
)

// Trace follows the next check of an object and gives each step as it is heard, the first saying when the check is due.
// It returns once all steps were told or ctx ends. A wait of 0 is the daemon's own.
func (c *Client) Trace(ctx context.Context, host, service string, wait time.Duration, each func(api.Step)) error {
	q := url.Values{"host": {host}}
	if service != "" {
		q.Set("service", service)
	}
	if wait > 0 {
		q.Set("wait", strconv.FormatFloat(wait.Seconds(), 'f', -1, 64))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Addr+"/api/trace?"+q.Encode(), nil)
	if err != nil {
		return err
	}
	body, err := c.ask(&http.Client{}, req) // the wait is the daemon's: no time limit here
	if err != nil {
		return err
	}
	defer body.Close()
	for dec := json.NewDecoder(body); ; {
		var s api.Step
		switch err := dec.Decode(&s); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("answer of %s: %w", c.Addr, err)
		case s.Error != "":
			return errors.New(s.Error)
		}
		each(s)
	}
}

// Steps lays out the life of one check: when each step was taken, in ms from when the check was due, and how long after the
// step before it.
func Steps(w io.Writer, steps []api.Step) {
	steps = slices.Clone(steps)
	slices.SortStableFunc(steps, func(a, b api.Step) int { return int((a.Time - b.Time) * 1e9) })
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "   AT ms\t  + ms\tDAEMON\tSTEP")
	for i, s := range steps {
		fmt.Fprintf(t, "%8.3f\t%6.3f\t%s\t%s\n", ms(s.Time-steps[0].Time), ms(s.Time-steps[max(i-1, 0)].Time), printable(s.Daemon), printable(s.Step))
	}
	t.Flush()
}

func ms(seconds float64) float64 { return seconds * 1000 }
