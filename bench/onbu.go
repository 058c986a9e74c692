package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
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

// onbu measures Onbu on some of the scenario's loads; the figures are those of the loads that are not meant to fail.
func (r *run) onbu(ctx context.Context, name string, loads []load) (f *Figures, err error) {
	s, err := r.config(name, loads)
	if err != nil {
		return nil, err
	}
	r.say("starting onbu")
	c, err := start(ctx, onbuListens, r.o.Program, "run", s.path("onbu.cfg"), "--state", s.path("state"), "--http", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("onbu run: %w", err)
	}
	defer func() {
		c.stop()
		_ = os.RemoveAll(s.dir) // a search makes many; what stays goes with the run
	}()
	e := &engine{child: c, client: http.Client{Timeout: 10 * time.Second}}
	if e.url, err = c.said(ctx); err != nil {
		return nil, fmt.Errorf("onbu run: %w", err)
	}
	warmUp := func(ctx context.Context) error { return r.warmUp(ctx, e, s.groups) }
	window := func(ctx context.Context) (*Figures, error) { return r.window(ctx, e, loads) }
	if r.scenario.beside != nil {
		return r.with(ctx, r.scenario.beside(r, e, s), warmUp, window)
	}
	if err := warmUp(ctx); err != nil {
		return nil, err
	}
	return window(ctx)
}

// warmUp waits until every service was checked once, and an interval more.
func (r *run) warmUp(ctx context.Context, e *engine, groups []group) error {
	services := 0
	for _, g := range groups {
		services += g.services
	}
	var looked time.Time
	checked := 0
	err := e.waitFor(ctx, "onbu's first check of every service", r.patience(services), func() error {
		if time.Since(looked) >= tallyEvery(services)/5 {
			t, err := e.tally(ctx)
			if err != nil {
				return fmt.Errorf("%w: %w", errNotYet, err)
			}
			looked, checked = time.Now(), t["OK"]+t["WARNING"]+t["CRITICAL"]+t["UNKNOWN"]
			r.say("onbu at %s: %s of %s services checked", e.url, thousands(checked), thousands(services))
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

// patience is how long the first checks may take. The search for the highest rate gives an engine that is overloaded less.
func (r *run) patience(services int) time.Duration {
	if r.o.Max {
		return 20*time.Second + 3*r.o.Interval + time.Duration(services)*50*time.Microsecond
	}
	return readyWait + 5*r.o.Interval
}

// tallyEvery is how often states are counted, which costs the engine something for each service.
func tallyEvery(services int) time.Duration {
	return max(lookEvery, time.Duration(services)*10*time.Microsecond)
}

// settle waits for an interval, so that first checks, which an engine may make at times of their own, are behind it.
func (r *run) settle(ctx context.Context) error {
	end := time.Now().Add(r.o.Interval)
	for left := r.o.Interval; left > 0; left = time.Until(end) {
		r.say("one interval more, %v to go", left.Round(time.Second))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(left, lookEvery)):
		}
	}
	return nil
}

// window measures a warm engine.
func (r *run) window(ctx context.Context, e *engine, loads []load) (*Figures, error) {
	wrong := e.watchStates(r, loads)
	before, err := e.metrics(ctx)
	if err != nil {
		return nil, err
	}
	count := func(ctx context.Context) (checks, error) {
		m, err := e.metrics(ctx)
		return checks{done: m.total(), inFlight: m.running}, err
	}
	profiles := e.profile(ctx, r.o.Window)
	defer profiles.stop()
	w, err := r.measure(ctx, "onbu", e.child, count, func() error { return wrong.look(ctx) })
	if err != nil {
		return nil, err
	}
	after, err := e.metrics(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	f := r.figures("onbu", w, e.child)
	f.CPU.Parts = profiles.perCheck(f.CPU.Engine)
	r.ofMeasured(f, before, after)
	f.Errors = wrong.most
	f.BytesPerService = f.RSS / int64(r.count(loads))
	return f, nil
}

// ofMeasured takes lateness and rate from the loads that the figures are about.
func (r *run) ofMeasured(f *Figures, before, after metrics) {
	var late histogram
	var n int64
	for _, module := range modulesOf(r.scenario.measured()) {
		late = append(late, after.latency[module].since(before.latency[module])...)
		n += after.checks[module] - before.checks[module]
	}
	f.Lateness = Lateness{P50: late.quantile(0.5) * 1000, P99: late.quantile(0.99) * 1000, Max: late.quantile(1) * 1000}
	f.CompletedPerS = float64(n) / f.took.Seconds()
}

// modulesOf gives the modules that run the loads, each once.
func modulesOf(loads []load) []string {
	var names []string
	for _, l := range loads {
		names = append(names, l.module)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// states watches how many services are not OK that should be.
type states struct {
	e      *engine
	fails  int // are meant to fail
	every  time.Duration
	looked time.Time
	most   int
}

func (e *engine) watchStates(r *run, loads []load) *states {
	s := &states{e: e, every: tallyEvery(r.count(loads))}
	for _, l := range loads {
		if l.fails {
			s.fails += r.scenario.share(l, r.o.Services)
		}
	}
	return s
}

// look counts, unless it did a moment ago.
func (s *states) look(ctx context.Context) error {
	if time.Since(s.looked) < s.every-lookEvery/2 {
		return nil
	}
	t, err := s.e.tally(ctx)
	s.looked, s.most = time.Now(), max(s.most, t["WARNING"]+t["CRITICAL"]+t["UNKNOWN"]-s.fails)
	return err
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
