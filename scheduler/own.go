package scheduler

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/onbu/onbu/internal/boottime"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/scheduler/core"
	"github.com/onbu/onbu/scheduler/spread"
	"github.com/onbu/onbu/scheduler/trigger"
)

// restoreStuck is how long a shard that is being restored may go on with nothing read before its lease is not renewed any more.
const restoreStuck = 20 * time.Second

// own takes the lease of a shard, which has that revision, claims it, restores it and runs it until ctx ends or it is lost.
// bus.ErrConflict says that another one took the lease.
func (s *Scheduler) own(ctx context.Context, id monitor.Shard, revision uint64, t taking) error {
	l := newLease(s.bus, uint16(id), s.keeper.me, s.keeper.picture.wrote)
	if err := l.take(ctx, revision); err != nil {
		if !errors.Is(err, bus.ErrConflict) {
			s.keeper.picture.excuse(id)
		}
		return err
	}
	hush, err := l.answer()
	if err != nil {
		return errors.Join(err, s.free(l))
	}
	defer hush()
	sh, err := s.restoring(ctx, id, l)
	if err != nil {
		if errors.Is(err, errLost) || errors.Is(err, bus.ErrFenced) {
			return err
		}
		return errors.Join(err, s.free(l))
	}
	s.mu.Lock()
	s.shards[id] = sh
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.shards, id)
		s.mu.Unlock()
		s.jobs.drop(id)
		s.census.drop(id)
	}()
	l.works(uint64(sh.epoch))
	s.keeper.working(id)
	s.took(sh, t)
	go s.makeUp(ctx, sh, sh.obeyedOf(sh.core.Inventory()))
	go s.catchUp(ctx, sh)
	return sh.run(ctx)
}

// free gives a lease up for whoever wants it.
func (s *Scheduler) free(l *lease) error {
	ctx, cancel := context.WithTimeout(context.Background(), renewEvery)
	defer cancel()
	return l.release(ctx, spread.Nobody, false)
}

// took tells that a shard was taken.
func (s *Scheduler) took(sh *shard, t taking) {
	after := boottime.Since(t.since)
	s.meter.took(t.why.kind, after)
	s.log.Debug("shard taken", "shard", sh.id, "why", t.why.text, "after", after)
	s.chronicle.Tell(monitor.ShardTaken, fmt.Sprint("shard ", sh.id), fmt.Sprintf("%s; it was taken and restored in %s", t.why.text, after.Round(time.Millisecond)))
}

// makeUp gives commands again that an owner before carried out for hosts that are elsewhere now: perhaps it ended before it could.
func (s *Scheduler) makeUp(ctx context.Context, sh *shard, commands []command.Request) {
	if len(commands) > 0 {
		sh.sendAfter(ctx, &belated{commands: commands, g: *s.generation.Load(), reader: s.reader(s.bus)})
	}
}

// catchUp adopts the configuration that came while the shard was restored, if one did.
func (s *Scheduler) catchUp(ctx context.Context, sh *shard) {
	if g := s.generation.Load(); g.Number != sh.generation.Load() {
		s.adopt(ctx, sh, *g)
	}
}

// restoring restores a shard, and keeps its lease meanwhile as long as it gets on.
func (s *Scheduler) restoring(ctx context.Context, id monitor.Shard, l *lease) (*shard, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	read := &progress{Conn: s.bus}
	read.on()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for sleep(ctx, renewEvery) == nil {
			if time.Since(*read.last.Load()) > restoreStuck {
				continue
			}
			if err := l.renew(ctx); errors.Is(err, errLost) {
				cancel(err)
			}
		}
	}()
	sh, err := s.restore(ctx, id, l, read)
	if err != nil && ctx.Err() != nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	cancel(nil)
	<-done // the lease is the shard's own from here on
	return sh, err
}

// progress is a bus that knows when something was last read from it.
type progress struct {
	bus.Conn
	last atomic.Pointer[time.Time]
}

func (p *progress) on() {
	now := time.Now()
	p.last.Store(&now)
}

// Replay implements bus.Journal.
func (p *progress) Replay(ctx context.Context, shard uint16, after uint64, handle func([]bus.Msg) error) (uint64, error) {
	return p.Conn.Replay(ctx, shard, after, func(msgs []bus.Msg) error {
		p.on()
		return handle(msgs)
	})
}

// Blob implements bus.Blobs.
func (p *progress) Blob(ctx context.Context, b bus.Bucket, name string) ([]byte, error) {
	defer p.on()
	return p.Conn.Blob(ctx, b, name)
}

// restore claims the shard and brings its core to where the journal ends, with what it reads from there.
func (s *Scheduler) restore(ctx context.Context, id monitor.Shard, l *lease, from bus.Conn) (*shard, error) {
	began := time.Now()
	g := *s.generation.Load()
	inv, err := s.inventory(ctx, g, id)
	if err != nil {
		return nil, err
	}
	if !l.holds() { // who was stopped meanwhile must not take the fence from another owner
		return nil, errLost
	}
	fence, err := s.bus.Claim(ctx, uint16(id), wire.Marshal(l.value()))
	if err != nil {
		return nil, fmt.Errorf("claiming shard %d: %w", id, err)
	}
	sh := &shard{
		id: id, epoch: monitor.Epoch(fence.Seq), bus: s.bus, log: s.log.With("shard", id), meter: s.meter, jobs: s.jobs, lease: l, census: &s.census,
		journal: newJournal(s.bus, s.log, fence, s.boot, l.left), traces: newTraces(s.bus, s.name), snapshots: s.snapshots, homes: s.homes,
		inbox: make(chan func(monitor.Time), inboxSize), ended: make(chan struct{}), heir: s.keeper.heir, chronicle: s.chronicle, poison: s.poison, before: s.beforeStep,
		perf:    newPerf(s.bus, id, l, s.meter, s.log),
		decoder: wire.Decoder{Alias: true}, nudges: nudges{decoder: wire.Decoder{Alias: true}},
	}
	if sh.core, err = core.New(inv, sh.epoch, core.Seed{Start: s.start, Triggers: trigger.Compile}); err != nil {
		return nil, fmt.Errorf("shard %d: %w", id, err)
	}
	memory, err := sh.replay(ctx, s.reader(from), g)
	if err != nil {
		return nil, err
	}
	sh.core.Begin(now())
	begun := time.Now()
	sh.covered.Store(&begun)
	sh.count(g.Number)
	sh.log.Debug("shard restored", "epoch", sh.epoch, "objects", inv.Objects(), "replayed", memory.Replayed, "took", time.Since(began))
	return sh, nil
}
