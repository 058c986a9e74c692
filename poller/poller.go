// Package poller knows how a poller daemon lives: it says how much room it has, takes jobs in batches, finds the module
// that runs each command line without forking or runs it as a plugin, and sends the results back in batches that it
// keeps until they are stored.
package poller

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

const (
	wantEvery = 500 * time.Millisecond
	// A scheduler that sent nothing for so long does not count any more when the room is shared out.
	schedulerGone = 10 * time.Second
	// stopWait is how long checks under way may take when the poller ends.
	stopWait = 3 * time.Second
)

// Options is what a poller needs; Metrics may be nil, everything else is required.
type Options struct {
	// Name is unique among pollers; Boot is unique to this start.
	Name, Boot string
	// Pools are the poller_tags that it serves; "" is the pool of untagged checks.
	Pools []string
	// Slots is how many checks may be under way at once.
	Slots   int
	Bus     bus.Conn
	Probes  *Probes
	Log     *slog.Logger
	Metrics *metrics.Set
}

// Poller is a poller daemon.
type Poller struct {
	o       Options
	results *collector
	running atomic.Int64
	refused *metrics.Counter
	dropped *metrics.Counter

	unheard bool // whether the last want was lost; only announce touches it

	mu         sync.Mutex
	schedulers map[string]time.Time // who sent jobs, and when last
	decoder    wire.Decoder
}

// New builds a poller; nothing is opened before Run.
func New(o Options) *Poller {
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	p := &Poller{
		o: o, schedulers: map[string]time.Time{},
		refused: o.Metrics.NewCounter("onbu_poller_jobs_refused_total"),
		dropped: o.Metrics.NewCounter("onbu_poller_unreadable_messages_total"),
	}
	p.results = newCollector(o.Bus, o.Name, o.Boot, o.Log, o.Metrics)
	o.Metrics.NewGauge("onbu_poller_running", func() float64 { return float64(p.running.Load()) })
	o.Metrics.NewGauge("onbu_poller_slots", func() float64 { return float64(o.Slots) })
	o.Metrics.NewGauge("onbu_poller_command_lines", func() float64 { return float64(o.Probes.Len()) })
	return p
}

// Load says how much the poller does, for its heartbeat.
func (p *Poller) Load() map[string]int64 {
	return map[string]int64{"running": p.running.Load(), "slots": int64(p.o.Slots)}
}

// Run takes jobs until ctx ends; then it says that it leaves, waits a little for the checks under way and sends what they
// found. Of checks that take longer it says nothing: they are issued again.
func (p *Poller) Run(ctx context.Context) error {
	if err := p.o.Bus.Ready(ctx); err != nil {
		return err
	}
	checks, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var wg sync.WaitGroup
	stop, err := p.o.Bus.Subscribe(bus.Jobs(p.o.Name), func(m bus.Msg) { p.take(checks, &wg, m) })
	if err != nil {
		return fmt.Errorf("listening for jobs: %w", err)
	}
	sending, stopSending := context.WithCancel(context.WithoutCancel(ctx))
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		p.results.run(sending)
	}()
	p.announce(ctx)
	stop()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		wg.Wait()
	}()
	select {
	case <-ended:
	case <-time.After(stopWait):
		cancel()
		<-ended
	}
	stopSending()
	<-sent
	return nil
}

// announce says how much room there is until ctx ends, and then that there is none.
func (p *Poller) announce(ctx context.Context) {
	for {
		p.want(p.window())
		select {
		case <-time.After(wantEvery):
		case <-ctx.Done():
			p.want(0)
			return
		}
	}
}

func (p *Poller) want(window int) {
	for _, pool := range p.o.Pools {
		w := wire.Want{Poller: p.o.Name, Boot: p.o.Boot, Pool: pool, Window: uint32(window)}
		err := p.o.Bus.Publish(bus.Want(pool), wire.Marshal(w))
		if err != nil && !p.unheard {
			p.o.Log.Warn("the schedulers do not hear that there is room; said once until they do", "pool", pool, "error", err)
		}
		p.unheard = err != nil
	}
}

// window shares the slots out among the schedulers that use them.
func (p *Poller) window() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, last := range p.schedulers {
		if time.Since(last) > schedulerGone {
			delete(p.schedulers, name)
		}
	}
	return max(1, p.o.Slots/max(1, len(p.schedulers)))
}

// take starts the jobs of a message, or gives back those that there is no room for.
func (p *Poller) take(ctx context.Context, wg *sync.WaitGroup, m bus.Msg) {
	var batch wire.Jobs
	if err := p.decoder.Decode(m.Data, &batch); err != nil {
		p.dropped.Inc()
		p.o.Log.Warn("unreadable jobs", "error", err)
		return
	}
	p.mu.Lock()
	p.schedulers[batch.From] = time.Now()
	p.mu.Unlock()
	room := max(0, p.o.Slots-int(p.running.Load()))
	if n := len(batch.Jobs); n > room {
		p.giveBack(wire.Jobs{From: batch.From, Jobs: batch.Jobs[room:]})
		batch.Jobs = batch.Jobs[:room]
	}
	for i := range batch.Jobs {
		p.running.Add(1)
		p.begin(ctx, wg, &batch.Jobs[i])
	}
}

// begin starts one job: in its module's own engine where it has one, else in a goroutine.
func (p *Poller) begin(ctx context.Context, wg *sync.WaitGroup, job *monitor.Job) {
	c := &check{poller: p, over: ctx, group: wg, trace: job.Trace, prepared: p.o.Probes.For(job)}
	c.begin(job)
	wg.Add(1)
	if s, ok := c.prepared.Probe.(modules.Starter); ok {
		start(s, c.until, c)
		return
	}
	go c.run()
}

func (p *Poller) giveBack(jobs wire.Jobs) {
	p.refused.Add(len(jobs.Jobs))
	if err := p.o.Bus.Publish(bus.Refused(jobs.From), wire.Marshal(jobs)); err != nil {
		p.o.Log.Warn("jobs could not be given back; they are issued again when they are overdue", "jobs", len(jobs.Jobs), "error", err)
	}
}
