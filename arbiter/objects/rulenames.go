package objects

import (
	"iter"
	"slices"

	"github.com/onbu/onbu/deptree/bprule"
	"github.com/onbu/onbu/monitor"
)

// ruleNames shows a configuration to business rules. IDs of hosts are their numbers; those of services follow.
type ruleNames struct{ l *loader }

func (n ruleNames) host(h uint32) monitor.ID { return monitor.ID(h) }
func (n ruleNames) service(s uint32) monitor.ID {
	return monitor.ID(len(n.l.config.Hosts)) + monitor.ID(s)
}

func (n ruleNames) target(id monitor.ID) Target {
	hosts := monitor.ID(len(n.l.config.Hosts))
	if id < hosts {
		return Target{uint32(id), monitor.None}
	}
	return Target{n.l.config.Services[id-hosts].Host, int32(id - hosts)}
}

// Host implements bprule.Names, and so do the others.
func (n ruleNames) Host(name string) (monitor.ID, bool) {
	i, ok := n.l.index[kHost][name]
	return n.host(i), ok
}

// Service gives a host's service.
func (n ruleNames) Service(host monitor.ID, description string) (monitor.ID, bool) {
	i, ok := n.l.serviceNamed(&n.l.config.Hosts[host], description)
	return n.service(i), ok
}

// Hosts gives all hosts in the order of the files.
func (n ruleNames) Hosts() iter.Seq2[monitor.ID, string] {
	return func(yield func(monitor.ID, string) bool) {
		for i := range n.l.config.Hosts {
			if !yield(n.host(uint32(i)), n.l.config.Hosts[i].Name) {
				return
			}
		}
	}
}

// Services gives the services of a host in the order of the files.
func (n ruleNames) Services(host monitor.ID) iter.Seq2[monitor.ID, string] {
	h := &n.l.config.Hosts[host]
	return func(yield func(monitor.ID, string) bool) {
		for i := h.FirstService; i < h.FirstService+h.ServiceCount; i++ {
			if !yield(n.service(i), n.l.config.Services[i].Description) {
				return
			}
		}
	}
}

// HostsIn gives the members of a host group, or the hosts with a label or template.
func (n ruleNames) HostsIn(what bprule.What, name string) ([]monitor.ID, bool) {
	return memberIDs(n.hostGroups(what), name, n.host)
}

// ServicesIn gives the members of a service group, or the services with a label.
func (n ruleNames) ServicesIn(what bprule.What, name string) ([]monitor.ID, bool) {
	return memberIDs(n.serviceGroups(what), name, n.service)
}

func (n ruleNames) hostGroups(what bprule.What) []Group {
	switch what {
	case bprule.Group:
		return n.l.config.HostGroups
	case bprule.Label:
		return n.l.config.HostLabels
	case bprule.Tag:
		return n.l.config.HostTags
	}
	return nil
}

func (n ruleNames) serviceGroups(what bprule.What) []Group {
	switch what {
	case bprule.Group:
		return n.l.config.ServiceGroups
	case bprule.Label:
		return n.l.config.ServiceLabels
	}
	return nil
}

func memberIDs(groups []Group, name string, id func(uint32) monitor.ID) ([]monitor.ID, bool) {
	i := slices.IndexFunc(groups, func(g Group) bool { return g.Name == name })
	if i < 0 {
		return nil, false
	}
	ids := make([]monitor.ID, 0, len(groups[i].Members))
	for _, m := range groups[i].Members {
		ids = append(ids, id(m))
	}
	return ids, true
}

// like gives the names among which one that an expression asks for in vain might be found. own is the host of the rule.
func (n ruleNames) like(own uint32, e *bprule.Error) []string {
	groups := n.hostGroups(e.What)
	switch {
	case e.Service && e.What == bprule.Name:
		host, ok := n.l.index[kHost][e.Host]
		if !ok {
			host = own
		}
		return n.l.descriptions(&n.l.config.Hosts[host])
	case e.What == bprule.Name:
		return n.l.names[kHost]
	case e.Service:
		groups = n.serviceGroups(e.What)
	}
	names := make([]string, 0, len(groups))
	for i := range groups {
		names = append(names, groups[i].Name)
	}
	return names
}
