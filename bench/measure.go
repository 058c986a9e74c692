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

// lastLook bounds how long the clocks are read for when the run was stopped.
const lastLook = 10 * time.Second

// measure lets an engine work for the window and says what it did; less than the window if ctx ends, which is no error once a
// second was measured. look, if not nil, is called about once a second.
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
			if time.Since(first.at) < time.Second {
				return window{}, ctx.Err()
			}
			r.stopped = true
			return r.close(ctx, first, most, engine, count)
		case <-end:
			return r.close(ctx, first, most, engine, count)
		case <-ticker.C:
		}
		now, err := r.read(ctx, engine, count)
		if err != nil {
			if ctx.Err() != nil {
				continue
			}
			return window{}, err
		}
		r.show(name, first, last, now)
		last, most = now, max(most, now.checks.inFlight)
		if look != nil && ctx.Err() == nil {
			if err := look(); err != nil && ctx.Err() == nil {
				return window{}, err
			}
		}
	}
}

// close reads the clocks for the last time.
func (r *run) close(ctx context.Context, first clocks, most int64, engine *child, count counter) (window, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLook)
	defer cancel()
	last, err := r.read(ctx, engine, count)
	w := first.until(last)
	w.inFlight = max(w.inFlight, most)
	return w, err
}

// say tells how things are.
func (r *run) say(format string, args ...any) { r.o.Progress(r.step + fmt.Sprintf(format, args...)) }

// show tells of the last second.
func (r *run) show(name string, first, last, now clocks) {
	w := last.until(now)
	left := max(0, r.o.Window-now.at.Sub(first.at)).Round(time.Second)
	r.say("%s: %s checks/s, %.2f cores, %v to go", name, thousands(int(float64(w.checks)/w.took.Seconds())), w.engine.total().Seconds()/w.took.Seconds(), left)
}

// figures puts the window of an engine into the terms of a report.
func (r *run) figures(name string, w window, engine *child) *Figures {
	checks := max(float64(w.checks), 1)
	cores := func(d time.Duration) float64 { return d.Seconds() / w.took.Seconds() }
	micros := func(d time.Duration) float64 { return float64(d.Microseconds()) / checks }
	f := &Figures{
		Name: name, CompletedPerS: float64(w.checks) / w.took.Seconds(), took: w.took,
		OfferedPerS: float64(r.count(r.scenario.measured())) / r.o.Interval.Seconds(),
		CPU:         CPU{Engine: micros(w.engine.own), Forked: micros(w.engine.forked), Total: micros(w.engine.total())},
		InFlight:    w.inFlight, Cores: cores(w.engine.total()), TargetCores: cores(w.target.total()),
	}
	f.OtherCores = max(0, cores(w.machine-w.engine.total()-w.target.total()))
	f.RSS, f.PeakRSS = memory(engine.pid)
	f.BytesPerService = f.RSS / int64(r.o.Services)
	return f
}
