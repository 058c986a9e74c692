package outline

import (
	"slices"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// kind is how people see a host in a tree.
type kind uint8

// The kinds, the worse the higher. A root problem that somebody has acknowledged or planned is handled.
const (
	fine kind = iota
	pending
	impact
	handled
	broken
	kinds
)

// Present is how all hosts of a map are at one moment. It does not change: any goroutine may read it.
type Present struct {
	m     *Map
	s     *view.Snapshot
	hosts []host
	// inside counts of each host what hangs from it by kind, itself left out.
	inside [][kinds]int32
}

// host is what a picture needs of a host's present.
type host struct {
	kind  kind
	state monitor.State
	place int32 // in the snapshot; -1 where it does not know it
	// worst and ill are the worst state of its services that is their own, and how many are not OK.
	worst monitor.State
	ill   int32
}

// Index gives what the map was made of: places in another one are others.
func (p *Present) Index() *catalog.Index { return p.m.index }

// Look gives the present of all hosts.
func (m *Map) Look(s *view.Snapshot) *Present {
	p := &Present{m: m, s: s, hosts: make([]host, m.Hosts()), inside: make([][kinds]int32, m.Hosts())}
	place := 0
	for i := range p.hosts { // both are in the order of names
		name := m.name(int32(i))
		for place < s.Hosts() && s.Host(place).Name() < name {
			place++
		}
		p.hosts[i] = host{kind: pending, state: monitor.Pending, place: -1}
		if place < s.Hosts() && s.Host(place).Name() == name {
			p.hosts[i] = hostOf(s.Host(place), int32(place))
		}
	}
	for _, h := range slices.Backward(m.order) {
		if up, ok := m.hangsFrom(h); ok {
			for k := range kinds {
				p.inside[up][k] += p.inside[h][k]
			}
			p.inside[up][p.hosts[h].kind]++
		}
	}
	return p
}

func hostOf(v view.Host, place int32) host {
	o := v.Object()
	h := host{kind: kindOf(o), state: o.State(), place: place, worst: monitor.OK}
	for i := range v.Services() {
		_, service := v.Service(i)
		state := service.State()
		if state == monitor.OK || state == monitor.Pending || !service.Known() {
			continue
		}
		if w := service.Seldom(); w != nil && w.Impact {
			continue
		}
		h.ill++
		if rank(state) > rank(h.worst) {
			h.worst = state
		}
	}
	return h
}

// rank orders the states of services: CRITICAL is worse than UNKNOWN.
func rank(s monitor.State) int {
	switch s {
	case monitor.Critical:
		return 3
	case monitor.Unknown:
		return 2
	case monitor.Warning:
		return 1
	}
	return 0
}

func kindOf(o view.Object) kind {
	w := o.Seldom()
	switch state := o.State(); {
	case state == monitor.Pending || !o.Known():
		return pending
	case state == monitor.Up:
		return fine
	case w != nil && w.Impact || state == monitor.Unreachable:
		return impact
	case w != nil && (w.Ack != monitor.AckNone || w.DowntimeDepth > 0):
		return handled
	}
	return broken
}

// object gives a host in the snapshot.
func (p *Present) object(h int32) view.Object {
	if place := p.hosts[h].place; place >= 0 {
		return p.s.Host(int(place)).Object()
	}
	return p.s.Pending()
}

// sources are the hosts of the root problems that a host suffers from; most have none.
func (p *Present) sources(h int32) (all []int32) {
	w := p.object(h).Seldom()
	if w == nil || !w.Impact {
		return nil
	}
	for _, ref := range w.Sources {
		if i, ok := p.m.find(ref.Host); ok && i != h && !slices.Contains(all, i) && len(all) < mostSources {
			all = append(all, i)
		}
	}
	return all
}

// mostSources is how many root problems of one host are shown.
const mostSources = 8
