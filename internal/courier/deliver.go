package courier

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
)

// Deliver implements modules.Courier. An output that is older than another one of the same source and origin is not stored; that
// is no error. None is of a later time than now.
func (c *Courier) Deliver(ctx context.Context, d modules.Delivery) (modules.Delivered, error) {
	d.At = min(d.At, monitor.At(time.Now()))
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
	targets := b.addressees(d.Source, shared.Targets, &out)
	if len(targets) == 0 {
		err = c.silence(ctx, b, d)
	} else {
		err = c.store(ctx, b, d, targets, &out)
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
	s, place, err := c.source(ctx, outletOf(&d))
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

// outlet is one of the outputs of a source, at a site.
type outlet struct{ site, source, origin string }

func outletOf(d *modules.Delivery) outlet { return outlet{"", d.Source, d.Origin} }

// subject is where it stands when an outlet was heard of.
func (o outlet) subject() bus.Subject { return bus.SourceOf(bus.SourceAt(o.site, o.source), o.origin) }

// source reads when a source was last heard of, and where that stands; place is 0 for nowhere. What a clock wrote that was ahead
// is not believed: the times are 0 then.
func (c *Courier) source(ctx context.Context, o outlet) (s monitor.Source, place uint64, err error) {
	err = c.o.Bus.Newest(ctx, bus.PB, o.subject(), func(msgs []bus.Msg) error {
		m := msgs[len(msgs)-1]
		place = m.Seq
		if err := wire.Unmarshal(m.Data, &s); err != nil {
			c.unreadable.Inc()
			s = monitor.Source{} // it is written anew
		}
		if yetToCome(newest(s)) {
			s = monitor.Source{Sites: s.Sites}
		}
		s.Name, s.Site, s.Origin = o.source, o.site, o.origin
		return nil
	})
	return s, place, err
}

// yetToCome says of a time that it is further ahead than clocks may differ.
func yetToCome(at monitor.Time) bool { return -since(at) > piggyback.Ahead }

// record writes when a source was last heard of, if nobody has done so since place. It returns the new place.
func (c *Courier) record(ctx context.Context, b *book, s monitor.Source, place uint64) (uint64, error) {
	subject := outlet{s.Site, s.Name, s.Origin}.subject()
	return c.o.Bus.Post(ctx, []bus.Letter{{Subject: subject, Data: wire.Marshal(s), TTL: b.ttl, While: subject, Place: place}})
}

// claim writes that the payloads of an output are being stored. All of them for hosts of this site are then stored only while
// nobody has claimed the source for a newer one: of two pollers, one that was stopped and goes on late cannot bring old data
// back. It returns 0 when this output is the older one.
func (c *Courier) claim(ctx context.Context, b *book, d modules.Delivery) (s monitor.Source, place uint64, err error) {
	for range 3 {
		if s, place, err = c.source(ctx, outletOf(&d)); err != nil {
			return s, 0, err
		}
		if newest(s) > d.At {
			return s, 0, nil
		}
		s.Name, s.Origin, s.Silent, s.Newest = d.Source, d.Origin, false, d.At
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
			c.tellLate(&d, newest(s))
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

// lateEvery is how often it is said of a source that its output came too late.
const lateEvery = time.Minute

func (c *Courier) tellLate(d *modules.Delivery, known monitor.Time) {
	c.late.Inc()
	now := time.Now()
	if said, ok := c.lateSaid.Get(d.Source); ok && now.Sub(said) < lateEvery {
		return
	}
	c.lateSaid.Put(d.Source, now)
	c.o.Log.Warn("payloads are not stored: a newer output of their source is there; if this goes on, compare the clocks of the pollers",
		"source", d.Source, "fetched", d.At.Std(), "newer", known.Std())
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
		letters = append(letters, bus.Letter{Subject: bus.OutboundSource(name, s.Name, s.Origin), Data: text, TTL: b.ttl})
	}
	_, err := c.o.Bus.Post(ctx, letters)
	return err
}
