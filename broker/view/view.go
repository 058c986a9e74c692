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
	hosts     map[string]*host
	names     names
	downtimes map[key]monitor.Downtime
	comments  map[key]monitor.Comment
	programs  map[monitor.Shard]monitor.Program
	hints     map[monitor.Shard]*hints
}

// host is a host and its services, sorted by name.
type host struct {
	name     string
	own      row
	services []service
}

type service struct {
	name string
	row
}

// key names a downtime or comment: their numbers are a shard's own.
type key struct {
	shard monitor.Shard
	id    uint64
}

// New gives a view that knows nothing yet.
func New() *View {
	return &View{
		hosts: map[string]*host{}, names: names{of: map[string]uint16{}},
		downtimes: map[key]monitor.Downtime{}, comments: map[key]monitor.Comment{},
		programs: map[monitor.Shard]monitor.Program{}, hints: map[monitor.Shard]*hints{},
	}
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
		v.downtimes[key{b.Shard, b.Downtime.ID}] = *b.Downtime
	case monitor.BrokDowntimeGone:
		delete(v.downtimes, key{b.Shard, b.Downtime.ID})
	case monitor.BrokComment:
		v.comments[key{b.Shard, b.Comment.ID}] = *b.Comment
	case monitor.BrokCommentGone:
		delete(v.comments, key{b.Shard, b.Comment.ID})
	case monitor.BrokProgram:
		v.programs[b.Shard] = *b.Program
	}
}

// Fill takes statuses that the owner of a shard gave at that time.
func (v *View) Fill(statuses []monitor.Status, at monitor.Time) {
	for i := range statuses {
		v.put(&statuses[i], at)
	}
}

// Notes takes a shard's downtimes, comments and switches in place of what was known.
func (v *View) Notes(shard monitor.Shard, downtimes []monitor.Downtime, comments []monitor.Comment, p *monitor.Program) {
	maps.DeleteFunc(v.downtimes, func(k key, _ monitor.Downtime) bool { return k.shard == shard })
	maps.DeleteFunc(v.comments, func(k key, _ monitor.Comment) bool { return k.shard == shard })
	for _, d := range downtimes {
		v.downtimes[key{shard, d.ID}] = d
	}
	for _, c := range comments {
		v.comments[key{shard, c.ID}] = c
	}
	if p != nil {
		v.programs[shard] = *p
	}
}

// Retain forgets the objects that the configuration no longer has.
func (v *View) Retain(known func(monitor.Ref) bool) {
	clear(v.hints) // else a host that is gone and comes back would be found in both forms
	for name, h := range v.hosts {
		if !known(monitor.Ref{Host: name}) {
			delete(v.hosts, name)
			continue
		}
		h.services = slices.DeleteFunc(h.services, func(s service) bool {
			return !known(monitor.Ref{Host: name, Service: s.name})
		})
	}
}

func (v *View) put(s *monitor.Status, at monitor.Time) {
	h := v.host(s.Host)
	r := &h.own
	if !s.IsHost() {
		r = &h.services[h.service(s.Service)].row
	}
	if at < r.at {
		return
	}
	if r.lastUpdate() > at { // a later check came first
		was, now := r.status(s.Ref, &v.names), *s
		carry(&now, &was)
		s = &now
	}
	r.at = at
	r.put(s, &v.names)
}

// service gives the place of a service, a new one if there is none.
func (h *host) service(name string) int {
	i, ok := slices.BinarySearchFunc(h.services, name, func(s service, name string) int { return cmp.Compare(s.name, name) })
	if !ok {
		if n := len(h.services); n == cap(h.services) { // the usual growth by half leaves much of it empty for ever
			h.services = append(make([]service, 0, n+1+n/8), h.services...)
		}
		h.services = slices.Insert(h.services, i, service{name: strings.Clone(name)})
	}
	return i
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
				out = append(out, s.status(monitor.Ref{Host: h.name, Service: s.name}, &v.names))
			}
		}
	}
	slices.SortStableFunc(out, func(a, b monitor.Status) int { return cmp.Compare(a.Host, b.Host) })
	return out
}

func (v *View) chosen(q Query) []*host {
	if q.Host == "" {
		return slices.Collect(maps.Values(v.hosts))
	}
	if h := v.hosts[q.Host]; h != nil {
		return []*host{h}
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
	for _, h := range v.hosts {
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
func (v *View) Switches() (hosts, services monitor.Switch) {
	hosts, services = ^monitor.Switch(0), ^monitor.Switch(0)
	for _, p := range v.programs {
		hosts &= p.HostSwitches
		services &= p.ServiceSwitches
	}
	return hosts, services
}

// Downtimes gives all downtimes known, sorted by start.
func (v *View) Downtimes() []monitor.Downtime {
	return slices.SortedFunc(maps.Values(v.downtimes), func(a, b monitor.Downtime) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.ID, b.ID))
	})
}

// Comments gives all comments known, oldest first.
func (v *View) Comments() []monitor.Comment {
	return slices.SortedFunc(maps.Values(v.comments), func(a, b monitor.Comment) int {
		return cmp.Or(cmp.Compare(a.Entered, b.Entered), cmp.Compare(a.ID, b.ID))
	})
}
