package catalog

import (
	"cmp"
	"slices"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/calendar"
)

// Index is a catalog in order: objects sorted by name over all shards, groups put together again, and the ways back from an
// object to its groups, children and services. It is read-only, and refers to the inventories instead of copying them: about
// ten bytes an object and four for each membership in a group.
type Index struct {
	// Hosts are those of all shards, sorted by name.
	Hosts []Place
	// HostGroups and ServiceGroups are sorted by name, as are Commands, Timeperiods, Contacts and ContactGroups.
	HostGroups, ServiceGroups []Group
	// Base is the inventory that says what all shards have in common: contacts, commands, timeperiods. It is that of the newest
	// generation, and an empty one where there is none.
	Base *monitor.Inventory
	// Commands, Timeperiods, Contacts and ContactGroups are indexes into Base's.
	Commands, Timeperiods, Contacts, ContactGroups []int32
	// Periods are Base's timeperiods, compiled.
	Periods []*calendar.Period

	catalog *Catalog
	shards  []shard
	abroad  abroad
}

// Place is where an object is: a shard and its number there.
type Place struct {
	Shard monitor.Shard
	ID    monitor.ID
}

// Group is a host group or service group, put together from all shards.
type Group struct {
	// Group is the part of it in one of the shards: all have the same names and notes.
	*monitor.Group
	parts []part
}

// part is the part of a group in a shard.
type part struct {
	shard   monitor.Shard
	members []monitor.ID
}

// shard is what is known of a shard's objects besides its inventory.
type shard struct {
	first    []uint32 // of each host the number of its first service; one more at the end
	order    []uint32 // services in the order of host and description; nil where they are so already
	groups   table    // of each object
	children table    // of each host
	slaves   table    // of each object the numbers of the dependencies on it; empty where there are none
}

// NewIndex puts a catalog in order.
func NewIndex(c *Catalog) *Index {
	x := &Index{catalog: c, shards: make([]shard, len(c.Inventories)), Base: base(c.Inventories)}
	for number, inv := range c.Inventories {
		if inv == nil {
			continue
		}
		for id := range inv.Hosts {
			x.Hosts = append(x.Hosts, Place{monitor.Shard(number), monitor.ID(id)})
		}
		x.shards[number].sort(inv)
	}
	slices.SortFunc(x.Hosts, func(a, b Place) int { return cmp.Compare(x.Host(a).Name, x.Host(b).Name) })
	x.HostGroups = x.merge(func(inv *monitor.Inventory) []monitor.Group { return inv.HostGroups })
	x.ServiceGroups = x.merge(func(inv *monitor.Inventory) []monitor.Group { return inv.ServiceGroups })
	x.linkGroups()
	x.linkBorders()
	x.nameBase()
	return x
}

// base gives the newest inventory.
func base(all []*monitor.Inventory) *monitor.Inventory {
	newest := &monitor.Inventory{}
	for _, inv := range all {
		if inv != nil && inv.Generation >= newest.Generation {
			newest = inv
		}
	}
	return newest
}

// nameBase sorts what all shards have in common. Periods that cannot be compiled, which the arbiter refuses, are always.
func (x *Index) nameBase() {
	b := x.Base
	x.Commands = sortedBy(len(b.Commands), func(i int32) string { return b.Commands[i].Name })
	x.Timeperiods = sortedBy(len(b.Timeperiods), func(i int32) string { return b.Timeperiods[i].Name })
	x.Contacts = sortedBy(len(b.Contacts), func(i int32) string { return b.Contacts[i].Name })
	x.ContactGroups = sortedBy(len(b.ContactGroups), func(i int32) string { return b.ContactGroups[i].Name })
	if periods, err := calendar.Compile(b.Timeperiods); err == nil {
		x.Periods = periods
	} else {
		x.Periods = make([]*calendar.Period, len(b.Timeperiods))
	}
}

// sortedBy gives 0…n-1 in the order of names.
func sortedBy(n int, name func(int32) string) []int32 {
	order := make([]int32, n)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(name(a), name(b)) })
	return order
}

// Inventory gives the inventory of an object.
func (x *Index) Inventory(p Place) *monitor.Inventory { return x.catalog.Inventories[p.Shard] }

// Host gives the host at a place.
func (x *Index) Host(p Place) *monitor.Host { return &x.Inventory(p).Hosts[p.ID] }

