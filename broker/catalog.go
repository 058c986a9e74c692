package broker

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// cataloguer keeps the configuration for modules that ask for it. Nobody pays for it before the first one does.
type cataloguer struct {
	asked   atomic.Bool
	wake    chan struct{}
	current atomic.Pointer[catalog.Catalog]
}

// outlook is what modules may look at.
func (b *Broker) outlook() modules.Outlook {
	return modules.Outlook{Catalog: b.catalogue, View: b.snapshot, Obey: b.o.Obey, API: b.o.API, Common: b.common()}
}

// snapshotAge is how old a snapshot may be that several share: after each, every host that changes is copied once, and who
// waits for something to happen is to see it.
const snapshotAge = 10 * time.Millisecond

// snapshot gives the present, or what it was a moment ago.
func (b *Broker) snapshot() *view.Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := time.Now(); b.recent == nil || now.Sub(b.taken) > snapshotAge {
		b.recent, b.taken = b.view.Snapshot(), now
	}
	return b.recent
}

// clockLocked tells the view the time, and drops a snapshot that nobody asked for lately: it would keep alive what has changed.
func (b *Broker) clockLocked() {
	now := time.Now()
	b.view.Clock(monitor.At(now))
	if now.Sub(b.taken) > snapshotAge {
		b.recent = nil
	}
}

func (b *Broker) catalogue() *catalog.Catalog {
	if !b.catalog.asked.Swap(true) {
		close(b.catalog.wake)
	}
	return b.catalog.current.Load()
}

// keepCatalog reads the inventories of each generation that comes into force, once somebody has asked for them.
func (b *Broker) keepCatalog(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-b.catalog.wake:
	}
	stands := map[monitor.Shard]uint64{}
	for ctx.Err() == nil {
		err := b.o.Bus.Watch(ctx, bus.CFG, "current", func(e bus.Entry) {
			var g wire.Generation
			if err := wire.Unmarshal(e.Value, &g); err != nil {
				b.o.Log.Error("the pointer to the current configuration is unreadable", "error", err)
				return
			}
			b.readCatalog(ctx, g, stands)
		})
		if ctx.Err() == nil {
			b.o.Log.Warn("the watch for configurations ended and begins again", "error", err)
			pause(ctx, time.Second)
		}
	}
}

// readCatalog reads the inventories that changed; stands says which generations are there.
func (b *Broker) readCatalog(ctx context.Context, g wire.Generation, stands map[monitor.Shard]uint64) {
	old := b.catalog.current.Load()
	list := make([]*monitor.Inventory, g.Shards)
	copy(list, old.Inventories)
	changed := len(list) != len(old.Inventories)
	for shard := range list {
		stand := g.Stand(monitor.Shard(shard))
		if list[shard] != nil && stands[monitor.Shard(shard)] == stand {
			continue
		}
		inv, err := b.inventory(ctx, stand, monitor.Shard(shard))
		if err != nil {
			if ctx.Err() == nil {
				b.o.Log.Error("modules see an older configuration of a shard", "error", err)
			}
			continue
		}
		list[shard], stands[monitor.Shard(shard)], changed = inv, stand, true
	}
	if !changed { // the watch began anew
		return
	}
	c := catalog.New(list)
	c.Since = after(old.Since, time.Now())
	b.catalog.current.Store(c)
}

// after gives now, or the first second that is later than that of old: clients compare whole seconds.
func after(old, now time.Time) time.Time {
	if next := old.Truncate(time.Second).Add(time.Second); now.Before(next) && !old.IsZero() {
		return next
	}
	return now
}

func (b *Broker) inventory(ctx context.Context, stand uint64, shard monitor.Shard) (*monitor.Inventory, error) {
	name := wire.InventoryName(stand, shard)
	data, err := b.o.Bus.Blob(ctx, bus.CFG, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	inv := &monitor.Inventory{}
	if err := wire.Unmarshal(data, inv); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return inv, nil
}
