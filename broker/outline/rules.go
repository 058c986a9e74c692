package outline

import (
	"iter"
	"slices"
	"strings"

	"github.com/onbu/onbu/deptree/bprule"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// mostMembers is how many hosts of one business rule have a line in a picture.
const mostMembers = 500

// rules finds of each host with a business rule, its own or that of a service, the hosts that it follows from. A rule that cannot be read
// has no lines: its output says what is wrong with it.
func (m *Map) rules() {
	m.needs = map[int32][]int32{}
	for i := range m.first {
		if len(m.first[i]) == 0 {
			continue
		}
		inv := m.index.Inventory(catalog.Place{Shard: monitor.Shard(i)})
		if len(inv.Rules) == 0 {
			continue
		}
		names := newRuleNames(inv)
		for r := range inv.Rules {
			own := inv.HostOf(inv.Rules[r].Object)
			m.need(m.first[i][own], names.hosts(&inv.Rules[r], own), m.first[i])
		}
	}
	for h := range m.needs {
		slices.Sort(m.needs[h])
		m.needs[h] = slices.Compact(m.needs[h])
	}
}

func (m *Map) need(h int32, members []monitor.ID, numbers []int32) {
	for _, id := range members {
		if one := numbers[id]; one != h && len(m.needs[h]) < mostMembers {
			m.needs[h] = append(m.needs[h], one)
		}
	}
}

// ruleNames finds the members of business rules in one inventory: a rule and its members lie in the same shard.
type ruleNames struct {
	inv      *monitor.Inventory
	byName   map[string]monitor.ID
	services map[monitor.ID][]monitor.ID
}

func newRuleNames(inv *monitor.Inventory) *ruleNames {
	n := &ruleNames{inv: inv, byName: make(map[string]monitor.ID, len(inv.Hosts)), services: map[monitor.ID][]monitor.ID{}}
	for i := range inv.Hosts {
		n.byName[inv.Hosts[i].Name] = monitor.ID(i)
	}
	for i := range inv.Services {
		id := monitor.ID(len(inv.Hosts) + i)
		n.services[inv.HostOf(id)] = append(n.services[inv.HostOf(id)], id)
	}
	return n
}

// hosts gives the hosts of the members of a rule. Of macros in it only the own host's name is known here.
func (n *ruleNames) hosts(r *monitor.Rule, own monitor.ID) (all []monitor.ID) {
	e, err := bprule.Parse(strings.ReplaceAll(r.Expression, "$HOSTNAME$", n.inv.Hosts[own].Name))
	if err != nil {
		return nil
	}
	bound, err := e.Bind(own, n)
	if err != nil {
		return nil
	}
	for _, id := range bound.Members() {
		all = append(all, n.inv.HostOf(id))
	}
	return all
}

// Host implements bprule.Names, as do the others.
func (n *ruleNames) Host(name string) (monitor.ID, bool) {
	id, ok := n.byName[name]
	return id, ok
}

// Service implements bprule.Names.
func (n *ruleNames) Service(host monitor.ID, description string) (monitor.ID, bool) {
	for _, id := range n.services[host] {
		if n.inv.Service(id).Description == description {
			return id, true
		}
	}
	return 0, false
}

// Hosts implements bprule.Names.
func (n *ruleNames) Hosts() iter.Seq2[monitor.ID, string] {
	return func(yield func(monitor.ID, string) bool) {
		for i := range n.inv.Hosts {
			if !yield(monitor.ID(i), n.inv.Hosts[i].Name) {
				return
			}
		}
	}
}

// Services implements bprule.Names.
func (n *ruleNames) Services(host monitor.ID) iter.Seq2[monitor.ID, string] {
	return func(yield func(monitor.ID, string) bool) {
		for _, id := range n.services[host] {
			if !yield(id, n.inv.Service(id).Description) {
				return
			}
		}
	}
}

// HostsIn implements bprule.Names.
func (n *ruleNames) HostsIn(what bprule.What, name string) ([]monitor.ID, bool) {
	switch what {
	case bprule.Group:
		return named(n.inv.HostGroups, name)
	case bprule.Label:
		return named(n.inv.HostLabels, name)
	case bprule.Tag:
		return named(n.inv.HostTags, name)
	}
	return nil, false
}

// ServicesIn implements bprule.Names.
func (n *ruleNames) ServicesIn(what bprule.What, name string) ([]monitor.ID, bool) {
	switch what {
	case bprule.Group:
		return named(n.inv.ServiceGroups, name)
	case bprule.Label:
		return named(n.inv.ServiceLabels, name)
	}
	return nil, false
}

func named(groups []monitor.Group, name string) ([]monitor.ID, bool) {
	for i := range groups {
		if groups[i].Name == name {
			return groups[i].Members, true
		}
	}
	return nil, false
}
