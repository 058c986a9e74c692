package arbiter

import (
	"context"
	"fmt"

	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// store stores all of a generation that is not stored yet.
func (a *Arbiter) store(ctx context.Context, r *compile.Result, g wire.Generation) error {
	for shard, inv := range r.Inventories {
		inv.Generation = g.Stand(monitor.Shard(shard))
		if inv.Generation != g.Number {
			continue
		}
		name := wire.InventoryName(g.Number, monitor.Shard(shard))
		if err := a.o.Bus.PutBlob(ctx, bus.CFG, name, wire.Marshal(inv)); err != nil {
			return fmt.Errorf("storing %s: %w", name, err)
		}
	}
	r.Directory.Generation = g.Number
	if err := a.o.Bus.PutBlob(ctx, bus.CFG, wire.DirectoryName(g.Number), wire.Marshal(r.Directory)); err != nil {
		return fmt.Errorf("storing the directory: %w", err)
	}
	if err := a.o.Bus.PutBlob(ctx, bus.CFG, wire.ServicesName(g.Number), wire.Marshal(r.Roster)); err != nil {
		return fmt.Errorf("storing the names of the services: %w", err)
	}
	if err := a.o.Bus.PutBlob(ctx, bus.CFG, wire.PiggybackName(g.Number), wire.Marshal(r.Piggyback)); err != nil {
		return fmt.Errorf("storing what becomes of payloads: %w", err)
	}
	if err := a.o.Bus.PutBlob(ctx, bus.CFG, wire.ModulesName(g.Number), wire.Marshal(r.Modules)); err != nil {
		return fmt.Errorf("storing the modules: %w", err)
	}
	return nil
}

// forget removes the blobs of generations that nobody loads any more.
func (a *Arbiter) forget(ctx context.Context, now wire.Generation) error {
	names, err := a.o.Bus.BlobNames(ctx, bus.CFG)
	if err != nil {
		return fmt.Errorf("listing old generations: %w", err)
	}
	stands := map[string]bool{}
	for shard, n := range now.Stands {
		stands[wire.InventoryName(n, monitor.Shard(shard))] = true
	}
	for _, name := range names {
		var n uint64
		if _, err := fmt.Sscanf(name, "gen.%d.", &n); err != nil || n+wire.KeepGenerations > now.Number || stands[name] {
			continue
		}
		if err := a.o.Bus.DeleteBlob(ctx, bus.CFG, name); err != nil {
			return fmt.Errorf("removing %s: %w", name, err)
		}
	}
	return nil
}
