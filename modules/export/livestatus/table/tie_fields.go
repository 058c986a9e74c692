package table

import (
	"slices"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// tieFields are the columns of hosts and services that show what they hang on.
func tieFields() []field[*object] {
	execution := func(d *monitor.Dependency) bool { return d.Execution != 0 }
	notification := func(d *monitor.Dependency) bool { return d.Notification != 0 }
	masters := func(name, description string, which func(*monitor.Dependency) bool) field[*object] {
		return rich(name, description, func(r *Row, o *object) []string { return r.masters(o, which) }, func(r *Row, o *object) any { return r.pairs(o, which, nil) })
	}
	informed := func(name, description string, which func(*monitor.Dependency) bool, states func(*monitor.Dependency) monitor.Option) field[*object] {
		return rich(name, description, func(r *Row, o *object) []string { return r.masters(o, which) }, func(r *Row, o *object) any { return r.pairs(o, which, states) })
	}
	onExecution := func(d *monitor.Dependency) monitor.Option { return d.Execution }
	onNotification := func(d *monitor.Dependency) monitor.Option { return d.Notification }
	return []field[*object]{
		masters("depends_exec", "what the checks depend on", execution),
		masters("depends_notify", "what the notifications depend on", notification),
		informed("depends_exec_with_info", "what the checks depend on, with the states that hold them back, the timeperiod and whether it inherits", execution, onExecution),
		informed("depends_notify_with_info", "what the notifications depend on, with the states that hold them back, the timeperiod and whether it inherits", notification, onNotification),
		list("parent_dependencies", "all that it hangs on directly: host, parents and masters of dependencies", func(r *Row, o *object) []string {
			var names []string
			for _, d := range r.x.Masters(o.place) {
				if r.near(o, d.Master) {
					names = append(names, o.inv.Ref(d.Master).String())
				}
			}
			if o.isHost() {
				return append(names, r.parents(o)...)
			}
			if host := o.inv.HostOf(o.place.ID); r.near(o, host) {
				names = append(names, o.inv.Hosts[host].Name)
			}
			return names
		}),
		list("child_dependencies", "all that hangs on it directly: services, children and dependents", func(r *Row, o *object) []string { return r.dependents(o) }),
		truth("got_business_rule", "whether its state follows from others by a business rule (0/1)", func(_ *Row, o *object) bool {
			_, is := slices.BinarySearchFunc(o.inv.Rules, o.place.ID, func(rule monitor.Rule, id monitor.ID) int { return int(rule.Object) - int(id) })
			return is
		}),
		list("impacts", "what suffers from it", func(r *Row, o *object) []string { return r.suffering()[o.ref()] }),
	}
}

// ref names an object.
func (o *object) ref() monitor.Ref { return o.inv.Ref(o.place.ID) }

// element names an object as elements of lists are compared: host, or host|service.
func element(r monitor.Ref) string {
	if r.IsHost() {
		return r.Host
	}
	return r.Host + "|" + r.Service
}

func (r *Row) masters(o *object, which func(*monitor.Dependency) bool) []string {
	var names []string
	all := r.x.Masters(o.place)
	for i := range all {
		if name := element(o.inv.Ref(all[i].Master)); which(&all[i]) && r.near(o, all[i].Master) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// pairs is masters for JSON: of hosts names and of services pairs; with states, all about each dependency.
func (r *Row) pairs(o *object, which func(*monitor.Dependency) bool, states func(*monitor.Dependency) monitor.Option) any {
	found := []any{}
	all := r.x.Masters(o.place)
	for i := range all {
		d := &all[i]
		if !which(d) || !r.near(o, d.Master) {
			continue
		}
		ref := o.inv.Ref(d.Master)
		switch {
		case states != nil && ref.IsHost():
			found = append(found, []any{ref.Host, int64(states(d)), period(o.inv, d.Period), bit(d.Inherits)})
		case states != nil:
			found = append(found, []any{ref.Host, ref.Service, int64(states(d)), period(o.inv, d.Period), bit(d.Inherits)})
		case ref.IsHost():
			found = append(found, ref.Host)
		default:
			found = append(found, []any{ref.Host, ref.Service})
		}
	}
	return found
}

// parents names the parents of a host.
func (r *Row) parents(o *object) []string {
	return r.namesOf(hostNames(r, o, o.host().Parents), r.x.ParentsAbroad(o.place))
}

// namesOf appends the names of those hosts that the query may see.
func (r *Row) namesOf(names []string, hosts []catalog.Place) []string {
	for _, p := range hosts {
		if r.sees(p) {
			names = append(names, r.x.Host(p).Name)
		}
	}
	return names
}

// hostNames names those hosts of an object's shard that the query may see.
func hostNames[I ~uint32](r *Row, o *object, all []I) []string {
	names := make([]string, 0, len(all))
	for _, id := range all {
		if r.near(o, monitor.ID(id)) {
			names = append(names, o.inv.Hosts[id].Name)
		}
	}
	return names
}

// children names the hosts behind a host.
func (r *Row) children(o *object) []string {
	return r.namesOf(hostNames(r, o, r.x.Children(o.place)), r.x.ChildrenAbroad(o.place))
}

// dependents names what hangs directly on an object, as Shinken does: host, or host/service.
func (r *Row) dependents(o *object) []string {
	var names []string
	for _, i := range r.x.Dependents(o.place) {
		if id := o.inv.Dependencies[i].Dependent; r.near(o, id) {
			names = append(names, o.inv.Ref(id).String())
		}
	}
	if !o.isHost() {
		return names
	}
	names = append(names, r.children(o)...)
	for i := range r.x.Services(o.place) {
		if id := r.x.Service(o.place, i); r.near(o, id) {
			names = append(names, o.inv.Ref(id).String())
		}
	}
	return names
}

// serviceParents names the parents of a service (Nagios 4).
func serviceParents(o *object) []monitor.Ref {
	all := o.inv.ServiceParents
	i, _ := slices.BinarySearchFunc(all, o.place.ID, func(e monitor.Edge, id monitor.ID) int { return int(e.Child) - int(id) })
	var refs []monitor.Ref
	for ; i < len(all) && all[i].Child == o.place.ID; i++ {
		refs = append(refs, o.inv.Ref(all[i].Parent))
	}
	return refs
}

// suffering gives what suffers from each root problem. It looks at everything, once in a query.
func (r *Row) suffering() map[monitor.Ref][]string {
	if r.impacts != nil {
		return r.impacts
	}
	r.impacts = map[monitor.Ref][]string{}
	look := Row{World: r.World, x: r.x}
	add := func(o *object) bool {
		for _, source := range o.seldom().Sources {
			r.impacts[source] = append(r.impacts[source], o.ref().String())
		}
		return !r.World.Over()
	}
	look.eachHost(Narrow{}, r.guarded(), func() bool { return add(&look.host) })
	look.eachService(Narrow{}, r.guarded(), func() bool { return add(&look.service) })
	return r.impacts
}

// refValues gives services as JSON shows them: pairs.
func refValues(all []monitor.Ref) any {
	found := make([]any, len(all))
	for i, r := range all {
		found[i] = []any{r.Host, r.Service}
	}
	return found
}

func elements(all []monitor.Ref) []string {
	names := make([]string, len(all))
	for i, r := range all {
		names[i] = element(r)
	}
	return names
}
