package view

import (
	"cmp"
	"slices"
	"strings"
	"unique"

	"github.com/onbu/onbu/monitor"
)

// hosts are all hosts. A snapshot has the same ones: each is copied when it is to change for the first time after a snapshot,
// so that a snapshot costs a pointer a host, and a write as much as before.
type hosts struct {
	slot map[string]int32
	all  []*host // by slot
	// epoch is the number of snapshots made: hosts that are older belong to one.
	epoch uint64
	// unsorted says that slots are not in the order of names.
	unsorted bool
}

// host is a host and its services, sorted by name.
type host struct {
	name     string
	epoch    uint64 // in which it was made or copied
	own      row
	services []service
	notes    *notes // nil for most
}

// service is a service of a host. Few names are many services', so each is kept once.
type service struct {
	name unique.Handle[string]
	row
}

// hostItself is the place of a host's own row; others are those of its services.
const hostItself = -1

// row gives the row at a place.
func (h *host) row(place int) *row {
	if place == hostItself {
		return &h.own
	}
	return &h.services[place].row
}

// writable gives a host that may be changed until the next snapshot.
func (hs *hosts) writable(slot int32) *host {
	h := hs.all[slot]
	if h.epoch != hs.epoch {
		h = h.copy(hs.epoch)
		hs.all[slot] = h
	}
	return h
}

// copy gives a host that may be changed; texts and the like are still those of the other one.
func (h *host) copy(epoch uint64) *host {
	c := *h
	c.epoch, c.own.shared = epoch, true
	c.services = slices.Clone(h.services)
	for i := range c.services {
		c.services[i].shared = true
	}
	return &c
}

// add makes a host and gives its slot.
func (hs *hosts) add(name string) int32 {
	name = strings.Clone(name)
	slot := int32(len(hs.all))
	hs.unsorted = hs.unsorted || slot > 0 && hs.all[slot-1].name > name
	hs.all = append(hs.all, &host{name: name, epoch: hs.epoch})
	hs.slot[name] = slot
	return slot
}

// service gives the place of a service, a new one if there is none.
func (hs *hosts) service(slot int32, name string) int {
	h := hs.all[slot]
	i, ok := slices.BinarySearchFunc(h.services, name, func(s service, name string) int { return cmp.Compare(s.name.Value(), name) })
	if !ok {
		h = hs.writable(slot)
		if n := len(h.services); n == cap(h.services) { // the usual growth by half leaves much of it empty for ever
			h.services = append(make([]service, 0, n+1+n/8), h.services...)
		}
		h.services = slices.Insert(h.services, i, service{name: unique.Make(strings.Clone(name))})
	}
	return i
}

// retain forgets what is not known.
func (hs *hosts) retain(known func(monitor.Ref) bool) {
	gone := func(h *host) func(service) bool {
		return func(s service) bool { return !known(monitor.Ref{Host: h.name, Service: s.name.Value()}) }
	}
	kept := make([]*host, 0, len(hs.all))
	for slot, h := range hs.all {
		if !known(monitor.Ref{Host: h.name}) {
			continue
		}
		if slices.ContainsFunc(h.services, gone(h)) {
			h = hs.writable(int32(slot))
			h.services = slices.DeleteFunc(h.services, gone(h))
		}
		kept = append(kept, h)
	}
	hs.all = kept
	hs.number()
}

// number writes down the slots anew.
func (hs *hosts) number() {
	clear(hs.slot)
	for slot, h := range hs.all {
		hs.slot[h.name] = int32(slot)
	}
}

// sort puts the slots into the order of names, and says whether they changed.
func (hs *hosts) sort() bool {
	if !hs.unsorted {
		return false
	}
	slices.SortFunc(hs.all, func(a, b *host) int { return cmp.Compare(a.name, b.name) })
	hs.number()
	hs.unsorted = false
	return true
}
