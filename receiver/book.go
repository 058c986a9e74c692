package receiver

import (
	"context"
	"fmt"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// book is what a receiver knows of the configuration in force. It is never changed.
type book struct {
	hosts map[string]monitor.Shard
	// results are the ways to the shards, by shard. They stay the same over all books.
	results []*lane
}

// learn opens a book on the configuration that a pointer names.
func (r *Receiver) learn(ctx context.Context, current []byte) error {
	var g wire.Generation
	if err := wire.Unmarshal(current, &g); err != nil {
		return fmt.Errorf("pointer to the current configuration: %w", err)
	}
	data, err := r.o.Bus.Blob(ctx, bus.CFG, wire.DirectoryName(g.Number))
	if err != nil {
		return err
	}
	d := &monitor.Directory{}
	if err := wire.Unmarshal(data, d); err != nil {
		return fmt.Errorf("directory of generation %d: %w", g.Number, err)
	}
	b := &book{hosts: d.Hosts}
	if old := r.book.Load(); old != nil {
		b.results = old.results
	}
	for shard := len(b.results); shard < d.Shards; shard++ {
		b.results = append(b.results, r.lane(uint16(shard)))
	}
	b.results = b.results[:d.Shards:d.Shards]
	r.book.Store(b)
	return nil
}

// lane gives the way of results to a shard.
func (r *Receiver) lane(shard uint16) *lane {
	return &lane{
		subject: bus.Passive(shard, r.o.Name), ids: &r.ids,
		deliver: func(p *parcel) error { return r.store.deliver(r.storing, shard, p) },
	}
}

// endLanes waits until nothing is on its way any more.
func (r *Receiver) endLanes() {
	if b := r.book.Load(); b != nil {
		for _, l := range b.results {
			l.end()
		}
	}
}

// current waits for the first book and gives the present one.
func (r *Receiver) current(ctx context.Context) (*book, error) {
	select {
	case <-r.known:
		return r.book.Load(), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("no configuration yet: %w", ctx.Err())
	}
}
