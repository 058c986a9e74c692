package poller

import (
	"context"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// take begins the jobs of a message, and gives back those that there is no room for.
func (p *Poller) take(m bus.Msg) {
	if err := p.decoder.DecodeJobs(m.Data, &p.jobs); err != nil {
		p.dropped.Inc()
		p.o.Log.Warn("unreadable jobs", "error", err)
		return
	}
	now := time.Now()
	from := p.room.hear(p.jobs.From, p.jobs.Serial, now)
	if p.draining.Load() {
		p.giveBack(p.jobs)
		return
	}
	back := p.jobs.Jobs[:0]
	for i := range p.jobs.Jobs {
		job := &p.jobs.Jobs[i]
		c, ok := p.room.enter(p, job, p.o.Probes.of(job), from, now)
		switch {
		case !ok:
			back = append(back, *job)
		case c != nil:
			p.begin(c)
		}
	}
	if len(back) > 0 {
		p.giveBack(wire.Jobs{From: p.jobs.From, Jobs: back})
	}
}

// begin begins a check that has its place: in its module's own engine, or in a goroutine.
func (p *Poller) begin(c *check) {
	if c.starter != nil {
		c.start()
		return
	}
	p.crew.do(c)
}

// work makes a check in a goroutine.
func (p *Poller) work(c *check) {
	ctx, cancel := context.WithDeadline(p.checks, c.until())
	defer cancel()
	p.room.running(c, cancel)
	c.run(ctx)
}

// end sends what a check found and frees its place.
func (p *Poller) end(c *check, o *monitor.Outcome, took time.Duration) {
	if p.room.forgot.Load() {
		return // perhaps cut short by the poller's own end, which says nothing of the target
	}
	is := c.issue
	if c.starter == nil {
		var ok bool
		if is, ok = p.room.settle(c, took, o); !ok {
			return
		}
	}
	started := monitor.At(c.began)
	r := monitor.Result{
		Shard: c.key.shard, Epoch: is.epoch, Object: c.key.object, Seq: is.seq,
		Poller: p.o.Name, Module: c.module, Started: started, Finished: started.Add(took), Outcome: *o,
	}
	if c.trace != nil {
		p.follow(c.trace, &r)
	}
	p.results.add(&r)
	how := p.room.ends.answered
	if o.TimedOut {
		how = p.room.ends.timedOut
	}
	p.room.leave(c, how)
}

// tend begins what waits aside when its turn comes, and cuts checks short when slots are short, until ctx ends.
func (p *Poller) tend(ctx context.Context) {
	for ctx.Err() == nil {
		now := time.Now()
		for c := p.room.next(now); c != nil; c = p.room.next(now) {
			p.begin(c)
		}
		var again <-chan time.Time
		if left := p.room.cut(now); left > 0 {
			again = time.After(left)
		}
		select {
		case <-ctx.Done():
		case <-p.room.wake:
		case <-again:
		}
	}
}

func (p *Poller) giveBack(jobs wire.Jobs) {
	p.refused.Add(len(jobs.Jobs))
	if err := p.o.Bus.Publish(bus.Refused(jobs.From), wire.Marshal(jobs)); err != nil {
		p.o.Log.Warn("jobs could not be given back; they are issued again when they are overdue", "jobs", len(jobs.Jobs), "error", err)
	}
}
