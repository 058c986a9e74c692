package courier

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
)

// Deliver implements modules.Courier. An output that is older than another one of the same source is not stored; that is no
// error.
func (c *Courier) Deliver(ctx context.Context, d modules.Delivery) (modules.Delivered, error) {
	ctx, cancel := context.WithTimeout(ctx, deliverAtMost)
	defer cancel()
	out, err := c.deliver(ctx, d)
	if err != nil {
		return out, fmt.Errorf("payloads from %s: %w", d.Source, err)
	}
	return out, nil
}

func (c *Courier) deliver(ctx context.Context, d modules.Delivery) (out modules.Delivered, err error) {
	b, err := c.reading(ctx)
	if err != nil {
		return out, err
	}
	speaker := b.speakers.take(d.Source)
	shared := speaker.Share(func(yield func(name, data []byte) bool) {
		for i := range d.Blocks {
			if !yield(d.Blocks[i].Name, d.Blocks[i].Data) {
				return
			}
		}
	})
	b.speakers.giveBack(d.Source, speaker)
	out = modules.Delivered{Own: shared.Own, Refused: shared.Refused, Ignored: shared.Ignored, Beyond: shared.Beyond, Conflicts: shared.Conflicts}
	if len(shared.Targets) == 0 {
		err = c.silence(ctx, b, d)
	} else {
		err = c.store(ctx, b, d, shared.Targets, &out)
	}
	c.count(&out)
	return out, err
}

func (c *Courier) count(out *modules.Delivered) {
	c.payloads.Add(int(out.Kept + out.Orphans))
	c.orphans.Add(int(out.Orphans))
	c.refused.Add(int(out.Refused))
	c.ignored.Add(int(out.Ignored))
	c.beyond.Add(int(out.Beyond))
	c.conflicts.Add(len(out.Conflicts))
}

// silence records that the newest output of a source holds no payloads, where one before it did.
func (c *Courier) silence(ctx context.Context, b *book, d modules.Delivery) error {
	s, place, err := c.source(ctx, d.Source)
	if err != nil || place == 0 || s.Silent || newest(s) > d.At {
		return err
	}
	s.Silent, s.Newest = true, d.At
	if _, err := c.record(ctx, b, s, place); err != nil && !errors.Is(err, bus.ErrFenced) {
		return err
	}
	return c.tellSites(ctx, b, s, s.Sites)
}

// newest is when the newest output was fetched that is known of a source.
func newest(s monitor.Source) monitor.Time { return max(s.At, s.Newest) }

// source reads when a source was last heard of, and where that stands; 0 for nowhere.
func (c *Courier) source(ctx context.Context, name string) (s monitor.Source, place uint64, err error) {
	err = c.o.Bus.Newest(ctx, bus.PB, bus.SourceOf(name), func(msgs []bus.Msg) error {
		m := msgs[len(msgs)-1]
		place = m.Seq
		if err := wire.Unmarshal(m.Data, &s); err != nil {
			c.unreadable.Inc()
			s = monitor.Source{} // it is written anew
		}
		return nil
	})
	return s, place, err
}

// record writes when a source was last heard of, if nobody has done so since place. It returns the new place.
func (c *Courier) record(ctx context.Context, b *book, s monitor.Source, place uint64) (uint64, error) {
	subject := bus.SourceOf(s.Name)
	return c.o.Bus.Post(ctx, []bus.Letter{{Subject: subject, Data: wire.Marshal(s), TTL: b.ttl, While: subject, Place: place}})
}

// claim writes that the payloads of an output are being stored. All of them for hosts of this site are then stored only while
// nobody has claimed the source for a newer one: of two pollers, one that was stopped and goes on late cannot bring old data
// back. It returns 0 when this output is the older one.
func (c *Courier) claim(ctx context.Context, b *book, d modules.Delivery) (s monitor.Source, place uint64, err error) {
	for range 3 {
		if s, place, err = c.source(ctx, d.Source); err != nil {
			return s, 0, err
		}
		if newest(s) > d.At {
			return s, 0, nil
		}
		s.Name, s.Site, s.Silent, s.Newest = d.Source, "", false, d.At
		if place, err = c.record(ctx, b, s, place); !errors.Is(err, bus.ErrFenced) {
			return s, place, err
		}
	}
	return s, 0, err
}

// store stores the payloads of an output, and then when the source was heard of.
func (c *Courier) store(ctx context.Context, b *book, d modules.Delivery, targets []piggyback.Share, out *modules.Delivered) error {
	select {
	case c.rooms <- struct{}{}:
		defer func() { <-c.rooms }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for range 3 {
		s, place, err := c.claim(ctx, b, d)
		if err != nil {
			return err
		}
		if place == 0 {
			c.late.Inc()
			return nil
		}
		was := *out
		if err = c.storeAs(ctx, b, d, s, place, targets, out); !errors.Is(err, bus.ErrFenced) {
			return err
		}
		*out = was // somebody claimed the source meanwhile; it need not have been for a newer output
	}
	return bus.ErrConflict
}

// storeAs is store under a claim.
func (c *Courier) storeAs(ctx context.Context, b *book, d modules.Delivery, s monitor.Source, place uint64, targets []piggyback.Share, out *modules.Delivered) error {
	m := c.scratches.Get().(*scratch)
	defer c.scratches.Put(m)
	m.begin(c, b, d, place)
	for i := range targets {
		if err := m.add(ctx, &targets[i], out); err != nil {
			return err
		}
	}
	if err := m.flush(ctx); err != nil {
		return err
	}
	now := slices.Sorted(maps.Keys(m.sites))
	tell := slices.Concat(s.Sites, now)
	slices.Sort(tell)
	s.At, s.Targets, s.Sites = d.At, uint32(len(targets)), now
	if _, err := c.record(ctx, b, s, place); err != nil {
		return err
	}
	return c.tellSites(ctx, b, s, slices.Compact(tell))
}

// tellSites writes for other sites when a source was heard of. They are those that its output has payloads for, and those that
// the one before had: these learn so that it has none for them any more.
func (c *Courier) tellSites(ctx context.Context, b *book, s monitor.Source, sites []string) error {
	if len(sites) == 0 {
		return nil
	}
	s.Sites = nil // they need not know of each other
	letters, text := make([]bus.Letter, 0, len(sites)), wire.Marshal(s)
	for _, name := range sites {
		letters = append(letters, bus.Letter{Subject: bus.OutboundSource(name, s.Name), Data: text, TTL: b.ttl})
	}
	_, err := c.o.Bus.Post(ctx, letters)
	return err
}
