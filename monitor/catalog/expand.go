package catalog

import (
	"slices"
	"strconv"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/macro"
)

// Expand gives a text with macros about an object replaced: names, addresses, notes, groups, and custom variables, of which those
// of the object itself are given. What changes while the engine runs stays as it is written, and so do $USERn$ and the macros
// of resource files, which may be secrets.
func (x *Index) Expand(p Place, text string, vars []monitor.Var) string {
	if !strings.Contains(text, "$") {
		return text
	}
	t, err := macro.Compile(text)
	if err != nil {
		return text
	}
	inv := x.Inventory(p)
	return t.Text(&resolver{x: x, inv: inv, shard: p.Shard, host: inv.HostOf(p.ID), object: p.ID, vars: vars})
}

// resolver knows the values of macros about an object.
type resolver struct {
	x            *Index
	inv          *monitor.Inventory
	shard        monitor.Shard
	host, object monitor.ID
	vars         []monitor.Var // of object
}

// AppendMacro implements macro.Resolver.
func (r *resolver) AppendMacro(dst []byte, m macro.Macro) ([]byte, macro.Answer) {
	if m.Of != nil {
		return dst, macro.Missing
	}
	value, ok := r.value(m)
	if !ok {
		return dst, macro.Missing
	}
	return append(dst, value...), macro.Value
}

func (r *resolver) value(m macro.Macro) (string, bool) {
	ofHost, ofService := r.inv.IsHost(r.object), !r.inv.IsHost(r.object)
	switch {
	case m.Kind == macro.HostVar && ofHost, m.Kind == macro.ServiceVar && ofService:
		return variable(r.vars, m.Var)
	case m.Kind == macro.HostVar:
		return variable(r.inv.Hosts[r.host].Vars, m.Var)
	case m.Kind != macro.Standard:
		return "", false
	}
	if name, is := strings.CutPrefix(m.Name, "HOST"); is {
		if value, ok := r.hostValue(name); ok {
			return value, true
		}
		return r.common(r.host, r.x.HostGroups, name)
	}
	if name, is := strings.CutPrefix(m.Name, "SERVICE"); is && ofService {
		if value, ok := r.serviceValue(name); ok {
			return value, true
		}
		return r.common(r.object, r.x.ServiceGroups, name)
	}
	return "", false
}

func variable(vars []monitor.Var, name string) (string, bool) {
	i := slices.IndexFunc(vars, func(v monitor.Var) bool { return v.Name == name })
	if i < 0 {
		return "", false
	}
	return vars[i].Value, true
}

func (r *resolver) hostValue(name string) (string, bool) {
	h := &r.inv.Hosts[r.host]
	switch name {
	case "NAME":
		return h.Name, true
	case "ADDRESS":
		return orElse(h.Address, h.Name), true
	case "ALIAS":
		return orElse(h.Alias, h.Name), true
	case "DISPLAYNAME":
		return orElse(h.DisplayName, h.Name), true
	case "NOTES":
		return h.Notes, true
	case "REALM":
		return r.inv.Policy(r.host).RealmName, true
	}
	return "", false
}

func (r *resolver) serviceValue(name string) (string, bool) {
	s := r.inv.Service(r.object)
	switch name {
	case "DESC":
		return s.Description, true
	case "DISPLAYNAME":
		return orElse(s.More().DisplayName, s.Description), true
	case "NOTES":
		return s.More().Notes, true
	}
	return "", false
}

// common gives what hosts and services have alike.
func (r *resolver) common(id monitor.ID, groups []Group, name string) (string, bool) {
	p := r.inv.Policy(id)
	switch name {
	case "NOTESURL":
		return p.NotesURL, true
	case "ACTIONURL":
		return p.ActionURL, true
	case "IMPORTANCE":
		return strconv.FormatUint(uint64(p.Importance), 10), true
	case "CHECKCOMMAND":
		if c := r.inv.Check(id).Command; c != monitor.None {
			return r.inv.Commands[c].Name, true
		}
		return "", true
	case "GROUPNAME", "GROUPNAMES", "GROUPALIAS":
		return r.groups(id, groups, name), true
	}
	return "", false
}

func (r *resolver) groups(id monitor.ID, groups []Group, name string) string {
	var names []string
	for _, n := range r.x.GroupsOf(Place{r.shard, id}) {
		if name == "GROUPALIAS" {
			return groups[n].Alias
		}
		names = append(names, groups[n].Name)
	}
	if name == "GROUPNAME" && len(names) > 0 {
		return names[0]
	}
	return strings.Join(names, ",")
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
