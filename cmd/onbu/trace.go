package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/monitor/api"
)

// trace is onbu trace.
func trace(ctx context.Context, e *env) error {
	addr := e.flags.String("http", defaultHTTP, "address of a broker's API")
	asJSON := e.flags.Bool("json", false, "print JSON")
	soon := e.flags.Bool("now", false, "have the check made now (needs a receiver at the same address)")
	wait := e.flags.Duration("wait", 0, "how long to wait for the check (default 10m)")
	words, err := e.parse(1, "HOST or HOST/SERVICE")
	if err != nil {
		return err
	}
	c := &console.Client{Addr: *addr}
	x, err := find(ctx, c, words[0])
	if err != nil {
		return err
	}
	steps, err := followed(ctx, e, c, x, *wait, *soon)
	if err != nil {
		return err
	}
	if *asJSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(steps)
	}
	console.Steps(e.stdout, steps)
	return nil
}

// followed gives the steps of an object's next check; it shows how long that takes, and orders the check if it is to be made now.
func followed(ctx context.Context, e *env, c *console.Client, x *api.Explanation, wait time.Duration, soon bool) ([]api.Step, error) {
	var steps []api.Step
	var ordered error
	show := progress(e.stderr)
	err := c.Trace(ctx, x.Host, x.Service, wait, func(s api.Step) {
		switch {
		case s.Step != "":
			steps = append(steps, s)
		case soon:
			show("a check is ordered")
			ordered = order(ctx, c, x)
		default:
			show(waiting(s.NextCheck))
		}
	})
	show("")
	switch {
	case ordered != nil:
		return nil, ordered
	case err != nil:
		return nil, err
	case len(steps) == 0:
		return nil, errors.New("the daemon ended before the check was made; try again")
	}
	return steps, nil
}

// waiting says when the next check is due (in Unix seconds; 0 for never).
func waiting(next float64) string {
	if next == 0 {
		return "no check is due; --now has one made"
	}
	at := time.UnixMilli(int64(next * 1000))
	return fmt.Sprintf("the next check is due at %s, in %v", at.Format(time.TimeOnly), max(time.Until(at), 0).Round(time.Second))
}

// order has an object checked now.
func order(ctx context.Context, c *console.Client, x *api.Explanation) error {
	line := "SCHEDULE_FORCED_HOST_CHECK;" + x.Host + ";0"
	if x.Service != "" {
		line = "SCHEDULE_FORCED_SVC_CHECK;" + x.Host + ";" + x.Service + ";0"
	}
	_, err := c.Command(ctx, line)
	return err
}
