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
	"github.com/onbu/onbu/monitor"
)

// follow moves the payloads that are not where they belong by a new book: those of hosts that are known now, or that are
// looked at elsewhere. Any number of couriers may do the same at once. What cannot be moved is tried again with the next
// book, and put right by the next output of its source.
func (c *Courier) follow(ctx context.Context, b *book) error {
	for _, from := range []struct {
		stream bus.Stream
		filter bus.Subject
	}{{bus.PBX, bus.AllOrphans()}, {bus.PBO, bus.AllOutbound()}, {bus.PB, bus.AllPayloads()}} {
		subjects, err := c.o.Bus.Subjects(ctx, from.stream, from.filter)
		if err != nil {
			return err
		}
		m := mover{c: c, b: b, stream: from.stream}
		for _, s := range subjects {
			if m.astray(s) {
				m.all = append(m.all, s)
			}
		}
		for some := range slices.Chunk(m.all, moveAtOnce) {
			if err := m.move(ctx, some); err != nil {
				return fmt.Errorf("moving payloads out of %s: %w", from.stream, err)
			}
		}
	}
	return nil
}

// moveAtOnce is how many payloads move together; as many are in memory.
const moveAtOnce = 64

// mover moves payloads out of one stream.
type mover struct {
	c      *Courier
	b      *book
	stream bus.Stream
	all    []bus.Subject
}

// moved is a payload on its way from one place to another.
type moved struct {
	from   bus.Subject
	seq    uint64
	letter bus.Letter
	head   monitor.Payload
	to     place
	drop   bool // there is a newer one already
}

// astray tells whether a payload may belong elsewhere; where its subject does not say whose it is, its text has to.
func (m *mover) astray(s bus.Subject) bool {
	if _, token := bus.OutboundOf(s); m.stream == bus.PBO && token == bus.Token("") {
		return false // of a source
	}
	_, target, source, ok := bus.PayloadNames(s)
	return !ok || target != "" && m.strays(s, target, source)
}

// strays tells whether a payload belongs elsewhere. What waits for the way to a site does so for as long as no other site, nor
// this one, has the host: lists of sites come and go with their links.
func (m *mover) strays(s bus.Subject, target, source string) bool {
	to := m.b.find(target, source)
	if m.stream == bus.PBO && !to.here && to.site == "" {
		return false
	}
	return to.subject(target, source) != s
}

func (m *mover) move(ctx context.Context, subjects []bus.Subject) error {
	var all []moved
	for _, s := range subjects {
		one, ok, err := m.read(ctx, s)
		if err != nil {
			return err
		}
		if ok {
			all = append(all, one)
		}
	}
	left, err := m.post(ctx, all)
	if err != nil {
		return err
	}
	for i := range left {
		if err := m.c.o.Bus.Forget(ctx, m.stream, left[i].from, left[i].seq); err != nil {
			return err
		}
	}
	return nil
}

// read reads a payload that may have to move, and what is at the place that it moves to.
func (m *mover) read(ctx context.Context, s bus.Subject) (one moved, ok bool, err error) {
	one.from = s
	var data []byte
	if one.head, one.seq, data, err = m.c.head(ctx, m.stream, s); err != nil || one.seq == 0 {
		return one, false, err
	}
	p := &one.head
	source := bus.SourceAt(p.Site, p.Source)
	if !m.strays(s, p.Target, source) {
		return one, false, nil
	}
	one.to = m.b.find(p.Target, source)
	to := one.to.subject(p.Target, source)
	one.letter = bus.Letter{Subject: to, Data: data, TTL: max(m.b.left(p.At), time.Second), While: to}
	there, seq, _, err := m.c.head(ctx, one.to.stream(), to)
	one.letter.Place, one.drop = seq, seq != 0 && there.At >= p.At && !yetToCome(there.At)
	return one, err == nil, err
}

func (p place) stream() bus.Stream {
	switch {
	case p.here:
		return bus.PB
	case p.site != "":
		return bus.PBO
	}
	return bus.PBX
}

// head reads whose payload is stored under a subject, and the message as it is; seq is 0 when there is none, or none that can
// be read.
func (c *Courier) head(ctx context.Context, stream bus.Stream, s bus.Subject) (p monitor.Payload, seq uint64, data []byte, err error) {
	d := c.decoders.Get().(*wire.Decoder)
	defer c.decoders.Put(d)
	err = c.o.Bus.Newest(ctx, stream, s, func(msgs []bus.Msg) error {
		m := msgs[len(msgs)-1]
		head, _, err := wire.DecodePayloadHead(d, m.Data)
		if err != nil {
			c.unreadable.Inc()
			return nil
		}
		p, seq, data = head, m.Seq, m.Data
		return nil
	})
	return p, seq, data, err
}

// post stores the payloads at their new places, and gives those that may be forgotten at the old ones. Where a newer one was
// stored meanwhile, nothing is lost by leaving the old one for the next time.
func (m *mover) post(ctx context.Context, all []moved) (done []moved, err error) {
	var letters []bus.Letter
	for i := range all {
		if !all[i].drop {
			letters = append(letters, all[i].letter)
		}
	}
	if len(letters) == 0 {
		return all, nil
	}
	last, err := m.c.o.Bus.Post(ctx, letters)
	if errors.Is(err, bus.ErrFenced) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m.c.moved.Add(len(letters))
	return all, m.tell(ctx, all, last)
}

// tell tells the owners of hosts of the payloads that came for them, and other sites of the sources.
func (m *mover) tell(ctx context.Context, all []moved, last uint64) error {
	nudges := map[output][]nudge{}
	sites := map[outlet]map[string]bool{}
	for i := range all {
		one := &all[i]
		switch p := &one.head; {
		case one.drop:
		case one.to.here:
			o := outputOf(p)
			nudges[o] = append(nudges[o], nudge{one.to.shard, p.Target})
		case one.to.site != "":
			o := outlet{p.Site, p.Source, p.Origin}
			if sites[o] == nil {
				sites[o] = map[string]bool{}
			}
			sites[o][one.to.site] = true
		}
	}
	m.c.nudgeAll(nudges, last)
	for o, names := range sites {
		s, place, err := m.c.source(ctx, o)
		if err == nil && place != 0 {
			err = m.c.tellSites(ctx, m.b, s, slices.Sorted(maps.Keys(names)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
