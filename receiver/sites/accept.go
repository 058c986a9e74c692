package sites

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
)

const (
	// inboxParcels bounds what waits to be stored; what comes beyond is dropped, and sent again by its site.
	inboxParcels = 32
	keepFor      = 30 * time.Second
	// ahead is how far the time of a payload may lie in the future.
	ahead = time.Hour
)

// incoming is the row of parcels that comes from a site.
type incoming struct{ session, received uint64 }

// follows says whether a parcel is the next of the row, or the first of a new one.
func (i incoming) follows(m *message) bool {
	if m.Session != i.session {
		return m.Number == 1
	}
	return m.Number == i.received+1
}

// hear takes what is said to this site. It never waits.
func (r *room) hear(ctx context.Context, m bus.Msg) {
	q, err := decodeMessage(m.Data)
	if err != nil {
		r.s.count.bad.Inc()
		return
	}
	if q.From == r.s.o.Name {
		return // a site of the same name, which its hello tells
	}
	p := r.remote(q.From)
	if p == nil {
		return
	}
	switch q.Kind {
	case askHello:
		h := r.hello()
		p.mu.Lock()
		h.Session, h.Received = p.incoming.session, p.incoming.received
		p.mu.Unlock()
		reply(m, h)
	case askHosts:
		l := r.ownList()
		reply(m, newPage(l.hash, l.hosts, q.Start))
	case askOrphans:
		r.besides(func() { r.tellOrphans(ctx, m, q.Start) })
	case aParcel:
		p.parcel(q)
	case aReceipt:
		p.mu.Lock()
		d := p.drain
		p.mu.Unlock()
		if d != nil && d.session == q.Session {
			d.receipt(q)
		}
	}
}

func reply(m bus.Msg, v any) {
	if m.Reply != nil {
		_ = m.Reply(wire.Marshal(v)) // who asked asks again
	}
}

// besides does something that takes longer, or nothing when much of that is going on.
func (r *room) besides(f func()) {
	select {
	case r.aside <- struct{}{}:
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.ctx == nil {
			<-r.aside
			return
		}
		r.work.Go(func() {
			defer func() { <-r.aside }()
			f()
		})
	default:
	}
}

// parcel puts a parcel in line to be stored. One that does not follow the last one, or for which there is no room, counts as
// not received: its site notices and sends all from there on again.
func (p *remote) parcel(m message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.incoming.follows(&m) {
		return
	}
	select {
	case p.room.inbox <- m:
		p.incoming = incoming{m.Session, m.Number}
	default:
		p.room.s.count.busy.Inc()
	}
}

// keep stores what comes until ctx ends, and confirms it.
func (r *room) keep(ctx context.Context) {
	var d wire.Decoder
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-r.inbox:
			receipt := message{Kind: aReceipt, From: r.s.o.Name, Boot: r.s.o.Boot, Session: m.Session, Number: m.Number}
			if err := r.store(ctx, &d, &m); err != nil {
				if ctx.Err() != nil {
					return
				}
				r.s.o.Log.Warn("payloads from another site are not stored; it keeps them", "site", key(r.tenant.Name, m.From), "error", err)
				receipt.Refused = fmt.Sprintf("%.200s", err)
			}
			if err := r.m.Publish(bus.AtSite(m.From), wire.Marshal(receipt)); err != nil {
				r.s.o.Log.Debug("a parcel is not confirmed", "site", m.From, "error", err)
			}
		}
	}
}

// store stores a parcel. What is not sound in it is counted and left out.
func (r *room) store(ctx context.Context, d *wire.Decoder, m *message) error {
	from, now := key(r.tenant.Name, m.From), monitor.At(time.Now())
	var payloads []monitor.Payload
	for _, letter := range m.Payloads {
		p, err := wire.DecodePayload(d, letter)
		if err == nil {
			err = r.check(&p, now)
		}
		if err != nil {
			r.refuse(from, err)
			continue
		}
		p.Site, p.Seq = from, 0
		payloads = append(payloads, p)
	}
	var sources []monitor.Source
	for _, letter := range m.Sources {
		var s monitor.Source
		err := d.Decode(letter, &s)
		if err == nil {
			err = checkSource(s.Name, s.Origin, max(s.At, s.Newest), now)
		}
		if err != nil {
			r.refuse(from, err)
			continue
		}
		s.Site, s.Sites = from, nil
		sources = append(sources, s)
	}
	ctx, cancel := context.WithTimeout(ctx, keepFor)
	defer cancel()
	kept, err := r.s.o.Keeper.Keep(ctx, payloads, sources)
	if err != nil {
		return err
	}
	r.s.count.kept(kept)
	if p := r.remote(m.From); p != nil {
		p.mu.Lock()
		p.in += uint64(kept.Stored)
		p.mu.Unlock()
	}
	return nil
}

func (r *room) refuse(from string, err error) {
	r.s.count.refused.Inc()
	r.s.o.Log.Debug("a payload of another site is refused", "site", from, "error", err)
}

// check says why a payload is not taken.
func (r *room) check(p *monitor.Payload, now monitor.Time) error {
	may := r.tenant.Ours
	switch {
	case !piggyback.IsName(p.Target):
		return fmt.Errorf("target %.80q is no name", p.Target)
	case may != nil && !may(p.Target):
		return fmt.Errorf("tenant %s has no business with host %s", r.tenant.Name, p.Target)
	case len(p.Raw) > maxRaw:
		return fmt.Errorf("the source calls %s something of %d bytes", p.Target, len(p.Raw))
	}
	return checkSource(p.Source, p.Origin, p.At, now)
}

// maxRaw bounds what a source calls a host: several names may have become one.
const maxRaw = 64 << 10

func checkSource(name, origin string, at, now monitor.Time) error {
	if name == "" || len(name) > maxNameBytes || len(origin) > maxNameBytes {
		return errors.New("a source without a name, or with one that is too long")
	}
	for _, c := range []byte(name) {
		if c < ' ' || c == 0x7f {
			return fmt.Errorf("source %.80q is no name", name)
		}
	}
	if at <= 0 || at.Sub(now) > ahead {
		return fmt.Errorf("fetched from %s at %s, which is yet to come: the clocks of the sites differ", name, at.Std())
	}
	return nil
}
