package arbiter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/recall"
)

// enforce stores a configuration as a new generation and points to it, unless the one in force is the same.
func (a *Arbiter) enforce(ctx context.Context, c *objects.Config) error {
	began := time.Now()
	next, err := a.compile(ctx, c)
	if err != nil {
		return err
	}
	if next.hash == next.now.Hash {
		a.inForce = inForce{next.now.Number, next.sums}
		a.outcome = wire.Reloaded{Generation: next.now.Number, Shards: next.now.Shards}
		a.o.Log.Info("configuration unchanged", "generation", next.now.Number)
		return a.sign(ctx, next, c)
	}
	g, err := a.prepare(ctx, next, c)
	if err != nil {
		return err
	}
	if err := a.point(ctx, next, g); err != nil {
		return err
	}
	a.inForce = inForce{g.Number, next.sums}
	a.outcome = wire.Reloaded{Generation: g.Number, Shards: g.Shards, Changed: changed(g)}
	plan := next.result.Plan
	a.o.Log.Info("configuration in force", "generation", g.Number, "changed", changed(g), "hosts", len(c.Hosts), "services", len(c.Services),
		"packs", plan.Packs, "moved", plan.Moved, "took", time.Since(began).Round(time.Millisecond))
	a.o.Chronicle.Tell(monitor.InForce, fmt.Sprint("generation ", g.Number), fmt.Sprintf("%d of %d shards changed, %d hosts and %d services", changed(g), g.Shards, len(c.Hosts), len(c.Services)))
	if err := a.forget(ctx, g); err != nil {
		a.o.Log.Warn("old generations stay stored until the next reload", "error", err)
	}
	return nil
}

// candidate is a configuration that was compiled against the generation in force.
type candidate struct {
	entry  bus.Entry // the pointer to the generation in force
	now    wire.Generation
	before func(string) (monitor.Shard, bool)
	result *compile.Result
	hash   string
	sums   []sum
}

func (a *Arbiter) compile(ctx context.Context, c *objects.Config) (*candidate, error) {
	var next candidate
	var err error
	if next.entry, next.now, err = a.current(ctx); err != nil {
		return nil, err
	}
	shards, err := a.shards(next.now)
	if err != nil {
		return nil, err
	}
	if next.before, err = a.before(ctx, next.now); err != nil {
		return nil, err
	}
	next.result = compile.Compile(c, shards, 0, next.before)
	next.result.Piggyback.Sites = here(next.result.Piggyback.Sites, a.o.Site)
	next.hash, next.sums = fingerprint(next.result)
	return &next, nil
}

// prepare stores all of a new generation.
func (a *Arbiter) prepare(ctx context.Context, next *candidate, c *objects.Config) (wire.Generation, error) {
	now, source := next.now, Absolute(a.o.Main)
	if now.Source != "" && now.Source != source {
		a.o.Log.Warn("another main file was in force", "was", now.Source, "of", now.By, "is", source)
	}
	number, err := a.reserve(ctx, now.Number)
	if err != nil {
		return wire.Generation{}, err
	}
	g := wire.Generation{
		Number: number, Shards: uint16(len(next.result.Inventories)), Hash: next.hash, Source: source, Moved: now.Moved,
		Stands: a.stands(now, number, next.sums), Weights: weights(next.result.Inventories),
		Epoch: max(a.epoch, 1), By: a.o.Name, Texts: c.Sum,
	}
	g.PollerTags, g.ReactionnerTags = tagsOf(next.result.Inventories)
	if err := a.store(ctx, next.result, g); err != nil {
		return g, err
	}
	if next.result.Plan.Moved > 0 {
		// As late as can be: of what the old owners record from here on only the last passive results and the commands follow.
		reader := recall.Reader{Bus: a.o.Bus, Log: a.o.Log}
		if _, err := reader.Leave(ctx, next.result.Inventories, next.before, now); err != nil {
			return g, fmt.Errorf("reading what moves: %w", err)
		}
		g.Moved = number
	}
	return g, nil
}

