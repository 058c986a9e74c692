// Package scheduler knows how a scheduler daemon lives: it takes shards by lease, claims them in the journal, runs the
// pure core of each in a goroutine of its own, hands jobs to pollers and records every decision before anybody sees its
// effect. All deciding is done in scheduler/core; here are the clock, the bus and the order of things.
package scheduler

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
	"github.com/onbu/onbu/internal/poison"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// Options is what a scheduler needs; all fields but Metrics and Chronicle are required.
type Options struct {
	// Name is unique among schedulers; Boot is unique to this start.
	Name, Boot string
	Bus        bus.Conn
	Log        *slog.Logger
	Metrics    *metrics.Set
	// Chronicle is told what the daemon decides by itself; nil for nobody.
	Chronicle monitor.Chronicle
	// BeforeStep, unless it is nil, is called by each shard's loop before each of its steps: for tests in which one gets stuck.
	BeforeStep func(monitor.Shard)
}

// Scheduler is a scheduler daemon.
type Scheduler struct {
	name, boot string
	bus        bus.Conn
	log        *slog.Logger
	chronicle  monitor.Chronicle
	poison     *poison.Bin
	meter      *meter
	jobs       *dispatcher
	census     census
	start      monitor.Time
	snapshots  *snapshots
	homes      *homes
	keeper     *keeper
	beforeStep func(monitor.Shard)

	mu         sync.Mutex
	shards     map[monitor.Shard]*shard // those that run here
	generation atomic.Pointer[wire.Generation]
}

// New builds a scheduler; nothing is opened before Run.
func New(o Options) *Scheduler {
	s := &Scheduler{
		name: o.Name, boot: o.Boot, bus: o.Bus, log: o.Log, chronicle: o.Chronicle, poison: poison.NewBin(o.Chronicle),
		beforeStep: o.BeforeStep, meter: newMeter(o.Metrics), start: now(), snapshots: newSnapshots(), homes: &homes{bus: o.Bus}, shards: map[monitor.Shard]*shard{},
	}
	s.jobs = newDispatcher(o.Name, o.Bus, o.Log, s.orphaned)
	s.keeper = newKeeper(s)
	s.jobs.chronicle = o.Chronicle
	s.meter.watch(s.jobs, s.owned)
	return s
}

// holdings is what a scheduler works on.
type holdings struct {
	shards, hosts, services int
	journal                 int64 // bytes that wait to be stored
	unheld                  int   // shards whose lease could not be renewed for long
}

func (s *Scheduler) owned() holdings {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := holdings{shards: len(s.shards)}
	for _, sh := range s.shards {
		h.hosts += int(sh.hosts.Load())
		h.services += int(sh.services.Load())
		h.journal += sh.waiting.Load()
		if !sh.lease.holds() {
			h.unheld++
		}
	}
	return h
}