// Find finds a host or service.
func (x *Index) Find(r monitor.Ref) (Place, bool) {
	p, ok := x.catalog.hosts[r.Host]
	if !ok || r.IsHost() {
		return Place{p.shard, p.id}, ok
	}
	_, id, ok := x.catalog.Find(r)
	return Place{p.shard, id}, ok
}

// Search gives the number of a host among Hosts, or of the first one after it.
func (x *Index) Search(host string) (int, bool) {
	return slices.BinarySearchFunc(x.Hosts, host, func(p Place, name string) int { return cmp.Compare(x.Host(p).Name, name) })
}

// Services is how many services a host has.
func (x *Index) Services(host Place) int {
	first := x.shards[host.Shard].first
	return int(first[host.ID+1] - first[host.ID])
}

// Service gives a host's service with that number in the order of descriptions.
func (x *Index) Service(host Place, i int) monitor.ID {
	s := &x.shards[host.Shard]
	number := s.first[host.ID] + uint32(i)
	if s.order != nil {
		number = s.order[number]
	}
	return monitor.ID(len(x.Inventory(host).Hosts)) + monitor.ID(number)
}

// Descriptions hands on the numbers and the descriptions of a host's services in the order of descriptions.
func (x *Index) Descriptions(host Place, yield func(monitor.ID, string) bool) {
	s, inv := &x.shards[host.Shard], x.Inventory(host)
	for i := s.first[host.ID]; i < s.first[host.ID+1]; i++ {
		number := i
		if s.order != nil {
			number = s.order[i]
		}
		if !yield(monitor.ID(len(inv.Hosts))+monitor.ID(number), inv.Services[number].Description) {
			return
		}
	}
}

// GroupsOf gives the groups of an object: indexes into HostGroups or ServiceGroups, sorted.
func (x *Index) GroupsOf(p Place) []uint32 { return x.shards[p.Shard].groups.of(p.ID) }

// Children gives the hosts that have a host as a parent.
func (x *Index) Children(host Place) []uint32 { return x.shards[host.Shard].children.of(host.ID) }

// Masters gives the dependencies in which an object depends on others.
func (x *Index) Masters(p Place) []monitor.Dependency {
	all := x.Inventory(p).Dependencies
	order := func(d monitor.Dependency, id monitor.ID) int { return cmp.Compare(d.Dependent, id) }
	first, _ := slices.BinarySearchFunc(all, p.ID, order)
	last := first
	for last < len(all) && all[last].Dependent == p.ID {
		last++
	}
	return all[first:last]
}

// Dependents gives the numbers of the inventory's dependencies in which others depend on an object.
func (x *Index) Dependents(p Place) []uint32 { return x.shards[p.Shard].slaves.of(p.ID) }

// Members hands on the members of a group.
func (g *Group) Members(yield func(Place) bool) {
	for _, p := range g.parts {
		for _, id := range p.members {
			if !yield(Place{p.shard, id}) {
				return
			}
		}
	}
}

// Size is how many members a group has.
func (g *Group) Size() int {
	n := 0
	for _, p := range g.parts {
		n += len(p.members)
	}
	return n
}

// merge puts the groups of all shards together.
func (x *Index) merge(of func(*monitor.Inventory) []monitor.Group) []Group {
	parts := map[string]*Group{}
	for number, inv := range x.catalog.Inventories {
		if inv == nil {
			continue
		}
		groups := of(inv)
		for i := range groups {
			g := parts[groups[i].Name]
			if g == nil {
				g = &Group{Group: &groups[i]}
				parts[groups[i].Name] = g
			}
			g.parts = append(g.parts, part{monitor.Shard(number), groups[i].Members})
		}
	}
	all := make([]Group, 0, len(parts))
	for _, g := range parts {
		all = append(all, *g)
	}
	slices.SortFunc(all, func(a, b Group) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// linkGroups leads from objects back to their groups.
func (x *Index) linkGroups() {
	pairs := make([][]pair, len(x.shards))
	for _, groups := range [][]Group{x.HostGroups, x.ServiceGroups} {
		for number := range groups {
			for p := range groups[number].Members {
				pairs[p.Shard] = append(pairs[p.Shard], pair{p.ID, uint32(number)})
			}
		}
	}
	for number, inv := range x.catalog.Inventories {
		if inv != nil {
			x.shards[number].groups = tabulate(inv.Objects(), pairs[number])
		}
	}
}
