package arbiter

import (
	"context"
	"slices"

	"github.com/onbu/onbu/arbiter/dynamic"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
)

// sources gives a look-up of when a source was last heard of with payloads, in all of its outputs: a host may be in any of them.
// Those of this site are read first; other sites are asked for what is not here. Each is read once.
func (d *dynamics) sources(ctx context.Context) func(string) (monitor.Time, bool) {
	known := map[string]monitor.Time{}
	var elsewhere map[string]monitor.Time
	return func(name string) (monitor.Time, bool) {
		at, ok := known[name]
		if !ok {
			heard := d.heardOf(ctx, bus.SourcesOf(name))
			var here bool
			if at, here = heard[name]; !here && heard != nil {
				if elsewhere == nil {
					elsewhere = d.heardOf(ctx, bus.AllSources())
				}
				at = elsewhere[name]
			}
			known[name] = at
		}
		return at, at != 0
	}
}

// heardOf reads when sources were heard of: the output of each that was heard of longest ago counts. What a clock wrote that was
// ahead counts as nothing, 0. Nil means that they cannot be read.
func (d *dynamics) heardOf(ctx context.Context, filter bus.Subject) map[string]monitor.Time {
	all := map[string]monitor.Time{}
	err := d.a.o.Bus.Newest(ctx, bus.PB, filter, func(msgs []bus.Msg) error {
		for _, m := range msgs {
			var s monitor.Source
			if wire.Unmarshal(m.Data, &s) != nil {
				continue
			}
			if s.At.Sub(d.now()) > piggyback.Ahead {
				s.At = 0
			}
			if was, ok := all[s.Name]; !ok || s.At < was {
				all[s.Name] = s.At
			}
		}
		return nil
	})
	if err != nil {
		d.a.o.Log.Warn("when sources of payloads were heard of is not known for now", "error", err)
		return nil
	}
	return all
}

// payloads reads the payloads for a host; none when they cannot be read, which lets nothing be removed for want of them.
func (d *dynamics) payloads(ctx context.Context, host string) []monitor.Payload {
	var all []monitor.Payload
	var decoder wire.Decoder
	err := d.a.o.Bus.Newest(ctx, bus.PB, bus.PayloadsFor(host), func(msgs []bus.Msg) error {
		for _, m := range msgs {
			if p, err := wire.DecodePayload(&decoder, m.Data); err == nil {
				all = append(all, p)
			}
		}
		return nil
	})
	if err != nil {
		d.a.o.Log.Warn("payloads of a dynamic host cannot be read for now", "host", host, "error", err)
		return []monitor.Payload{{Target: host, At: d.now()}}
	}
	return all
}

func newest(payloads []monitor.Payload) monitor.Time {
	var at monitor.Time
	for _, p := range payloads {
		at = max(at, p.At)
	}
	return at
}

// again looks at some of the hosts whose services are discovered, others each time, for services that are new.
func (d *dynamics) again(ctx context.Context) []dynamic.Candidate {
	d.turn++
	var all []dynamic.Candidate
	for i, h := range d.list.Discovering() {
		if i%perSweep != d.turn%perSweep {
			continue
		}
		payloads := d.payloads(ctx, h.Name)
		all = append(all, dynamic.Candidate{
			Host: h.Name, Source: h.Source, Rule: h.Rule.Name, At: newest(payloads), Services: offers(h.Rule, payloads),
		})
	}
	return all
}

// here gives the sites with this one by no name, as everybody else at this site has it.
func here(all []monitor.PiggybackSite, site string) []monitor.PiggybackSite {
	all = slices.Clone(all)
	for i := range all {
		if all[i].Site == site {
			all[i].Site = ""
		}
	}
	return all
}
