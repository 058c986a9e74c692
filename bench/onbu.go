package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"time"
)

// onbuListens is the line in the log that says where the API is.
var onbuListens = regexp.MustCompile(`http=(http://\S+)`)

// engine is a running Onbu.
type engine struct {
	*child
	url    string
	client http.Client
}

// onbu measures Onbu on some of the scenario's loads; the figures are those of the first.
func (r *run) onbu(ctx context.Context, name string, loads []load) (f *Figures, err error) {
	s, err := r.config(name, loads)
	if err != nil {
		return nil, err
	}
	r.o.Progress("starting onbu")
	c, err := start(ctx, onbuListens, r.o.Program, "run", s.path("onbu.cfg"), "--state", s.path("state"), "--http", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("onbu run: %w", err)
	}
	defer c.stop()
	e := &engine{child: c, client: http.Client{Timeout: 10 * time.Second}}
	if e.url, err = c.said(ctx); err != nil {
		return nil, fmt.Errorf("onbu run: %w", err)
	}
	if err := r.warmUp(ctx, e, s.groups); err != nil {
		return nil, fmt.Errorf("onbu run: %w", err)
	}
	return r.window(ctx, e, loads)
}

// warmUp waits until every service was checked once, and an interval more.
func (r *run) warmUp(ctx context.Context, e *engine, groups []group) error {
	services, shown := 0, time.Time{}
	for _, g := range groups {
		services += g.services
	}
	limit := readyWait + 5*r.o.Interval
	err := e.waitFor(ctx, "the first check of every service", limit, func() error {
		t, err := e.tally(ctx)
		if err != nil {
			return fmt.Errorf("%w: %w", errNotYet, err)
		}
		checked := t["OK"] + t["WARNING"] + t["CRITICAL"] + t["UNKNOWN"]
		if time.Since(shown) > lookEvery {
			shown = time.Now()
			r.o.Progress(fmt.Sprintf("onbu at %s: %d of %d services checked", e.url, checked, services))
		}
		if checked < services {
			return fmt.Errorf("%w: %d of %d services were checked", errNotYet, checked, services)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := r.settle(ctx); err != nil {
		return err
	}
	m, err := e.metrics(ctx)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if m.checks[g.module] == 0 {
			return fmt.Errorf("module %s ran no check of %q; onbu verify says which commands run natively", g.module, g.command)
		}
	}
	return nil
}

// settle waits for an interval, so that first checks, which an engine may make at times of their own, are behind it.
func (r *run) settle(ctx context.Context) error {
	r.o.Progress("one interval more")
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(r.o.Interval):
		return nil
	}
}

// window measures a warm engine.
func (r *run) window(ctx context.Context, e *engine, loads []load) (*Figures, error) {
	module, failing, wrong := loads[0].module, 0, 0
	for _, l := range loads {
		if l.fails {
			failing += r.scenario.share(l, r.o.Services)
		}
	}
	before, err := e.metrics(ctx)
	if err != nil {
		return nil, err
	}
	count := func(ctx context.Context) (checks, error) {
		m, err := e.metrics(ctx)
		return checks{done: m.total(), inFlight: m.running}, err
	}
	w, err := r.measure(ctx, "onbu", e.child, count, func() error {
		t, err := e.tally(ctx)
		wrong = max(wrong, t["WARNING"]+t["CRITICAL"]+t["UNKNOWN"]-failing)
		return err
	})
	if err != nil {
		return nil, err
	}
	after, err := e.metrics(ctx)
	if err != nil {
		return nil, err
	}
	f := r.figures("onbu", w, e.child)
	late := after.latency[module].since(before.latency[module])
	f.Lateness = Lateness{P50: late.quantile(0.5) * 1000, P99: late.quantile(0.99) * 1000, Max: late.quantile(1) * 1000}
	if len(loads) > 1 {
		f.CompletedPerS = float64(after.checks[module]-before.checks[module]) / w.took.Seconds()
	}
	f.Errors = wrong
	f.BytesPerService = f.RSS / int64(r.count(loads))
	return f, nil
}

// tally gives the number of services by state.
func (e *engine) tally(ctx context.Context) (map[string]int, error) {
	body, err := e.get(ctx, "/api/summary")
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var summary struct {
		Services map[string]int `json:"services"`
	}
	if err := json.NewDecoder(io.LimitReader(body, 1<<20)).Decode(&summary); err != nil {
		return nil, fmt.Errorf("summary of the API: %w", err)
	}
	return summary.Services, nil
}

func (e *engine) metrics(ctx context.Context) (metrics, error) {
	body, err := e.get(ctx, "/metrics")
	if err != nil {
		return metrics{}, err
	}
	defer body.Close()
	return parseMetrics(io.LimitReader(body, 16<<20))
}

func (e *engine) get(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.url+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("%s answered %s", path, resp.Status)
	}
	return resp.Body, nil
}
