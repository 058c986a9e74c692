package faults

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onbu/onbu/monitor"
)

// How a poller is made slow: it runs for a tenth of the time.
const (
	slowStep  = 500 * time.Millisecond
	slowShare = 10
)

// pollerSlow is row 5: a poller that stands still, and then one that does a tenth of what it did. The others have to do what they did
// as fast as before, and what was given to it in time.
func pollerSlow() Row {
	return Row{Name: "poller-slow", Number: 5, About: "a poller is stopped, and then ten times slower than the others", Takes: 2 * time.Minute, bound: pollerBound * time.Second, run: func(ctx context.Context, s *Site, f *Finding) error {
		calmFor, slowFor := 30*time.Second, 30*time.Second
		if s.o.Quick {
			calmFor, slowFor = 10*time.Second, 12*time.Second
		}
		victim := s.Daemons("poller")[0]
		others := func(c *monitor.Check) bool { return c.Poller != victim.On.Name }
		began := time.Now()
		if err := pause(ctx, calmFor); err != nil {
			return err
		}
		stopped := time.Now()
		s.say("%s is stopped for %v", victim.Name(), slowFor)
		if err := errors.Join(victim.Freeze(), pause(ctx, slowFor), victim.Thaw(), pause(ctx, 5*time.Second)); err != nil {
			return err
		}
		slow := time.Now()
		s.say("%s runs a tenth of the time for %v", victim.Name(), slowFor)
		if err := victim.limp(ctx, slowFor); err != nil {
			return err
		}
		ended := time.Now()
		if err := pause(ctx, 3*time.Second); err != nil {
			return err
		}
		e, err := s.gather(ctx)
		if err != nil {
			return err
		}
		before := quantile(e.latencies(began, stopped, others), 0.99)
		f.Know("latency of the others' checks before, p99", round(before))
		// What it had when it stopped is given to others when it has been silent for 5 s, and is late.
		f.unchanged("the same while it is stopped, from the 7th second on", quantile(e.latencies(stopped.Add(7*time.Second), stopped.Add(slowFor), others), 0.99), before)
		f.unchanged("the same while it is slow", quantile(e.latencies(slow.Add(7*time.Second), ended, others), 0.99), before)
		f.Know("checks that the slow one made, of all", fmt.Sprintf("%d of %d", len(e.latencies(slow, ended, func(c *monitor.Check) bool { return !others(c) })), len(e.latencies(slow, ended, func(*monitor.Check) bool { return true }))))
		f.AtMost("longest time between two checks of a service", quantile(e.pauses(began), 1), (interval+pollerBound)*time.Second)
		return nil
	}}
}

// noise is what a figure may be greater on a machine that has other things to do as well.
const noise = 20 * time.Millisecond

// unchanged notes a duration that should be what it was before.
func (f *Finding) unchanged(what string, got, before time.Duration) {
	limit := before + before/10 + noise
	f.Figures = append(f.Figures, Figure{what, round(got), "<= 110 % of before and " + round(noise), got <= limit})
}

// limp lets a process run for a tenth of a time.
func (d *Daemon) limp(ctx context.Context, long time.Duration) error {
	for end := time.Now().Add(long); time.Now().Before(end); {
		err := errors.Join(d.Freeze(), pause(ctx, slowStep-slowStep/slowShare), d.Thaw(), pause(ctx, slowStep/slowShare))
		if err != nil {
			return err
		}
	}
	return nil
}
