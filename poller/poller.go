// Package poller knows how a poller daemon lives: it says how much room it has, takes jobs in batches, finds the module
// that runs each command line without forking or runs it as a plugin, and sends the results back in batches that it
// keeps until they are stored.
package poller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/pulse"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

const (
	wantEvery = 500 * time.Millisecond
	// wantSoon is how long room that has just come may grow before the schedulers hear of it.
	wantSoon = 5 * time.Millisecond
	// A scheduler that sent nothing for so long does not count any more when the room is shared out.
	schedulerGone = 10 * time.Second
	// stopWait is how long checks under way may take when the poller ends.
	stopWait = 3 * time.Second
	// giveUpWait is how long they may take when others stand ready for them.
	giveUpWait = 300 * time.Millisecond
)

// Options is what a poller needs; Metrics may be nil, everything else is required but Forks.
type Options struct {
	// Name is unique among pollers; Boot is unique to this start.
	Name, Boot string
	// Pools are the poller_tags that it serves; "" is the pool of untagged checks.
	Pools []string
	// Slots is how many checks may be under way at once that need a goroutine, and mostly a descriptor. Checks in modules
	// with an engine of their own count for a thirty-second.
	Slots int
	// Forks is how many plugins the fork module runs at once; 0 if there is no bound. It may get a few times as many, to
	// choose from.
	Forks int
	// Busy says whether the machine has done all it can since it was called last; nil for what the runtime and the kernel say.
	Busy   func() bool
	Bus    bus.Conn
	Probes *Probes
	// Remembering are the modules that are asked for what a host said last.
	Remembering []modules.Remembering
	Log         *slog.Logger
	Metrics     *metrics.Set
	// Chronicle is told what the daemon decides by itself; nil for nobody.
	Chronicle monitor.Chronicle
}

// Poller is a poller daemon.
type Poller struct {
	o       Options
	results *collector
	room    *room
	crew    crew
	checks  context.Context // of checks in goroutines
	refused *metrics.Counter
	dropped *metrics.Counter

	draining atomic.Bool

	pulse   pulse.Pulse // of announce
	unheard bool        // whether the last want was lost; only announce touches it

	// What take alone touches. The strings of jobs lie in the message.
	decoder wire.Decoder
	jobs    wire.Jobs
}

// New builds a poller; nothing is opened before Run.
func New(o Options) *Poller {
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	p := &Poller{
		o:       o,
		room:    newRoom(o.Slots, o.Forks, o.Busy, newEnds(o.Metrics)),
		refused: o.Metrics.NewCounter("onbu_poller_jobs_refused_total"),
		dropped: o.Metrics.NewCounter("onbu_poller_unreadable_messages_total"),
	}
	p.decoder.Alias = true
	p.crew.work = p.work
	p.results = newCollector(o.Bus, o.Name, o.Boot, o.Log, o.Metrics)
	p.room.measure(o.Metrics)
	o.Metrics.NewGauge("onbu_poller_slots", func() float64 { return float64(o.Slots) })
	o.Metrics.NewGauge("onbu_poller_command_lines", func() float64 { return float64(o.Probes.Len()) })
	return p
}

// Load says how much the poller does, for its heartbeat.
func (p *Poller) Load() map[string]int64 {
	running, waiting := p.room.load()
	return map[string]int64{"running": int64(running), "waiting": int64(waiting), "slots": int64(p.o.Slots)}
}

// Drain takes no more jobs, gives back those that come all the same, and returns when none is under way or waits, or ctx ends.
func (p *Poller) Drain(ctx context.Context) {
	p.draining.Store(true)
	signal(p.room.nudge)
	for ctx.Err() == nil {
		if running, waiting := p.room.load(); running+waiting == 0 {
			return
		}
		sleep(ctx, wantSoon)
	}
}

// Resume takes jobs again after Drain.
func (p *Poller) Resume() {
	p.draining.Store(false)
	signal(p.room.nudge)
}

// Run takes jobs until ctx ends; then it says that it leaves, waits a little for the checks under way and sends what they
// found. What takes longer it forgets: that is issued again. It is called once.
func (p *Poller) Run(ctx context.Context) error {
	if err := p.o.Bus.Ready(ctx); err != nil {
		return err
	}
	checks, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	p.checks = checks
	stop, err := p.o.Bus.Subscribe(bus.Jobs(p.o.Name), p.take)
	if err != nil {
		return fmt.Errorf("listening for jobs: %w", err)
	}
	stopRecalling, err := p.o.Bus.Subscribe(bus.Remembered(p.o.Name), p.recall)
	if err != nil {
		stop()
		return fmt.Errorf("listening for questions: %w", err)
	}
	defer stopRecalling()
	sending, stopSending := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSending()
	var wg sync.WaitGroup
	wg.Go(func() { p.results.run(sending) })
	var tending sync.WaitGroup
	tending.Go(func() { p.tend(ctx) })
	p.announce(ctx)
	stop()
	tending.Wait()
	patience := stopWait
	if errors.Is(context.Cause(ctx), monitor.ErrGiveUp) {
		patience = giveUpWait
	}
	select {
	case <-p.room.close():
	case <-time.After(patience):
	}
	p.room.forget()
	cancel()
	p.crew.end()
	stopSending()
	wg.Wait()
	p.say(wire.Want{Left: true})
	return nil
}

// announce says how much room there is until ctx ends, and then that there is none.
func (p *Poller) announce(ctx context.Context) {
	defer p.pulse.End()
	for {
		p.pulse.Beat()
		now := time.Now()
		if window, aside := p.room.window(now); p.draining.Load() {
			p.want(0, aside)
		} else {
			p.want(window, aside)
		}
		p.crew.dismiss(now.Add(-idleAfter))
		select {
		case <-time.After(wantEvery):
		case <-p.room.nudge:
			sleep(ctx, wantSoon)
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			p.want(0, nil)
			return
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func (p *Poller) want(window int, aside map[string]uint32) {
	p.say(wire.Want{Window: uint32(window), Aside: aside, Heard: p.room.heard(time.Now()), Counts: true})
}

// say tells the schedulers something for each pool.
func (p *Poller) say(w wire.Want) {
	for _, pool := range p.o.Pools {
		w.Poller, w.Boot, w.Pool = p.o.Name, p.o.Boot, pool
		err := p.o.Bus.Publish(bus.Want(pool), wire.Marshal(w))
		if err != nil && !p.unheard {
			p.o.Log.Warn("the schedulers do not hear that there is room; said once until they do", "pool", pool, "error", err)
		}
		p.unheard = err != nil
	}
}
