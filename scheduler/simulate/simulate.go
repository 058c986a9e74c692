// Package simulate knows what would happen: it plays a script of outages against a real configuration. The engine is the
// very scheduler/core that runs in earnest; only time and the targets are made up here. Nothing is checked, nobody is
// told, and no clock is read, so that a day passes in seconds, and the same script gives the same answer each time.
package simulate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
	"github.com/onbu/onbu/scheduler/timetable"
)

// Options of a run. The zero value is fit to use.
type Options struct {
	// Progress, if not nil, is called now and then with how much of the time has been played.
	Progress func(played, all time.Duration)
	// Triggers compiles the triggers of the inventory; without it none run. In a simulation they count where the script gives
	// performance data, and where they do not fail: what was never measured is not a problem.
	Triggers func(*monitor.Inventory) core.Judge
	// Most bounds how many changes of states and notifications the report may have; 0 does not. With more, Run ends with ErrTooMuch.
	Most int
}

// ErrTooMuch says that a report would have more than Options.Most.
var ErrTooMuch = errors.New("more happens than a report has room for")

// seed is what the core is born with.
func (o *Options) seed(begin monitor.Time) core.Seed {
	s := core.Seed{Start: begin}
	if o.Triggers != nil {
		s.Triggers = func(inv *monitor.Inventory) core.Judge { return lenient{o.Triggers(inv)} }
	}
	return s
}

// lenient runs triggers where something was measured.
type lenient struct{ strict core.Judge }

// Judge implements core.Judge.
func (l lenient) Judge(triggers []uint32, s *core.Sight) core.Judgement {
	if s.Result.Perfdata != "" {
		if j := l.strict.Judge(triggers, s); j.Wrong == "" {
			return j
		}
	}
	return core.Judgement{Own: s.Result}
}

// Run plays a script that was read against this very inventory, the only one of its generation. The engine has run
// before the script begins for as long as it takes to see every target answer once. An error means that the inventory
// cannot be used, or that ctx ended.
func Run(ctx context.Context, inv *monitor.Inventory, s *Script, o Options) (*Report, error) {
	begin := s.start.Add(-warmUp(inv))
	c, err := core.New(inv, 1, o.seed(begin))
	if err != nil {
		return nil, err
	}
	p := &player{
		ctx: ctx, options: o, core: c, inv: inv, script: s, now: begin, wake: begin,
		world: newWorld(inv), flights: make([]flight, inv.Objects()), landing: timetable.New(inv.Objects(), begin),
	}
	c.Begin(begin)
	if err := p.pass(s.start); err != nil {
		return nil, err
	}
	p.record = newRecorder(c, s)
	for i := range s.events {
		if err := p.play(&s.events[i]); err != nil {
			return nil, err
		}
	}
	if err := p.pass(s.until); err != nil {
		return nil, err
	}
	return p.record.finish(), nil
}

// warmUp gives how long before the script the engine begins: it lays the first checks of 50 objects into a second, and
// none further away than its interval.
func warmUp(inv *monitor.Inventory) time.Duration {
	longest := time.Duration(0)
	for i := range inv.Policies {
		longest = max(longest, inv.Policies[i].CheckInterval)
	}
	return min(longest, time.Duration(1+inv.Objects()/50)*time.Second) + time.Minute
}

// player drives a core through time.
type player struct {
	ctx     context.Context
	options Options
	core    *core.Core
	inv     *monitor.Inventory
	script  *Script
	world   *world
	record  *recorder // nil before the script begins
	now     monitor.Time
	wake    monitor.Time // when the core wants to be called
	flights []flight     // of each object: the check that is on its way
	landing *timetable.Wheel
	landed  []timetable.Due   // scratch of step
	result  [1]monitor.Result // scratch of land
	d       core.Decisions
	steps   int
}

// flight is a check on its way.
type flight struct {
	seq     uint32
	sent    monitor.Time
	outcome *monitor.Outcome // what it will say
}

// pass lets time pass until end and does everything that is due by then.
func (p *player) pass(end monitor.Time) error {
	for {
		next := end + 1
		if p.wake != 0 {
			next = min(next, p.wake)
		}
		if land, ok := p.landing.Next(); ok {
			next = min(next, land)
		}
		if next > end {
			p.now = max(p.now, end)
			return nil
		}
		if err := p.breathe(); err != nil {
			return err
		}
		p.now = max(p.now, next)
		p.step()
	}
}

// step does what is due now: answers come in before anything new is asked.
func (p *player) step() {
	p.landed = p.landing.Advance(p.now, p.landed[:0])
	for _, due := range p.landed {
		p.land(due.Item)
	}
	if p.wake == 0 || p.wake > p.now {
		return
	}
	p.core.Tick(p.now, &p.d)
	p.carryOut()
	if p.wake != 0 && p.wake <= p.now {
		p.wake = p.now.Add(time.Millisecond)
	}
}

// land hands the answer to an object's check in.
func (p *player) land(id monitor.ID) {
	f := &p.flights[id]
	p.result[0] = monitor.Result{
		Shard: p.inv.Shard, Epoch: 1, Object: id, Seq: f.seq, Poller: "simulated", Module: "simulate",
		Started: f.sent, Finished: p.now, Outcome: *f.outcome,
	}
	p.core.Observe(p.now, p.result[:], &p.d)
	p.carryOut()
}

// carryOut does what the core decided: checks set off, the rest is written down.
func (p *player) carryOut() {
	p.wake = p.d.Wake
	for i := range p.d.Jobs {
		j := &p.d.Jobs[i]
		outcome, takes := p.world.look(j)
		p.flights[j.Object] = flight{seq: j.Seq, sent: p.now, outcome: outcome}
		p.landing.Set(j.Object, p.now.Add(takes))
	}
	if p.record != nil {
		p.record.take(p.now, &p.d)
	}
	p.d.Reset()
}

// breathe says how far it is, and whether somebody wants it to stop.
func (p *player) breathe() error {
	if r := p.record; r != nil && p.options.Most > 0 && len(r.report.States)+len(r.report.Notifications) > p.options.Most {
		return fmt.Errorf("simulation ended at %v: %w", p.now.Sub(p.script.start).Round(time.Second), ErrTooMuch)
	}
	if p.steps++; p.steps%4096 != 0 {
		return nil
	}
	if p.options.Progress != nil && p.record != nil {
		p.options.Progress(p.now.Sub(p.script.start), p.script.until.Sub(p.script.start))
	}
	if err := p.ctx.Err(); err != nil {
		return fmt.Errorf("simulation ended at %v: %w", p.now.Sub(p.script.start).Round(time.Second), err)
	}
	return nil
}
