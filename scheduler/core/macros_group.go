package core

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/macro"
)

// isOfGroup says whether a macro is about a group itself: with a name behind it, that is the group's. HOSTGROUPNAMES and
// the like are about a host, a service or a contact.
func isOfGroup(name string) bool {
	for _, kind := range [...]string{"HOSTGROUP", "SERVICEGROUP", "CONTACTGROUP"} {
		if rest, ok := strings.CutPrefix(name, kind); ok {
			return rest != "NAMES"
		}
	}
	return false
}

// appendOfGroup appends $HOSTGROUPALIAS:www$ and the like.
func (r *resolver) appendOfGroup(dst []byte, name, group string) ([]byte, macro.Answer) {
	if rest, ok := strings.CutPrefix(name, "CONTACTGROUP"); ok {
		for i := range r.core.inv.ContactGroups {
			if g := &r.core.inv.ContactGroups[i]; g.Name == group {
				return answer(r.appendContactGroup(dst, g, rest))
			}
		}
		return dst, macro.Missing
	}
	groups := r.core.inv.HostGroups
	name, ok := strings.CutPrefix(name, "HOSTGROUP")
	if !ok {
		name, groups = strings.TrimPrefix(name, "SERVICEGROUP"), r.core.inv.ServiceGroups
	}
	g := groupNamed(groups, group)
	if g == nil {
		return dst, macro.Missing
	}
	return answer(appendGroup(dst, g, name))
}

// appendGroup appends something of a host group or service group.
func appendGroup(dst []byte, g *monitor.Group, name string) ([]byte, bool) {
	switch name {
	case "NAME":
		return append(dst, g.Name...), true
	case "ALIAS":
		return append(dst, g.Alias...), true
	case "NOTES":
		return append(dst, g.Notes...), true
	case "NOTESURL":
		return append(dst, g.NotesURL...), true
	case "ACTIONURL":
		return append(dst, g.ActionURL...), true
	case "MEMBERS":
		return append(dst, g.AllMembers...), true
	case "MEMBERADDRESSES":
		return append(dst, g.AllAddresses...), true
	}
	return dst, false
}

// appendGroups appends something of the first group that an object is in, or the names of all, parted by commas.
func appendGroups(dst []byte, groups []monitor.Group, id monitor.ID, name string) ([]byte, bool) {
	found := false
	for i := range groups {
		g := &groups[i]
		switch {
		case !slices.Contains(g.Members, id):
			continue
		case name != "NAMES":
			return appendGroup(dst, g, name)
		case found:
			dst = append(dst, ',')
		}
		dst, found = append(dst, g.Name...), true
	}
	return dst, true
}

// appendContactGroup appends something of a contact group.
func (r *resolver) appendContactGroup(dst []byte, g *monitor.ContactGroup, name string) ([]byte, bool) {
	switch name {
	case "NAME":
		return append(dst, g.Name...), true
	case "ALIAS":
		return append(dst, g.Alias...), true
	case "MEMBERS":
		for i, member := range g.Members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, r.core.inv.Contacts[member].Name...)
		}
		return dst, true
	}
	return dst, false
}

// appendContactGroups appends something of the first group that the contact is in, or the names of all.
func (r *resolver) appendContactGroups(dst []byte, name string) ([]byte, bool) {
	found := false
	for i := range r.core.inv.ContactGroups {
		g := &r.core.inv.ContactGroups[i]
		switch {
		case !r.isIn(g):
			continue
		case name != "NAMES":
			return r.appendContactGroup(dst, g, name)
		case found:
			dst = append(dst, ',')
		}
		dst, found = append(dst, g.Name...), true
	}
	return dst, true
}

func (r *resolver) isIn(g *monitor.ContactGroup) bool {
	for _, member := range g.Members {
		if &r.core.inv.Contacts[member] == r.contact {
			return true
		}
	}
	return false
}
