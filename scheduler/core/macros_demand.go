package core

import (
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/macro"
)

// appendOnDemand resolves $HOSTSTATE:web1$, $SERVICESTATE:web1:http$ and the like: the same macro, seen from another
// object. An empty host is the own one. A group's name in place of an object's, and behind it what is to part the values,
// gives those of all members. Only what is in the same shard is known here.
func (r *resolver) appendOnDemand(dst []byte, m macro.Macro) ([]byte, macro.Answer) {
	of := m.Of
	switch {
	case m.Name == "ISVALIDTIME", m.Name == "NEXTVALIDTIME":
		return answer(r.appendPeriod(dst, m))
	case isOfGroup(m.Name):
		return r.appendOfGroup(dst, m.Name, of[0])
	}
	m.Of = nil
	switch isService := isOfService(m); {
	case strings.HasPrefix(m.Name, "CONTACT"), m.Kind == macro.ContactVar:
		return r.appendOtherContact(dst, m, of)
	case isService && len(of) < 2:
		return dst, macro.Missing
	case isService:
		if dst, got := r.appendOther(dst, m, monitor.Ref{Host: of[0], Service: of[1]}); got != macro.Missing {
			return dst, got
		}
		return r.appendMembers(dst, m, r.core.inv.ServiceGroups, of[0])
	case len(of) == 2:
		return r.appendMembers(dst, m, r.core.inv.HostGroups, of[0])
	}
	return r.appendOther(dst, m, monitor.Ref{Host: of[0]})
}

// isOfService says whether a macro is about a service.
func isOfService(m macro.Macro) bool {
	lead, name := cutLead(m.Name)
	return m.Kind == macro.ServiceVar || m.Kind == macro.Standard && lead != "TOTAL" && strings.HasPrefix(name, "SERVICE")
}

func (r *resolver) appendOther(dst []byte, m macro.Macro, ref monitor.Ref) ([]byte, macro.Answer) {
	if ref.Host == "" {
		ref.Host = r.core.inv.Hosts[r.host].Name
	}
	id, ok := r.core.find(ref)
	if !ok {
		return dst, macro.Missing
	}
	return r.from(id).AppendMacro(dst, m)
}

// from gives the resolver of another object on the same occasion.
func (r *resolver) from(id monitor.ID) *resolver {
	other := r.core.about(id)
	other.contact, other.n, other.args, other.action = r.contact, r.n, r.args, r.action
	return &other
}

// appendMembers appends a macro's value for each member of a group.
func (r *resolver) appendMembers(dst []byte, m macro.Macro, groups []monitor.Group, name string) ([]byte, macro.Answer) {
	g := groupNamed(groups, name)
	if g == nil {
		return dst, macro.Missing
	}
	for _, id := range g.Members {
		begin := len(dst)
		value, got := r.from(id).AppendMacro(dst, m)
		if dst = append(value, 0); got == macro.Missing {
			dst = dst[:begin]
		}
	}
	return dst, macro.List
}

func groupNamed(groups []monitor.Group, name string) *monitor.Group {
	for i := range groups {
		if groups[i].Name == name {
			return &groups[i]
		}
	}
	return nil
}

// appendOtherContact appends a contact's macro for the one that is named, or for the members of a group.
func (r *resolver) appendOtherContact(dst []byte, m macro.Macro, of []string) ([]byte, macro.Answer) {
	other := *r
	if len(of) == 1 {
		i, ok := r.core.contacts[of[0]]
		if !ok {
			return dst, macro.Missing
		}
		other.contact = &r.core.inv.Contacts[i]
		return other.AppendMacro(dst, m)
	}
	for i := range r.core.inv.ContactGroups {
		g := &r.core.inv.ContactGroups[i]
		if g.Name != of[0] {
			continue
		}
		for _, member := range g.Members {
			begin := len(dst)
			other.contact = &r.core.inv.Contacts[member]
			value, got := other.AppendMacro(dst, m)
			if dst = append(value, 0); got == macro.Missing {
				dst = dst[:begin]
			}
		}
		return dst, macro.List
	}
	return dst, macro.Missing
}
