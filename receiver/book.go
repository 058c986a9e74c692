package receiver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// book is what a receiver knows of the configuration in force. It is never changed.
type book struct {
	hosts map[string]monitor.Shard
	// roster is nil if an older arbiter stored none: then all services of known hosts are taken for known.
	roster *monitor.Roster
	shards int
	// generation is the one that it was made of.
	generation uint64
	// results and commands are the ways to the shards, by shard, also to those that there were. They stay the same over all
	// books: of two ways to one shard the ids of messages would not rise.
	results, commands []*lane
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
	b := &book{hosts: d.Hosts, shards: d.Shards, generation: g.Number}
	if b.roster, err = r.roster(ctx, g.Number); err != nil {
		return err
	}
	if old := r.book.Load(); old != nil {
		b.results, b.commands = old.results, old.commands
	}
	for shard := len(b.results); shard < d.Shards; shard++ {
		b.results = append(b.results, r.lane(uint16(shard)))
		b.commands = append(b.commands, r.commandLane(uint16(shard)))
	}
	r.book.Store(b)
	r.strangers.forget(func(ref monitor.Ref) bool { _, known := b.find(&ref); return known })
	return nil
}

func (r *Receiver) roster(ctx context.Context, generation uint64) (*monitor.Roster, error) {
	data, err := r.o.Bus.Blob(ctx, bus.CFG, wire.ServicesName(generation))
	if errors.Is(err, bus.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	roster := &monitor.Roster{}
	if err := wire.Unmarshal(data, roster); err != nil {
		return nil, fmt.Errorf("names of generation %d: %w", generation, err)
	}
	return roster, nil
}

// commandLane gives the way of commands to a shard. They are not spooled: what somebody orders is for now.
func (r *Receiver) commandLane(shard uint16) *lane {
	return &lane{subject: bus.Commands(shard), ids: &r.ids, deliver: func(p *parcel) error {
		data := p.items.Single() // as those who read commands always had it
		if data == nil {
			data = p.items.Message()
		}
		for {
			err := r.o.Bus.Append(r.storing, p.subject, data, p.id)
			if !errors.Is(err, bus.ErrFull) {
				return err
			}
			if rest(r.storing, fullPause); r.storing.Err() != nil {
				return err
			}
		}
	}}
}

// find gives the shard of a host or service. The host may be called by its address: then ref has its name afterwards, as in
// Nagios.
func (b *book) find(ref *monitor.Ref) (monitor.Shard, bool) {
	shard, ok := b.hosts[ref.Host]
	if b.roster == nil {
		return shard, ok
	}
	named := *ref
	if !ok {
		named.Host = b.nameOf(ref.Host)
		if shard, ok = b.hosts[named.Host]; !ok {
			return 0, false
		}
	}
	if named.Service != "" && !b.roster.HasService(named) {
		return 0, false
	}
	*ref = named
	return shard, true
}

// lane gives the way of results to a shard.
func (r *Receiver) lane(shard uint16) *lane {
	return &lane{
		subject: bus.Passive(shard, r.o.Name), ids: &r.ids,
		deliver: func(p *parcel) error { return r.store.deliver(r.storing, shard, p) },
	}
}

// nameOf gives the name of a host that may be called by its address.
func (b *book) nameOf(host string) string {
	if _, named := b.hosts[host]; named || b.roster == nil {
		return host
	}
	i, found := slices.BinarySearchFunc(b.roster.Addresses, host, func(a monitor.HostAddress, address string) int { return cmp.Compare(a.Address, address) })
	if !found {
		return host
	}
	return b.roster.Addresses[i].Host
}

// endLanes waits until nothing is on its way any more.
func (r *Receiver) endLanes() {
	if b := r.book.Load(); b != nil {
		for _, l := range slices.Concat(b.results, b.commands) {
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
