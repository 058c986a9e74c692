package bench

import (
	"context"
	"fmt"
	"time"
)

// clocks are CPU clocks at one moment.
type clocks struct {
	at      time.Time
	checks  checks
	engine  usage
	target  usage
	machine time.Duration
}

// window is what happened between two moments.
type window struct {
	took     time.Duration
	checks   int64
	inFlight int64 // the most seen
	engine   usage
	target   usage
	machine  time.Duration
}

func (c clocks) until(d clocks) window {
	return window{
		took: d.at.Sub(c.at), checks: d.checks.done - c.checks.done, inFlight: max(c.checks.inFlight, d.checks.inFlight),
		engine: d.engine.sub(c.engine), target: d.target.sub(c.target),
		machine: d.machine - c.machine,
	}
}

// checks counts the checks of an engine: completed since it started, and under way.
type checks struct{ done, inFlight int64 }

// counter asks an engine for its checks.
type counter func(ctx context.Context) (checks, error)

// read reads the clocks of an engine.
func (r *run) read(ctx context.Context, engine *child, count counter) (clocks, error) {
	n, err := count(ctx)
	if err != nil {
		return clocks{}, err
	}
	c := clocks{at: time.Now(), checks: n, engine: usageOf(engine.pid), machine: machineBusy()}
	for _, t := range r.targets {
		c.target = c.target.add(usageOf(t.pid))
	}
	return c, engine.alive()
}

// lookEvery is how often progress is shown.
const lookEvery = time.Second

// measure lets an engine work for the window and says what it did. look, if not nil, is called about once a second.
func (r *run) measure(ctx context.Context, name string, engine *child, count counter, look func() error) (window, error) {
	first, err := r.read(ctx, engine, count)
	if err != nil {
		return window{}, err
	}
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	end := time.After(r.o.Window)
	most := int64(0)
	for last := first; ; {
		select {
		case <-ctx.Done():
			return window{}, ctx.Err()
		case <-end:
			last, err = r.read(ctx, engine, count)
			w := first.until(last)
			w.inFlight = max(w.inFlight, most)
			return w, err
		case <-ticker.C:
		}
		now, err := r.read(ctx, engine, count)
		if err != nil {
			return window{}, err
		}
		r.show(name, first, last, now)
		last, most = now, max(most, now.checks.inFlight)
		if look != nil {
			if err := look(); err != nil {
				return window{}, err
			}
		}
	}
}

// show tells of the last second.
func (r *run) show(name string, first, last, now clocks) {
	w := last.until(now)
	r.o.Progress(fmt.Sprintf("%s: %3.0f of %.0f s, %.0f checks/s, %.2f cores", name, now.at.Sub(first.at).Seconds(), r.o.Window.Seconds(),
		float64(w.checks)/w.took.Seconds(), w.engine.total().Seconds()/w.took.Seconds()))
}

// figures puts the window of an engine into the terms of a report.
func (r *run) figures(name string, w window, engine *child) *Figures {
	checks := max(float64(w.checks), 1)
	cores := func(d time.Duration) float64 { return d.Seconds() / w.took.Seconds() }
	micros := func(d time.Duration) float64 { return float64(d.Microseconds()) / checks }
	f := &Figures{
		Name: name, CompletedPerS: float64(w.checks) / w.took.Seconds(),
		CPU:      CPU{Engine: micros(w.engine.own), Forked: micros(w.engine.forked), Total: micros(w.engine.total())},
		InFlight: w.inFlight, Cores: cores(w.engine.total()), TargetCores: cores(w.target.total()),
	}
	f.OtherCores = max(0, cores(w.machine-w.engine.total()-w.target.total()))
	f.RSS, f.PeakRSS = memory(engine.pid)
	return f
}
