// Package bench knows how to put load on the whole of Onbu and what to measure: it writes a Nagios configuration, starts
// the engine on it as a user would, in a process of its own beside a fake target, and says how late checks began and what
// each cost. It can offer the same checks to Debian's nagios4 right after. Linux only: it reads /proc.
package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Options says what to run.
type Options struct {
	// Scenario is a name out of Scenarios().
	Scenario string
	// Services and Interval are the load: so many services, each checked once in Interval, which is whole seconds.
	// 0 takes what the scenario proposes.
	Services int
	Interval time.Duration
	// Window is how long is measured once the warm-up is over: until every service was checked, and an interval more;
	// 0 for a minute.
	Window time.Duration
	// Peer is "nagios4" or empty.
	Peer string
	// Program is the onbu to measure. The fake target is run by it too, as `onbu bench target KIND`.
	Program string
	// Progress is told where things are, about once a second; it may be nil.
	Progress func(line string)
}

// Validate says what is wrong with the options, nothing being started yet.
func (o *Options) Validate() error {
	s, err := find(o.Scenario)
	switch {
	case err != nil:
		return err
	case o.Services < 0 || o.Services > maxServices:
		return fmt.Errorf("%d services cannot be; choose 1 to %d", o.Services, maxServices)
	case o.Interval < 0 || o.Interval%time.Second != 0:
		return fmt.Errorf("an interval of %v cannot be written in a configuration; use whole seconds", o.Interval)
	case o.Window < 0:
		return errors.New("the time to measure must not be negative")
	case o.Peer != "" && o.Peer != peerNagios:
		return fmt.Errorf("no peer is called %q; there is %s", o.Peer, peerNagios)
	case o.Peer != "" && len(s.loads) > 1:
		return fmt.Errorf("scenario %s compares Onbu with itself; leave --peer away", s.name)
	}
	return nil
}

// run is one call of Run.
type run struct {
	o        Options
	scenario scenario
	dir      string
	targets  []*child
	ports    map[string]int // of the fake targets, by kind
}

// Run measures. It takes about two intervals and the window for each engine. All processes that it
// started have ended when it returns, also when ctx ends.
func Run(ctx context.Context, o Options) (report *Report, err error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	r := &run{o: o}
	r.scenario, _ = find(o.Scenario)
	r.defaults()
	if o.Peer != "" {
		if _, err := nagiosProgram(); err != nil {
			return nil, err
		}
	}
	if r.dir, err = os.MkdirTemp("", "onbu-bench-"); err != nil {
		return nil, fmt.Errorf("folder for the run: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	defer r.stopTargets()
	if err := r.startTargets(ctx); err != nil {
		return nil, err
	}
	return r.all(ctx)
}

func (r *run) defaults() {
	if r.o.Services == 0 {
		r.o.Services = r.scenario.services
	}
	if r.o.Interval == 0 {
		r.o.Interval = r.scenario.interval
	}
	if r.o.Window == 0 {
		r.o.Window = time.Minute
	}
	if r.o.Progress == nil {
		r.o.Progress = func(string) {}
	}
}

// all measures one engine after the other.
func (r *run) all(ctx context.Context) (*Report, error) {
	out := &Report{
		Scenario: r.scenario.name, Time: time.Now().UTC().Truncate(time.Second), Machine: runtime.NumCPU(), LoadAverage: loadAverage(),
		Services: r.o.Services, Interval: r.o.Interval.Seconds(), Seconds: r.o.Window.Seconds(),
	}
	healthy := r.scenario.loads[:1]
	if len(r.scenario.loads) > 1 {
		alone, err := r.onbu(ctx, "alone", healthy)
		if err != nil {
			return nil, err
		}
		out.Without = alone
	}
	figures, err := r.onbu(ctx, "all", r.scenario.loads)
	if err != nil {
		return nil, err
	}
	out.Figures = *figures
	out.OfferedPerS = float64(r.count(healthy)) / r.o.Interval.Seconds()
	if r.o.Peer == "" {
		return out, nil
	}
	if out.Peer, err = r.nagios(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", r.o.Peer, err)
	}
	out.compare()
	return out, nil
}

// count is how many services the loads have.
func (r *run) count(loads []load) int {
	n := 0
	for _, l := range loads {
		n += r.scenario.share(l, r.o.Services)
	}
	return n
}

// config writes the configuration for some of the scenario's loads into a folder of its own.
func (r *run) config(name string, loads []load) (*site, error) {
	s := &site{dir: filepath.Join(r.dir, name), interval: r.o.Interval, ports: r.ports}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, fmt.Errorf("folder for the configuration: %w", err)
	}
	for _, l := range loads {
		s.groups = append(s.groups, group{load: l, services: r.scenario.share(l, r.o.Services)})
	}
	return s, s.write()
}
