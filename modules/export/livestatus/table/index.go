package table

import (
	"sync"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// index is a catalog in order, with names beside numbers where columns show many.
type index struct {
	*catalog.Index
	of *catalog.Catalog
	// contacts and contactGroups are the names for each policy of each shard.
	contacts, contactGroups [][][]string
	hostGroups              []string // names, by number
	serviceGroups           []string
	// ids begin at these numbers in each shard, for the columns called id.
	ids                            []int
	contactsByName, commandsByName map[string]int32
}

// indexes keeps the index of the newest catalog: making one takes some tenths of a second in large installations.
type indexes struct {
	mu   sync.Mutex
	last *index
}

// of gives the index of a catalog.
func (all *indexes) of(c *catalog.Catalog) *index {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.last == nil || all.last.of != c {
		all.last = newIndex(c)
	}
	return all.last
}

func newIndex(c *catalog.Catalog) *index {
	n := len(c.Inventories)
	x := &index{Index: catalog.NewIndex(c), of: c, contacts: make([][][]string, n), contactGroups: make([][][]string, n), ids: make([]int, n)}
	next := 1
	for shard, inv := range c.Inventories {
		if inv == nil {
			continue
		}
		x.contacts[shard] = make([][]string, len(inv.Policies))
		x.contactGroups[shard] = make([][]string, len(inv.Policies))
		for i := range inv.Policies {
			p := &inv.Policies[i]
			x.contacts[shard][i] = namesOf(p.Contacts, func(n uint32) string { return inv.Contacts[n].Name })
			x.contactGroups[shard][i] = namesOf(p.ContactGroups, func(n uint32) string { return inv.ContactGroups[n].Name })
		}
		x.ids[shard] = next
		next += inv.Objects()
	}
	x.contactsByName = numbered(x.Contacts, func(i int32) string { return x.Base.Contacts[i].Name })
	x.commandsByName = numbered(x.Commands, func(i int32) string { return x.Base.Commands[i].Name })
	for i := range x.HostGroups {
		x.hostGroups = append(x.hostGroups, x.HostGroups[i].Name)
	}
	for i := range x.ServiceGroups {
		x.serviceGroups = append(x.serviceGroups, x.ServiceGroups[i].Name)
	}
	return x
}

func numbered(order []int32, name func(int32) string) map[string]int32 {
	m := make(map[string]int32, len(order))
	for _, i := range order {
		m[name(i)] = i
	}
	return m
}

func namesOf(numbers []uint32, name func(uint32) string) []string {
	names := make([]string, len(numbers))
	for i, n := range numbers {
		names[i] = name(n)
	}
	return names
}

// policyOf gives the number of an object's policy.
func policyOf(o *object) uint32 {
	if o.isHost() {
		return o.inv.Hosts[o.place.ID].Policy
	}
	return o.inv.Service(o.place.ID).Policy
}

// groupsOf gives the names of an object's groups, without copying them where they are neighbours.
func (x *index) groupsOf(o *object) []string {
	names := x.serviceGroups
	if o.isHost() {
		names = x.hostGroups
	}
	numbers := x.GroupsOf(o.place)
	n := uint32(len(numbers))
	if n == 0 {
		return nil
	}
	if first := numbers[0]; numbers[n-1]-first == n-1 {
		return names[first : first+n : first+n]
	}
	return namesOf(numbers, func(i uint32) string { return names[i] })
}

// period gives the name of a timeperiod; none is called nothing.
func period(inv *monitor.Inventory, i int32) string {
	if i == monitor.None {
		return ""
	}
	return inv.Timeperiods[i].Name
}
