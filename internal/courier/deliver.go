package courier

import (
	"context"
	"errors"
	"fmt"
	"time"

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
	return c.tellSites(ctx, b, s, nil)
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
	s.At, s.Targets = d.At, uint32(len(targets))
	if _, err := c.record(ctx, b, s, place); err != nil {
		return err
	}
	return c.tellSites(ctx, b, s, m.sites)
}

// tellSites writes for other sites when a source was heard of: for those that its output has payloads for, and for those that
// an earlier one had.
func (c *Courier) tellSites(ctx context.Context, b *book, s monitor.Source, now map[string]bool) error {
	sites := map[bus.Subject]bool{}
	for name := range now {
		sites[bus.OutboundSource(name, s.Name)] = true
	}
	for _, other := range b.sites {
		subject := bus.OutboundSource(other.Name, s.Name)
		if sites[subject] {
			continue
		}
		earlier, err := c.o.Bus.Subjects(ctx, bus.PBO, subject)
		if err != nil {
			return err
		}
		if len(earlier) > 0 {
			sites[subject] = true
		}
	}
	if len(sites) == 0 {
		return nil
	}
	var letters []bus.Letter
	text := wire.Marshal(s)
	for subject := range sites {
		letters = append(letters, bus.Letter{Subject: subject, Data: text, TTL: b.ttl})
	}
	_, err := c.o.Bus.Post(ctx, letters)
	return err
}

// What is posted at a time.
const (
	chunkLetters = 1000
	chunkBytes   = 2 << 20
)

// scratch is the memory for one output that is being stored, to be used again.
type scratch struct {
	c     *Courier
	book  *book
	d     modules.Delivery
	place uint64
	sites map[string]bool // that payloads went to

	compressor wire.Compressor
	joined     []byte
	buf        []byte // what letters and others hold; it never grows while there are any
	letters    []bus.Letter
	others     []bus.Letter // for hosts that are not here
	nudges     []nudge
	plain      int // bytes before they were compressed
}

// nudge is a host that a payload came for.
type nudge struct {
	shard monitor.Shard
	host  string
}

func (m *scratch) begin(c *Courier, b *book, d modules.Delivery, place uint64) {
	m.c, m.book, m.d, m.place, m.sites = c, b, d, place, map[string]bool{}
	m.empty()
}

func (m *scratch) empty() {
	clear(m.letters)
	clear(m.others)
	m.letters, m.others, m.nudges, m.buf, m.plain = m.letters[:0], m.others[:0], m.nudges[:0], m.buf[:0], 0
}

// add takes a payload, and posts what has gathered when there is no more room.
func (m *scratch) add(ctx context.Context, t *piggyback.Share, out *modules.Delivered) error {
	m.joined = m.joined[:0]
	for _, data := range t.Data {
		m.joined = append(m.joined, data...)
	}
	need := len(m.joined) + len(t.Target) + len(t.Raw) + len(m.d.Source) + 64
	if len(m.joined) > wire.MaxPayload {
		out.Beyond++
		return nil
	}
	if len(m.letters)+len(m.others) >= chunkLetters || len(m.buf) > 0 && len(m.buf)+need > cap(m.buf) {
		if err := m.flush(ctx); err != nil {
			return err
		}
	}
	if cap(m.buf) < need {
		m.buf = make([]byte, 0, max(need, chunkBytes))
	}
	from := len(m.buf)
	m.buf = m.compressor.AppendPayload(m.buf, &monitor.Payload{Target: t.Target, Source: m.d.Source, At: m.d.At, Raw: t.Raw, Data: m.joined})
	data := m.buf[from:len(m.buf):len(m.buf)]
	if len(data) > bus.MaxMessage {
		m.buf = m.buf[:from]
		out.Beyond++
		return nil
	}
	m.plain += len(m.joined)
	m.address(t.Target, data, out)
	return nil
}

// address finds out where a payload goes.
func (m *scratch) address(target string, data []byte, out *modules.Delivered) {
	p := m.book.find(target, m.d.Source)
	l := bus.Letter{Subject: p.subject(target, m.d.Source), Data: data, TTL: m.book.ttl}
	switch {
	case p.here:
		l.While, l.Place = bus.SourceOf(m.d.Source), m.place
		m.letters = append(m.letters, l)
		m.nudges = append(m.nudges, nudge{p.shard, target})
		out.Kept++
		return
	case p.site != "":
		m.sites[p.site] = true
		out.Kept++
	default:
		out.Orphans++
		if host, shard, ok := m.c.hostAt(m.book, target); ok {
			m.nudges = append(m.nudges, nudge{shard, host})
		}
	}
	m.others = append(m.others, l)
}

// flush posts what has gathered, and tells the owners of the hosts.
func (m *scratch) flush(ctx context.Context) error {
	last, err := m.post(ctx)
	if err != nil {
		return err
	}
	m.c.bytes.Add(m.plain)
	m.c.stored.Add(len(m.buf))
	m.c.nudge(m.nudges, m.d.Source, m.d.At, last)
	m.empty()
	return nil
}

// post stores the letters for hosts that are here first: they show whether this output is still the newest. In other streams
// nothing does.
func (m *scratch) post(ctx context.Context) (last uint64, err error) {
	if len(m.letters) > 0 {
		last, err = m.c.o.Bus.Post(ctx, m.letters)
	} else if len(m.others) > 0 {
		var place uint64
		if _, place, err = m.c.source(ctx, m.d.Source); err == nil && place != m.place {
			err = bus.ErrFenced
		}
	}
	if err == nil && len(m.others) > 0 {
		_, err = m.c.o.Bus.Post(ctx, m.others)
	}
	return last, err
}

// nudge tells the owners of hosts that payloads are there for them. They may miss it: the interval of a check brings it all
// the same.
func (c *Courier) nudge(nudges []nudge, source string, at monitor.Time, last uint64) {
	batches := map[monitor.Shard]*wire.Batch{}
	for _, n := range nudges {
		b := batches[n.shard]
		if b == nil {
			b = &wire.Batch{}
			batches[n.shard] = b
		}
		b.Add(&monitor.Arrival{Host: n.host, Source: source, At: at, Seq: last})
		if b.Size() > nudgeBytes {
			c.publish(n.shard, b)
		}
	}
	for shard, b := range batches {
		c.publish(shard, b)
	}
}

// output is one of a source.
type output struct {
	source string
	at     monitor.Time
}

// nudgeAll is nudge for payloads of several outputs.
func (c *Courier) nudgeAll(all map[output][]nudge, last uint64) {
	for o, some := range all {
		c.nudge(some, o.source, o.at, last)
	}
}

// nudgeBytes is far below bus.MaxMessage, so that one more arrival always fits.
const nudgeBytes = 128 << 10

func (c *Courier) publish(shard monitor.Shard, b *wire.Batch) {
	if b.Len() == 0 {
		return
	}
	if err := c.o.Bus.Publish(bus.Arrived(uint16(shard)), b.Message()); err != nil {
		c.o.Log.Debug("a scheduler was not told of payloads", "shard", shard, "error", err)
	}
	b.Reset()
}

// since is how long ago a moment was.
func since(at monitor.Time) time.Duration { return monitor.At(time.Now()).Sub(at) }
