package core

import (
	"iter"

	"github.com/onbu/onbu/deptree/bprule"
	"github.com/onbu/onbu/monitor"
)

// ruleNames finds the members of business rules in an inventory.
type ruleNames struct{ *compiled }

func (n ruleNames) Host(name string) (monitor.ID, bool) {
	id, ok := n.hosts[name]
	return id, ok
}

func (n ruleNames) Service(host monitor.ID, description string) (monitor.ID, bool) {
	return n.find(monitor.Ref{Host: n.inv.Hosts[host].Name, Service: description})
}

func (n ruleNames) Hosts() iter.Seq2[monitor.ID, string] {
	return func(yield func(monitor.ID, string) bool) {
		for id := range n.inv.Hosts {
			if !yield(monitor.ID(id), n.inv.Hosts[id].Name) {
				return
			}
		}
	}
}

func (n ruleNames) Services(host monitor.ID) iter.Seq2[monitor.ID, string] {
	return func(yield func(monitor.ID, string) bool) {
		first, last := n.services(host)
		for id := first; id < last; id++ {
			if !yield(id, n.inv.Service(id).Description) {
				return
			}
		}
	}
}

func (n ruleNames) HostsIn(what bprule.What, name string) ([]monitor.ID, bool) {
	switch what {
	case bprule.Group:
		return members(n.inv.HostGroups, name)
	case bprule.Label:
		return members(n.inv.HostLabels, name)
	case bprule.Tag:
		return members(n.inv.HostTags, name)
	}
	return nil, false
}

func (n ruleNames) ServicesIn(what bprule.What, name string) ([]monitor.ID, bool) {
	switch what {
	case bprule.Group:
		return members(n.inv.ServiceGroups, name)
	case bprule.Label:
		return members(n.inv.ServiceLabels, name)
	}
	return nil, false
}

func members(groups []monitor.Group, name string) ([]monitor.ID, bool) {
	for i := range groups {
		if groups[i].Name == name {
			return groups[i].Members, true
		}
	}
	return nil, false
}
