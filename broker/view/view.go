// Package view knows the present: it folds broks into the current status of every object, and answers what a person
// would ask of it. It decides nothing and reads no clock.
package view

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// View is the current state of everything. It is not safe for use by several goroutines at once.
type View struct {
	hosts hosts
	names names
	hints map[monitor.Shard]*hints
	clock clock
	// programs and contacts are in snapshots too: they are never changed, but replaced by others.
	programs map[monitor.Shard]monitor.Program
	contacts map[string]monitor.ContactStatus
}

// New gives a view that knows nothing yet.
func New() *View {
	return &View{hosts: hosts{slot: map[string]int32{}}, names: names{of: map[string]uint16{"": 0}, all: []string{""}}, hints: map[monitor.Shard]*hints{}}
}

// Apply folds a brok in. It copies what it keeps. Broks of one object may come twice or late: the newest counts.
func (v *View) Apply(b *monitor.Brok) {
	if b.Status != nil {
		v.put(b.Status, b.Time)
	}
	switch b.Kind {
	case monitor.BrokCheck:
		v.Check(b.Check)
	case monitor.BrokDowntime:
		v.addDowntime(b.Shard, *b.Downtime)
	case monitor.BrokDowntimeGone:
		v.dropDowntime(b.Shard, b.Downtime)
	case monitor.BrokComment:
		v.addComment(b.Shard, *b.Comment)
	case monitor.BrokCommentGone:
		v.dropComment(b.Shard, b.Comment)
	case monitor.BrokProgram:
		v.programs = with(v.programs, b.Shard, *b.Program)
	case monitor.BrokContact:
		v.contacts = with(v.contacts, b.Contact.Name, *b.Contact)
	}
}

// with gives a copy of a map with one entry more, since snapshots may have the old one.
func with[K comparable, V any](old map[K]V, key K, value V) map[K]V {
	m := make(map[K]V, len(old)+1)
	maps.Copy(m, old)
	m[key] = value
	return m
}

// Fill takes statuses that the owner of a shard gave at that time.
func (v *View) Fill(statuses []monitor.Status, at monitor.Time) {
	for i := range statuses {
		v.put(&statuses[i], at)
	}
}

// Notes takes a shard's downtimes, comments and switches in place of what was known, and those of contacts.
func (v *View) Notes(shard monitor.Shard, downtimes []monitor.Downtime, comments []monitor.Comment, p *monitor.Program, contacts ...monitor.ContactStatus) {
	v.forgetNotes(shard)
	for i := range downtimes {
		v.addDowntime(shard, downtimes[i])
	}
	for i := range comments {
		v.addComment(shard, comments[i])
	}
	if p != nil {
		v.programs = with(v.programs, shard, *p)
	}
	for i := range contacts {
		v.contacts = with(v.contacts, contacts[i].Name, contacts[i])
	}
}

// Retain forgets the objects that the configuration no longer has.
func (v *View) Retain(known func(monitor.Ref) bool) {
	clear(v.hints) // else a host that is gone and comes back would be found in both forms
	v.hosts.retain(known)
}

func (v *View) put(s *monitor.Status, at monitor.Time) {
	slot := v.host(s.Host)
	place := hostItself
	if !s.IsHost() {
		place = v.hosts.service(slot, s.Service)
	}
	r := v.hosts.all[slot].row(place)
	if at < r.at {
		return
	}
	if r.lastUpdate() > at { // a later check came first
		was, now := r.status(s.Ref, &v.names), *s
		carry(&now, &was)
		s = &now
	}
	h := v.hosts.writable(slot)
	r = h.row(place)
	before := r.shown()
	r.at, r.seen = at, v.clock.tick
	r.put(s, &v.names)
	h.changed(before, r)
}

// Query says which objects are asked for; the zero Query asks for all.
type Query struct {
	// Host is the name of a host; empty for all.
	Host string
	// State is a state's name, in any case; empty for all.
	State string
	// Problems leaves out what is UP, OK or PENDING.
	Problems bool
}

func (q Query) wants(state monitor.State, name string) bool {
	s := monitor.Status{State: state}
	return (!q.Problems || s.IsProblem()) && (q.State == "" || strings.EqualFold(q.State, name))
}

// Hosts gives the hosts asked for, sorted by name. The statuses are copies.
func (v *View) Hosts(q Query) []monitor.Status {
	var out []monitor.Status
	for _, h := range v.chosen(q) {
		if q.wants(h.own.state, h.own.state.HostName()) {
			out = append(out, h.own.status(monitor.Ref{Host: h.name}, &v.names))
		}
	}
	slices.SortFunc(out, func(a, b monitor.Status) int { return cmp.Compare(a.Host, b.Host) })
	return out
}

// Services gives the services asked for, sorted by host and name. The statuses are copies.
func (v *View) Services(q Query) []monitor.Status {
	var out []monitor.Status
	for _, h := range v.chosen(q) {
		for i := range h.services {
			s := &h.services[i]
			if s.at != 0 && q.wants(s.state, s.state.ServiceName()) {
				out = append(out, s.status(monitor.Ref{Host: h.name, Service: s.name.Value()}, &v.names))
			}
		}
	}
	slices.SortStableFunc(out, func(a, b monitor.Status) int { return cmp.Compare(a.Host, b.Host) })
	return out
}

func (v *View) chosen(q Query) []*host {
	if q.Host == "" {
		return v.hosts.all
	}
	if slot, ok := v.hosts.slot[q.Host]; ok {
		return v.hosts.all[slot : slot+1]
	}
	return nil
}

// Tally counts objects by the name of their state.
type Tally struct {
	Hosts    map[string]int `json:"hosts"`
	Services map[string]int `json:"services"`
}

// Tally counts everything.
func (v *View) Tally() Tally {
	var hosts, services [256]int // by state: a name for each object would take most of the time
	for _, h := range v.hosts.all {
		hosts[h.own.state]++
		for i := range h.services {
			if h.services[i].at != 0 {
				services[h.services[i].state]++
			}
		}
	}
	t := Tally{Hosts: map[string]int{}, Services: map[string]int{}}
	for i := range hosts {
		if hosts[i] > 0 {
			t.Hosts[monitor.State(i).HostName()] = hosts[i]
		}
		if services[i] > 0 {
			t.Services[monitor.State(i).ServiceName()] = services[i]
		}
	}
	return t
}

// Switches gives what is on for hosts and for services in all shards; everything as long as no shard has said.
func (v *View) Switches() (hosts, services monitor.Switch) { return switches(v.programs) }

func switches(programs map[monitor.Shard]monitor.Program) (hosts, services monitor.Switch) {
	hosts, services = ^monitor.Switch(0), ^monitor.Switch(0)
	for _, p := range programs {
		hosts &= p.HostSwitches
		services &= p.ServiceSwitches
	}
	return hosts, services
}
