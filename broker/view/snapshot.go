package view

import (
	"cmp"
	"slices"

	"github.com/onbu/onbu/monitor"
)

// Snapshot is the state of everything at one moment. It never changes: any number of goroutines may read it while the view
// goes on. The zero Snapshot knows nothing.
type Snapshot struct {
	hosts    []*host // sorted by name
	names    names
	clock    clock
	programs map[monitor.Shard]monitor.Program
	contacts map[string]monitor.ContactStatus
	pending  row // of what is configured and was never heard of
}

// Snapshot gives the present. It costs a pointer for each host, and later a copy of each host that changes.
func (v *View) Snapshot() *Snapshot {
	if v.hosts.sort() {
		clear(v.hints)
	}
	v.hosts.epoch++
	s := &Snapshot{
		hosts: slices.Clone(v.hosts.all), names: names{all: v.names.all}, clock: v.clock,
		programs: v.programs, contacts: v.contacts,
	}
	s.pending.put(&monitor.Status{State: monitor.Pending}, &names{of: map[string]uint16{"": 0}})
	return s
}

// Hosts is the number of hosts.
func (s *Snapshot) Hosts() int { return len(s.hosts) }

// Host gives a host; hosts are numbered in the order of their names.
func (s *Snapshot) Host(i int) Host { return Host{s.hosts[i], s} }

// Find gives the number of a host, or of the first one after it in the order of names.
func (s *Snapshot) Find(name string) (i int, ok bool) {
	return slices.BinarySearchFunc(s.hosts, name, func(h *host, name string) int { return cmp.Compare(h.name, name) })
}

// Switches gives what is on for hosts and for services in all shards; everything as long as no shard has said.
func (s *Snapshot) Switches() (hosts, services monitor.Switch) { return switches(s.programs) }

// Contact gives what commands changed on a contact.
func (s *Snapshot) Contact(name string) (c monitor.ContactStatus, changed bool) {
	c, changed = s.contacts[name]
	return c, changed
}

// Pending gives an object that nobody has told of yet.
func (s *Snapshot) Pending() Object { return Object{&s.pending, s} }

// Downtimes gives all downtimes in the order of their numbers. The caller owns the slice.
func (s *Snapshot) Downtimes() []monitor.Downtime {
	var all []monitor.Downtime
	for _, h := range s.hosts {
		for d := range (Host{h, s}).Downtimes {
			all = append(all, *d)
		}
	}
	slices.SortFunc(all, func(a, b monitor.Downtime) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Comments gives all comments in the order of their numbers. The caller owns the slice.
func (s *Snapshot) Comments() []monitor.Comment {
	var all []monitor.Comment
	for _, h := range s.hosts {
		for c := range (Host{h, s}).Comments {
			all = append(all, *c)
		}
	}
	slices.SortFunc(all, func(a, b monitor.Comment) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Host is a host in a snapshot.
type Host struct {
	h *host
	s *Snapshot
}

// Name gives the host's name.
func (h Host) Name() string { return h.h.name }

// Object gives the host itself.
func (h Host) Object() Object { return Object{&h.h.own, h.s} }

// Services is the number of services that were heard of.
func (h Host) Services() int { return len(h.h.services) }

// Service gives a service; they are numbered in the order of their names. Its Known says whether there is more than a name.
func (h Host) Service(i int) (name string, o Object) {
	s := &h.h.services[i]
	return s.name.Value(), Object{&s.row, h.s}
}

// Find gives the number of a service, or of the first one after it in the order of names.
func (h Host) Find(name string) (i int, ok bool) {
	return slices.BinarySearchFunc(h.h.services, name, func(s service, name string) int { return cmp.Compare(s.name.Value(), name) })
}

// Downtimes hands on the downtimes of the host and of its services.
func (h Host) Downtimes(yield func(*monitor.Downtime) bool) {
	if h.h.notes == nil {
		return
	}
	for i := range h.h.notes.downtimes {
		if !yield(&h.h.notes.downtimes[i].Downtime) {
			return
		}
	}
}

// Comments hands on the comments of the host and of its services.
func (h Host) Comments(yield func(*monitor.Comment) bool) {
	if h.h.notes == nil {
		return
	}
	for i := range h.h.notes.comments {
		if !yield(&h.h.notes.comments[i].Comment) {
			return
		}
	}
}
