package broker

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

// reading is one look at the payloads that the bus holds. Nothing of them is kept but what the policies need.
type reading struct {
	b       *Broker
	now     monitor.Time
	judge   *piggyback.Judge
	sources map[outlet]monitor.Source
	sites   map[string]string // names of other sites, by Token
	host    string            // empty for all
	// whole says that the payloads' data are wanted too.
	whole   bool
	decoder wire.Decoder
}

// outlet is one of the outputs of a source.
type outlet struct{ source, site, origin string }

// look begins to read.
func (b *Broker) look(ctx context.Context, host string) (*reading, error) {
	r := &reading{b: b, now: monitor.At(time.Now()), host: host, whole: host != "", sources: map[outlet]monitor.Source{}}
	rules, err := b.rules(ctx)
	if err != nil {
		return nil, err
	}
	r.judge, _ = piggyback.CompilePolicies(rules) // the arbiter refuses those that are wrong
	if r.sites, err = b.otherSites(ctx); err != nil {
		return nil, err
	}
	return r, r.hear(ctx)
}

// rules gives what the configuration in force says of payloads.
func (b *Broker) rules(ctx context.Context) (monitor.Piggyback, error) {
	b.mu.RLock()
	generation := b.directory.Generation
	b.mu.RUnlock()
	var p monitor.Piggyback
	data, err := b.blob(ctx, wire.PiggybackName(generation))
	if err == nil && data != nil {
		err = wire.Unmarshal(data, &p)
	}
	if err != nil {
		return p, fmt.Errorf("reading the rules of payloads: %w", err)
	}
	return p, nil
}

// hear reads when each source was last heard of.
func (r *reading) hear(ctx context.Context) error {
	err := r.b.o.Bus.Newest(ctx, bus.PB, bus.AllSources(), func(msgs []bus.Msg) error {
		for _, m := range msgs {
			var s monitor.Source
			if wire.Unmarshal(m.Data, &s) != nil {
				r.b.unreadable.Inc()
				continue
			}
			r.sources[outlet{s.Name, s.Site, s.Origin}] = s
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading when sources were heard of: %w", err)
	}
	return nil
}

// each hands on the payloads of a kind, oldest first; data only if they are wanted.
func (r *reading) each(ctx context.Context, where string, handle func(p api.Payload, data []byte) error) error {
	stream, filter := r.place(where)
	wanted := bus.Token(r.host)
	err := r.b.o.Bus.Newest(ctx, stream, filter, func(msgs []bus.Msg) error {
		for _, m := range msgs {
			to, target := "", ""
			if where == api.Waiting {
				if to, target = bus.OutboundOf(m.Subject); target == bus.Token("") || r.host != "" && target != wanted {
					continue // of a source, or of another host
				}
			}
			p, size, err := r.decode(m.Data)
			if err != nil {
				r.b.unreadable.Inc()
				continue
			}
			one := r.payload(where, &p, size)
			if where == api.Waiting {
				one.To = siteNamed(r.sites, to)
			}
			if err := handle(one, p.Data); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading payloads: %w", err)
	}
	return nil
}

// place is where payloads of a kind lie.
func (r *reading) place(where string) (bus.Stream, bus.Subject) {
	switch {
	case where == api.Waiting:
		return bus.PBO, bus.AllOutbound()
	case where == api.Orphan && r.host != "":
		return bus.PBX, bus.OrphansOf(r.host)
	case where == api.Orphan:
		return bus.PBX, bus.AllOrphans()
	case r.host != "":
		return bus.PB, bus.PayloadsFor(r.host)
	}
	return bus.PB, bus.AllPayloads()
}

// decode reads a payload, and without its data if nobody wants them.
func (r *reading) decode(message []byte) (p monitor.Payload, size int, err error) {
	if !r.whole {
		return wire.DecodePayloadHead(&r.decoder, message)
	}
	p, err = wire.DecodePayload(&r.decoder, message)
	return p, len(p.Data), err
}

func (r *reading) payload(where string, p *monitor.Payload, size int) api.Payload {
	one := api.Payload{
		Target: p.Target, Source: p.Source, Site: p.Site, Where: where, Names: piggyback.Raws(p.Raw), At: p.At.Unix(), Bytes: size,
	}
	if where == api.Here {
		j := r.judge.Payload(p.Target, p.Source, p.At, r.contact(outlet{p.Source, p.Site, p.Origin}), r.now)
		one.Usable, one.Fresh, one.State, one.Text = j.Usable, j.Fresh, j.State.ServiceName(), j.Text
	}
	if where == api.Orphan {
		one.Since, one.AtLeast = r.b.queues.firsts.of(p.Target)
		if one.Since == 0 || one.Since > one.At {
			one.Since, one.AtLeast = one.At, true
		}
	}
	if r.whole {
		one.Sections = sectionsOf(p.Data)
	}
	return one
}

// contact is when a source was last heard of with payloads; 0 for never, and for one that has none any more.
func (r *reading) contact(o outlet) monitor.Time {
	s := r.sources[o]
	if s.Silent {
		return 0
	}
	return s.At
}

// mostSections bounds the names of sections that are told of a payload.
const mostSections = 200

// sectionsOf names the sections that have a header in a payload, each once, in their order.
func sectionsOf(data []byte) []string {
	var names []string
	seen := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		name, begins := strings.CutPrefix(line, "<<<")
		name, ends := strings.CutSuffix(name, ">>>")
		name, _, _ = strings.Cut(name, ":")
		if !begins || !ends || name == "" || strings.HasPrefix(name, "<") || seen[name] || len(names) == mostSections {
			continue
		}
		seen[name] = true
		names = append(names, name)
	}
	return names
}
