package courier

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// What a host may have for payloads; what is beyond is left out and counted.
const (
	mostPayloads = 512
	mostBytes    = 16 << 20
)

// Payloads implements modules.Courier. A host's address counts when it is no other host's name.
func (c *Courier) Payloads(ctx context.Context, host, address string, _ uint64) (modules.Carried, error) {
	ctx, cancel := context.WithTimeout(ctx, readAtMost)
	defer cancel()
	out, err := c.carried(ctx, host, address)
	if err != nil {
		return modules.Carried{}, fmt.Errorf("payloads for %s: %w", host, err)
	}
	return out, nil
}

func (c *Courier) carried(ctx context.Context, host, address string) (out modules.Carried, err error) {
	b, err := c.reading(ctx)
	if err != nil {
		return out, err
	}
	if out.Use = b.judge.Use(host); out.Use == monitor.UseNever {
		return out, nil
	}
	s := shelf{c: c, found: map[outlet]monitor.Payload{}}
	err = c.o.Bus.Newest(ctx, bus.PB, bus.PayloadsFor(host), s.take(host))
	if err == nil && c.orphanage(b, host, address) {
		err = c.o.Bus.Newest(ctx, bus.PBX, bus.OrphansOf(address), s.take(address))
	}
	if err != nil {
		return out, err
	}
	for _, p := range s.found {
		one, err := c.judge(ctx, b, host, p)
		if err != nil {
			return out, err
		}
		out.Payloads = append(out.Payloads, one)
	}
	slices.SortFunc(out.Payloads, func(a, b modules.CarriedPayload) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Site, b.Site))
	})
	return out, nil
}

// orphanage tells whether payloads for an address are a host's: then they are kept as those of a host that nobody knows.
func (c *Courier) orphanage(b *book, host, address string) bool {
	if address == "" || address == host {
		return false
	}
	if p := b.find(address, ""); p.here || p.site != "" {
		return false
	}
	if was, ok := c.addresses.Get(address); !ok || was != host {
		c.addresses.Put(address, host)
	}
	return true
}

// hostAt gives the host that has asked for the payloads of an address lately.
func (c *Courier) hostAt(b *book, address string) (host string, shard monitor.Shard, ok bool) {
	if host, ok = c.addresses.Get(address); ok {
		shard, ok = b.hosts[host]
	}
	return host, shard, ok
}

// shelf gathers the payloads for a host, the newest of each source; the origin does not count.
type shelf struct {
	c     *Courier
	found map[outlet]monitor.Payload
	bytes int
}

func (s *shelf) take(target string) func([]bus.Msg) error {
	return func(msgs []bus.Msg) error {
		for _, m := range msgs {
			p, err := s.c.decode(m)
			if err != nil || p.Target != target || len(s.found) >= mostPayloads || s.bytes+len(p.Data) > mostBytes {
				s.c.unreadable.Inc()
				continue
			}
			from := outlet{p.Site, p.Source, ""}
			was, ok := s.found[from]
			if ok && was.At > p.At && !yetToCome(was.At) {
				continue
			}
			s.bytes += len(p.Data) - len(was.Data)
			s.found[from] = p
		}
		return nil
	}
}

// judge says what the policies say of a payload.
func (c *Courier) judge(ctx context.Context, b *book, host string, p monitor.Payload) (modules.CarriedPayload, error) {
	known, err := c.contact(ctx, outlet{p.Site, p.Source, p.Origin})
	if err != nil {
		return modules.CarriedPayload{}, err
	}
	j := b.judge.Payload(host, p.Source, p.At, known.seen(p.At), monitor.At(time.Now()))
	if j.Usable {
		c.age.Update(since(p.At).Seconds())
	}
	return modules.CarriedPayload{Payload: p, Usable: j.Usable, State: j.State, Text: j.Text}, nil
}

// contact is what was known of a source at a time.
type contact struct {
	monitor.Source
	there bool
	read  time.Time
}

// contactFor is how long a contact is good: payloads of ten thousand hosts that came together cost few looks at their source.
const contactFor = 2 * time.Second

func (c *Courier) contact(ctx context.Context, o outlet) (contact, error) {
	known, ok := c.sources.Get(o)
	if ok && time.Since(known.read) < contactFor {
		return known, nil
	}
	s, _, err := c.source(ctx, o)
	if err != nil {
		return known, err
	}
	known = contact{Source: s, there: newest(s) != 0, read: time.Now()}
	if known.there {
		c.sources.Put(o, known)
	}
	return known, nil
}

// seen gives when the source of a payload of a certain time was last heard of; 0 if it is not known, or has fallen silent since.
func (k contact) seen(at monitor.Time) monitor.Time {
	switch {
	case k.there && at >= newest(k.Source): // it may be newer than what we know of its source
		return at
	case !k.there || k.Silent:
		return 0
	}
	return k.At
}
