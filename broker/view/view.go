// Package view knows the present: it folds broks into the current status of every object, and gives snapshots of it to whoever
// asks. It decides nothing and reads no clock.
package view

import (
	"maps"

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

// switches gives what is on in all shards.
func switches(programs map[monitor.Shard]monitor.Program) (hosts, services monitor.Switch) {
	hosts, services = ^monitor.Switch(0), ^monitor.Switch(0)
	for _, p := range programs {
		hosts &= p.HostSwitches
		services &= p.ServiceSwitches
	}
	return hosts, services
}
