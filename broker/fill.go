package broker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// filled is what the view got of a shard.
type filled struct {
	stand uint64 // the generation with which the shard had last changed
	// known are its objects, until the view has forgotten those that it does not have; nil then.
	known map[monitor.Ref]bool
}

// fill asks the owners of all shards that changed for everything, again and again until each has answered, and then forgets
// what none of them knows. A shard without an owner holds up no other.
func (b *Broker) fill(ctx context.Context, g wire.Generation) {
	select {
	case <-ctx.Done():
		return
	case <-b.begun: // what changes from now on comes by the journal
	}
	d, err := b.load(ctx, g)
	for err != nil {
		if ctx.Err() != nil {
			return
		}
		b.o.Log.Warn("no directory of hosts yet", "error", err)
		pause(ctx, time.Second)
		d, err = b.load(ctx, g)
	}
	population := map[monitor.Shard]int{}
	for _, shard := range d.Hosts {
		population[shard]++
	}
	b.mu.Lock()
	b.directory, b.population = d, population
	b.mu.Unlock()
	waiting := b.changed(g)
	for {
		waiting = slices.DeleteFunc(waiting, func(shard monitor.Shard) bool {
			f := &filled{g.Stand(shard), map[monitor.Ref]bool{}}
			err := b.fillShard(ctx, shard, g.Number, f.known)
			if err != nil {
				b.o.Log.Debug("a shard gives no statuses yet", "shard", shard, "error", err)
				return false
			}
			b.filled[shard] = f
			return true
		})
		if len(waiting) == 0 {
			break
		}
		pause(ctx, 100*time.Millisecond)
		if ctx.Err() != nil {
			return
		}
	}
	b.retain(d)
	b.shown.Store(g.Number)
}

// changed gives the shards that the view has not got since they last changed.
func (b *Broker) changed(g wire.Generation) []monitor.Shard {
	var all []monitor.Shard
	for shard := range monitor.Shard(g.Shards) {
		if f := b.filled[shard]; f == nil || f.stand != g.Stand(shard) {
			all = append(all, shard)
		}
	}
	return all
}

// retain has the view forget what no shard has.
func (b *Broker) retain(d *monitor.Directory) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.view.Retain(func(r monitor.Ref) bool {
		shard, there := d.Hosts[r.Host]
		f := b.filled[shard]
		return there && f != nil && (f.known == nil || f.known[r])
	})
	for _, f := range b.filled {
		f.known = nil
	}
}

func (b *Broker) load(ctx context.Context, g wire.Generation) (*monitor.Directory, error) {
	data, err := b.o.Bus.Blob(ctx, bus.CFG, wire.DirectoryName(g.Number))
	if err != nil {
		return nil, err
	}
	d := &monitor.Directory{}
	return d, wire.Unmarshal(data, d)
}

// fillShard asks the owner of a shard for all its statuses, page by page, and for its notes.
func (b *Broker) fillShard(ctx context.Context, shard monitor.Shard, generation uint64, known map[monitor.Ref]bool) error {
	for from := uint32(0); ; {
		a, err := b.ask(ctx, shard, wire.Question{Kind: wire.AskStatuses, From: from})
		if err != nil {
			return err
		}
		if a.Generation < generation {
			return fmt.Errorf("the owner still works with generation %d", a.Generation)
		}
		for i := range a.Statuses {
			known[a.Statuses[i].Ref] = true
		}
		b.mu.Lock()
		b.clockLocked()
		b.view.Fill(a.Statuses, a.Time)
		b.mu.Unlock()
		if from = a.Next; from == 0 {
			break
		}
	}
	return b.fillNotes(ctx, shard)
}

// fillNotes takes the notes that the owner of a shard gives for all that there are, but for what the journal told since he was asked.
func (b *Broker) fillNotes(ctx context.Context, shard monitor.Shard) error {
	b.mu.Lock()
	b.meanwhile[shard] = []monitor.Brok{}
	b.mu.Unlock()
	a, err := b.ask(ctx, shard, wire.Question{Kind: wire.AskNotes})
	b.mu.Lock()
	defer b.mu.Unlock()
	since := b.meanwhile[shard]
	delete(b.meanwhile, shard)
	if err != nil {
		return err
	}
	b.view.Notes(shard, a.Downtimes, a.Comments, a.Program, a.Contacts...)
	for i := range since {
		b.view.Apply(&since[i])
	}
	return nil
}

// keepLocked keeps a brok of a note while the owner of its shard is asked for all.
func (b *Broker) keepLocked(brok *monitor.Brok) {
	asked, yes := b.meanwhile[brok.Shard]
	if !yes {
		return
	}
	switch brok.Kind {
	case monitor.BrokDowntime, monitor.BrokDowntimeGone, monitor.BrokComment, monitor.BrokCommentGone,
		monitor.BrokContactDowntime, monitor.BrokContactDowntimeGone, monitor.BrokProgram, monitor.BrokContact:
		b.meanwhile[brok.Shard] = append(asked, *brok)
	}
}

// end gives the last record of the journal at the moment.
func (b *Broker) end(ctx context.Context) (uint64, error) {
	for {
		x, err := b.o.Bus.Extent(ctx, bus.EV, 0)
		if err == nil {
			return x.Last, nil
		}
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		b.o.Log.Warn("the end of the journal is not known, trying again", "error", err)
		pause(ctx, time.Second)
	}
}
