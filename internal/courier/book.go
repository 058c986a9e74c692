package courier

import (
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
)

// book is what a courier knows of hosts, sites and rules. It never changes.
type book struct {
	generation uint64
	hosts      map[string]monitor.Shard
	elsewhere  map[string]string // the site of a host that is not here
	addresses  map[string]string // the host of an address
	sites      map[string]site   // by key in CFG
	rules      *piggyback.Rules
	speakers   *speakers
	judge      *piggyback.Judge
	adopters   []adopter
	ttl        time.Duration
}

// site is what another site said of itself.
type site struct {
	wire.Site
	hosts []string
}

// adopter says where hosts that no site knows are looked at.
type adopter struct {
	sources, hosts piggyback.Patterns
	of             monitor.PiggybackSite
}

// place is where a payload goes.
type place struct {
	shard monitor.Shard
	here  bool
	site  string // of a host that is not here; empty for an orphan
}

// find says where the payloads of a source, named by bus.SourceAt, for a host go. Lists of sites may be old: what came from another
// site does not go on to a third.
func (b *book) find(target, source string) place {
	if shard, ok := b.hosts[target]; ok {
		return place{shard: shard, here: true}
	}
	if from, _ := bus.SourceFrom(source); from != "" {
		return place{}
	}
	if s, ok := b.elsewhere[target]; ok {
		return place{site: s}
	}
	for i := range b.adopters {
		a := &b.adopters[i]
		if (len(a.of.Sources) == 0 || a.sources.Fit(source)) && (len(a.of.Hosts) == 0 || a.hosts.Fit(target)) {
			return place{site: a.of.Site}
		}
	}
	return place{}
}

// subject is where a payload is kept.
func (p place) subject(target, source string) bus.Subject {
	switch {
	case p.here:
		return bus.PayloadFor(target, source)
	case p.site != "":
		return bus.Outbound(p.site, target, source)
	}
	return bus.Orphan(target, source)
}

// keptAfter is how long payloads are kept that are too old to be used, so that it can be said how old they are.
const keptAfter = 24 * time.Hour

// usualAge is how old a payload may be that is used, when no policy says otherwise (modules/piggyback).
const usualAge = time.Hour

// keep gives how long payloads are kept under policies.
func keep(p *monitor.Piggyback) time.Duration {
	age, validity := usualAge, time.Duration(0)
	for i := range p.Policies {
		if d := p.Policies[i].MaxAge; d != nil {
			age = max(age, *d)
		}
		if d := p.Policies[i].Validity; d != nil {
			validity = max(validity, *d)
		}
	}
	return (age + validity + keptAfter).Round(time.Second)
}