// sign says whose files are in force, where these are new files that mean the same.
func (a *Arbiter) sign(ctx context.Context, next *candidate, c *objects.Config) error {
	g := next.now
	g.By, g.Texts, g.Source = a.o.Name, c.Sum, Absolute(a.o.Main)
	g.PollerTags, g.ReactionnerTags = tagsOf(next.result.Inventories) // an older arbiter did not say
	if g.By == next.now.By && g.Texts == next.now.Texts && g.Source == next.now.Source &&
		slices.Equal(g.PollerTags, next.now.PollerTags) && slices.Equal(g.ReactionnerTags, next.now.ReactionnerTags) {
		a.differs.Store(false)
		return nil
	}
	return a.point(ctx, next, g)
}

// point brings a generation into force, if this arbiter still leads and nothing else has come into force.
func (a *Arbiter) point(ctx context.Context, next *candidate, g wire.Generation) error {
	if !a.lease.Holds() {
		if err := a.lease.Renew(ctx); err != nil {
			return fmt.Errorf("generation %d is not in force: %w", g.Number, err)
		}
	}
	if err := a.putOnce(ctx, currentKey, wire.Marshal(g), next.entry.Revision); err != nil {
		return fmt.Errorf("pointing to generation %d (does another arbiter lead?): %w", g.Number, err)
	}
	a.epoch = g.Epoch
	a.differs.Store(false)
	return nil
}

// recognise says whether the configuration in force is that of these files, and goes on with it if it is.
func (a *Arbiter) recognise(ctx context.Context, c *objects.Config, now wire.Generation) (bool, error) {
	whole, t, err := a.dynamic.try(c)
	if err != nil {
		a.dynamic.undo(t)
		return false, nil
	}
	next, err := a.compile(ctx, whole)
	if err != nil || next.hash != now.Hash && c.Sum != now.Texts {
		a.dynamic.undo(t)
		return false, err
	}
	if next.hash == now.Hash {
		a.inForce = inForce{now.Number, next.sums}
	}
	a.differs.Store(false)
	a.dynamic.settle()
	return true, nil
}

// shards gives the number of shards: that of the generation in force, if there is one. States lie in shards, and nothing
// carries them into another number of them.
func (a *Arbiter) shards(now wire.Generation) (int, error) {
	switch {
	case now.Number == 0 && a.o.Shards == 0:
		return compile.DefaultShards, nil
	case now.Number == 0:
		return a.o.Shards, nil
	case a.o.Shards != 0 && a.o.Shards != int(now.Shards):
		return 0, fmt.Errorf("this installation has %d shards, and their number cannot be changed: leave --shards out, or begin with an empty bus (another --state)", now.Shards)
	}
	return int(now.Shards), nil
}

// reserve gives a number above that of the generation in force. No other arbiter gets the same, so that two that read
// the files at the same moment never store into each other's generation.
func (a *Arbiter) reserve(ctx context.Context, inForce uint64) (number uint64, err error) {
	err = persist(ctx, func() error { // a number that was written without an answer is left out
		number, err = a.tryReserve(ctx, inForce)
		return err
	})
	return number, err
}

func (a *Arbiter) tryReserve(ctx context.Context, inForce uint64) (uint64, error) {
	entry, err := a.o.Bus.Get(ctx, bus.CFG, reservedKey)
	if err != nil && !errors.Is(err, bus.ErrNotFound) {
		return 0, fmt.Errorf("number of the next generation: %w", err)
	}
	var reserved uint64
	if err == nil {
		if err := wire.Unmarshal(entry.Value, &reserved); err != nil {
			return 0, fmt.Errorf("number of the next generation: %w", err)
		}
	}
	next := max(reserved, inForce) + 1
	if _, err := a.o.Bus.Put(ctx, bus.CFG, reservedKey, wire.Marshal(next), entry.Revision); err != nil {
		return 0, fmt.Errorf("reserving number %d for the next generation (does another arbiter run?): %w", next, err)
	}
	return next, nil
}
