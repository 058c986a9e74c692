package recall

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// Leave stores, beside the inventories of the generation that is to follow g, what is remembered of the hosts that lie in
// another shard there; before says where a host lies in g. It has to be called before the new generation comes into force:
// after that the shards forget the hosts that left. It says how many hosts leave.
func (r *Reader) Leave(ctx context.Context, inventories []*monitor.Inventory, before func(string) (monitor.Shard, bool), g wire.Generation) (int, error) {
	leaving := 0
	for _, inv := range inventories {
		from := movers(inv, before)
		var memories []core.Snapshot
		for _, shard := range slices.Sorted(maps.Keys(from)) {
			s, err := r.remembered(ctx, shard, inv, from[shard], g)
			if err != nil {
				return leaving, fmt.Errorf("state that goes from shard %d to shard %d (hosts: %d): %w", shard, inv.Shard, len(from[shard]), err)
			}
			memories = append(memories, s)
			leaving += len(from[shard])
		}
		if len(memories) == 0 {
			continue
		}
		name := wire.MovedName(inv.Generation, inv.Shard)
		if err := r.Bus.PutBlob(ctx, bus.CFG, name, wire.Marshal(memories)); err != nil {
			return leaving, fmt.Errorf("storing %s: %w", name, err)
		}
	}
	return leaving, nil
}

// movers gives the hosts of an inventory that lay in another shard, by that shard.
func movers(inv *monitor.Inventory, before func(string) (monitor.Shard, bool)) map[monitor.Shard]map[string]bool {
	from := map[monitor.Shard]map[string]bool{}
	for i := range inv.Hosts {
		name := inv.Hosts[i].Name
		was, known := before(name)
		if !known || was == inv.Shard {
			continue
		}
		if from[was] == nil {
			from[was] = map[string]bool{}
		}
		from[was][name] = true
	}
	return from
}

// remembered reads what a shard knows of some hosts. The core that reads it has their new inventory, so that it keeps
// only what there still is.
func (r *Reader) remembered(ctx context.Context, shard monitor.Shard, inv *monitor.Inventory, hosts map[string]bool, g wire.Generation) (core.Snapshot, error) {
	c, err := core.New(inv, 0, core.Seed{})
	if err != nil {
		return core.Snapshot{}, err
	}
	if _, err := r.Shard(ctx, shard, g, c, 0, &core.Decisions{}); err != nil {
		return core.Snapshot{}, err
	}
	return c.Snapshot().Only(func(name string) bool { return hosts[name] }), nil
}

// Came gives what other shards remembered of the hosts that came to a shard with the generations behind known, up to g.
// What is older than the generations that stay stored is not there any more.
func (r *Reader) Came(ctx context.Context, shard monitor.Shard, known uint64, g wire.Generation) ([]core.Snapshot, error) {
	var all []core.Snapshot
	first := max(known, g.Number-min(g.Number, wire.KeepGenerations)) + 1
	for n := first; n <= g.Moved; n++ {
		name := wire.MovedName(n, shard)
		data, err := r.Bus.Blob(ctx, bus.CFG, name)
		if errors.Is(err, bus.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("state of hosts that came to shard %d with generation %d: %w", shard, n, err)
		}
		var memories []core.Snapshot
		if err := r.decoder.Decode(data, &memories); err != nil {
			r.Log.Error("the state of hosts that moved is unreadable: they begin anew", "blob", name, "error", err)
			continue
		}
		all = append(all, memories...)
	}
	return all, nil
}
