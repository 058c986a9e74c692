package courier

import (
	"context"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
)

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
	need := len(m.joined) + len(t.Target) + len(t.Raw) + len(m.d.Source) + len(m.d.Origin) + 64
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
	m.buf = m.compressor.AppendPayload(m.buf, &monitor.Payload{Target: t.Target, Source: m.d.Source, At: m.d.At, Raw: t.Raw, Data: m.joined, Origin: m.d.Origin})
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
		l.While, l.Place = outletOf(&m.d).subject(), m.place
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
		if _, place, err = m.c.source(ctx, outletOf(&m.d)); err == nil && place != m.place {
			err = bus.ErrFenced
		}
	}
	if err == nil && len(m.others) > 0 {
		_, err = m.c.o.Bus.Post(ctx, m.others)
	}
	return last, err
}
