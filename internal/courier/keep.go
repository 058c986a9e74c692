package courier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// Kept tells what became of payloads from another site: Stored are in their places, Older had been there in a form as new or
// newer, Stale are beyond the age at which anybody would use them, Orphans are for hosts that are not of this site, and Refused
// are for hosts that their sources may not speak for here.
type Kept struct{ Stored, Older, Stale, Orphans, Refused int }

// Keep stores what came from another site as if it had been fetched here, but that it leaves Site and At as they are. An older
// payload never takes the place of a newer one, nor any that of a payload or source of this site. A time that is yet to come
// becomes that of the arrival. It keeps nothing of the slices but changes the times in them. After an error it may be called again
// with the same.
func (c *Courier) Keep(ctx context.Context, payloads []monitor.Payload, sources []monitor.Source) (kept Kept, err error) {
	b, err := c.reading(ctx)
	if err == nil {
		err = arrive(payloads, sources)
	}
	if err != nil {
		return kept, err
	}
	for some := range slices.Chunk(payloads, keepAtOnce) {
		if err := c.keep(ctx, b, some, &kept); err != nil {
			return kept, fmt.Errorf("keeping payloads of another site: %w", err)
		}
	}
	for _, s := range sources {
		if err := c.keepSource(ctx, b, s); err != nil {
			return kept, fmt.Errorf("keeping when %s of another site was heard of: %w", s.Name, err)
		}
	}
	for i := range payloads {
		p := &payloads[i]
		c.bytes.Add(len(p.Data))
	}
	c.payloads.Add(kept.Stored)
	c.orphans.Add(kept.Orphans)
	c.refused.Add(kept.Refused)
	c.late.Add(kept.Older)
	return kept, nil
}

var errNoSite = errors.New("nothing is kept as another site's that does not say which")

// arrive makes what came ready to be stored.
func arrive(payloads []monitor.Payload, sources []monitor.Source) error {
	now := monitor.At(time.Now())
	for i := range payloads {
		p := &payloads[i]
		if p.Site == "" {
			return errNoSite
		}
		if yetToCome(p.At) {
			p.At = now
		}
	}
	for i := range sources {
		s := &sources[i]
		if s.Site == "" {
			return errNoSite
		}
		for _, at := range []*monitor.Time{&s.At, &s.Newest} {
			if yetToCome(*at) {
				*at = now
			}
		}
	}
	return nil
}

// keepAtOnce is how many payloads are compared with what is there, and posted, together.
const keepAtOnce = 128

// tries bounds how often a change by somebody else is met with another look.
const tries = 4

func (c *Courier) keep(ctx context.Context, b *book, payloads []monitor.Payload, kept *Kept) error {
	for range tries {
		now, err := c.keepOnce(ctx, b, payloads)
		if err == nil {
			kept.Stored, kept.Older, kept.Stale = kept.Stored+now.Stored, kept.Older+now.Older, kept.Stale+now.Stale
			kept.Orphans, kept.Refused = kept.Orphans+now.Orphans, kept.Refused+now.Refused
		}
		if !errors.Is(err, bus.ErrFenced) {
			return err
		}
	}
	return bus.ErrConflict
}

func (c *Courier) keepOnce(ctx context.Context, b *book, payloads []monitor.Payload) (Kept, error) {
	k := keeping{c: c, b: b, nudges: map[output][]nudge{}}
	for i := range payloads {
		if err := k.take(ctx, &payloads[i]); err != nil {
			return k.kept, err
		}
	}
	if len(k.letters) == 0 {
		return k.kept, nil
	}
	last, err := c.o.Bus.Post(ctx, k.letters)
	if err == nil {
		c.nudgeAll(k.nudges, last)
	}
	return k.kept, err
}

// keeping is some payloads of another site on their way to their places.
type keeping struct {
	c          *Courier
	b          *book
	letters    []bus.Letter
	nudges     map[output][]nudge
	compressor wire.Compressor
	kept       Kept
}

// take judges a payload.
func (k *keeping) take(ctx context.Context, p *monitor.Payload) error {
	source := bus.SourceAt(p.Site, p.Source)
	to := k.b.find(p.Target, source)
	left := k.b.left(p.At)
	switch {
	case left < time.Second:
		k.kept.Stale++
		return nil
	case !k.b.rules.MaySpeak(p.Source, p.Target):
		k.kept.Refused++
		return nil
	}
	subject := to.subject(p.Target, source)
	there, seq, _, err := k.c.head(ctx, to.stream(), subject)
	switch {
	case err != nil:
		return err
	case seq != 0 && there.At >= p.At && !yetToCome(there.At):
		k.kept.Older++
		return nil
	}
	data := k.compressor.AppendPayload(nil, p)
	if len(data) > bus.MaxMessage {
		k.kept.Refused++
		return nil
	}
	k.letters = append(k.letters, bus.Letter{Subject: subject, Data: data, TTL: left, While: subject, Place: seq})
	if !to.here {
		k.kept.Orphans++
		return nil
	}
	k.kept.Stored++
	o := outputOf(p)
	k.nudges[o] = append(k.nudges[o], nudge{to.shard, p.Target})
	return nil
}

// left is how long a payload is still to be kept, in whole seconds.
func (b *book) left(at monitor.Time) time.Duration {
	return min(b.ttl-since(at), b.ttl).Truncate(time.Second)
}

// alike tells whether another site said the same of a source before.
func alike(a, b monitor.Source) bool {
	return a.At == b.At && a.Newest == b.Newest && a.Targets == b.Targets && a.Silent == b.Silent
}

// keepSource writes when a source was heard of at another site, unless something newer is known of it.
func (c *Courier) keepSource(ctx context.Context, b *book, s monitor.Source) error {
	for range tries {
		was, place, err := c.source(ctx, outlet{s.Site, s.Name, s.Origin})
		if err != nil || place != 0 && newest(was) != 0 && (newest(was) > newest(s) || alike(was, s)) || b.left(newest(s)) < time.Second {
			return err
		}
		if _, err := c.record(ctx, b, s, place); !errors.Is(err, bus.ErrFenced) {
			return err
		}
	}
	return bus.ErrConflict
}