// Generation is the one that all shards here work with; of several the lowest.
func (s *Scheduler) Generation() uint64 {
	var lowest uint64
	if g := s.generation.Load(); g != nil {
		lowest = g.Number
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sh := range s.shards {
		lowest = min(lowest, sh.generation.Load())
	}
	return lowest
}

// Load says what the scheduler has to do, for its heartbeat.
func (s *Scheduler) Load() map[string]int64 {
	l := s.jobs.load()
	waiting := 0
	for _, n := range l.waiting {
		waiting += n
	}
	return map[string]int64{"shards": int64(s.owned().shards), "running": int64(l.running), "waiting": int64(waiting), "journal_bytes": s.owned().journal}
}

// Run works until ctx ends; then every shard is committed, has left a snapshot and is free for others.
func (s *Scheduler) Run(ctx context.Context) error {
	if err := s.bus.Ready(ctx); err != nil {
		return err
	}
	unwant, err := s.bus.Subscribe(bus.Wants(), s.jobs.want)
	if err != nil {
		return fmt.Errorf("listening for pollers: %w", err)
	}
	defer unwant()
	unrefuse, err := s.bus.Subscribe(bus.Refused(s.name), s.jobs.refused)
	if err != nil {
		return fmt.Errorf("listening for jobs given back: %w", err)
	}
	defer unrefuse()

	unanswer, err := s.keeper.answer()
	if err != nil {
		return err
	}
	defer unanswer()

	var wg sync.WaitGroup
	defer wg.Wait()
	defer context.AfterFunc(ctx, func() { s.keeper.leaving.Store(true) })()
	wg.Go(func() { s.sweep(ctx) })
	wg.Go(func() {
		if err := s.exchangeCounts(ctx); err != nil {
			s.log.Warn("what other schedulers count is not heard; macros such as $TOTALHOSTSUP$ are empty", "error", err)
		}
	})
	wg.Go(func() { s.keeper.run(ctx) })
	err = s.bus.Watch(ctx, bus.CFG, "current", func(e bus.Entry) {
		var g wire.Generation
		if err := wire.Unmarshal(e.Value, &g); err != nil {
			s.log.Error("the pointer to the current configuration is unreadable", "error", err)
			return
		}
		s.generation.Store(&g)
		s.keeper.picture.wake()
		s.reload(ctx, g)
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// adoptPause is the pause after which a shard tries again to take a configuration that it could not.
const adoptPause = 15 * time.Second

func (s *Scheduler) sweep(ctx context.Context) {
	for sleep(ctx, sweepEvery) == nil {
		s.jobs.sweep()
	}
}

// inventory loads a shard's configuration of a generation.
func (s *Scheduler) inventory(ctx context.Context, g wire.Generation, id monitor.Shard) (*monitor.Inventory, error) {
	data, err := s.bus.Blob(ctx, bus.CFG, wire.InventoryName(g.Stand(id), id))
	if err != nil {
		return nil, fmt.Errorf("configuration of shard %d, generation %d: %w", id, g.Number, err)
	}
	inv := &monitor.Inventory{}
	if err := wire.Unmarshal(data, inv); err != nil {
		return nil, fmt.Errorf("configuration of shard %d, generation %d: %w", id, g.Number, err)
	}
	inv.Generation = g.Stand(id)
	return inv, nil
}

// reload brings the shards that run here to a new generation.
func (s *Scheduler) reload(ctx context.Context, g wire.Generation) {
	s.mu.Lock()
	running := make([]*shard, 0, len(s.shards))
	for _, sh := range s.shards {
		running = append(running, sh)
	}
	s.mu.Unlock()
	for _, sh := range running {
		s.adopt(ctx, sh, g)
	}
}

func (s *Scheduler) adopt(ctx context.Context, sh *shard, g wire.Generation) {
	if sh.stand.Load() == g.Stand(sh.id) {
		sh.generation.Store(g.Number) // nothing of it changed
		return
	}
	inv, err := s.inventory(ctx, g, sh.id)
	var came []core.Snapshot
	var left leaving
	known := sh.generation.Load()
	if err == nil {
		came, err = s.reader(s.bus).Came(ctx, sh.id, known, g)
	}
	if err == nil {
		left, err = sh.adopt(ctx, inv, came, g)
	}
	if left.some() && err == nil {
		go sh.sendAfter(ctx, &belated{left: left.results, commands: left.commands, known: known, g: g, reader: s.reader(s.bus)})
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, errEnded) {
		s.log.Error("the new configuration is not in force; the old one goes on, and it is tried again in 15 s", "shard", sh.id, "generation", g.Number, "error", err)
		go s.adoptAgain(ctx, sh, g)
	}
}

// adoptAgain tries once more to bring a shard to a generation, unless a newer one has come.
func (s *Scheduler) adoptAgain(ctx context.Context, sh *shard, g wire.Generation) {
	select {
	case <-ctx.Done():
	case <-sh.ended:
	case <-time.After(adoptPause):
		if s.generation.Load().Number == g.Number && sh.generation.Load() < g.Number {
			s.adopt(ctx, sh, g)
		}
	}
}

// orphaned hands the jobs of a dead poller back to their shard.
func (s *Scheduler) orphaned(id monitor.Shard, keys []core.JobKey) {
	s.mu.Lock()
	sh := s.shards[id]
	s.mu.Unlock()
	if sh != nil {
		go sh.orphans(context.Background(), keys)
	}
}
