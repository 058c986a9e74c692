package table

import (
	"iter"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

func theHostgroup(r *Row) (*catalog.Group, bool)    { return r.hostgroup, r.hostgroup != nil }
func theServicegroup(r *Row) (*catalog.Group, bool) { return r.servicegroup, r.servicegroup != nil }

// groupFields are what both kinds of groups have in common.
func groupFields() []field[*catalog.Group] {
	names := func(r *Row, g *catalog.Group) []string {
		var all []string
		for o := range r.members(g) {
			all = append(all, element(o.ref()))
		}
		return all
	}
	return []field[*catalog.Group]{
		text("name", "the name", func(_ *Row, g *catalog.Group) string { return g.Name }),
		text("alias", "the alias", func(_ *Row, g *catalog.Group) string { return orElse(g.Alias, g.Name) }),
		text("notes", "the notes", func(_ *Row, g *catalog.Group) string { return g.Notes }),
		text("notes_url", "an address with more about it", func(_ *Row, g *catalog.Group) string { return g.NotesURL }),
		text("action_url", "an address to act at", func(_ *Row, g *catalog.Group) string { return g.ActionURL }),
		integer("id", "a number of the group, which holds until the next reload", func(r *Row, _ *catalog.Group) int64 { return int64(r.number) + 1 }),
		rich("members", "the members", names, func(r *Row, g *catalog.Group) any {
			return each(r.members(g), func(o *object) any { return jsonRef(o.ref()) })
		}),
		rich("members_with_state", "the members: name, state, whether it was checked", names, func(r *Row, g *catalog.Group) any {
			return each(r.members(g), memberState)
		}),
	}
}

func memberState(o *object) any {
	ref, state, checked := o.ref(), shownState(o.state.State()), bit(checked(o))
	if ref.IsHost() {
		return []any{ref.Host, state, checked}
	}
	return []any{ref.Host, ref.Service, state, checked}
}

// jsonRef gives an object as JSON shows members: a host's name, or host and description.
func jsonRef(r monitor.Ref) any {
	if r.IsHost() {
		return r.Host
	}
	return []any{r.Host, r.Service}
}

// members gives each member that the query may see, until its time is up. One is used again for the next.
func (r *Row) members(g *catalog.Group) iter.Seq[*object] {
	return func(yield func(*object) bool) {
		m := Row{World: r.World, x: r.x}
		for p := range g.Members {
			if !r.sees(p) {
				continue
			}
			of := &m.service
			if r.x.Inventory(p).IsHost(p.ID) {
				of = &m.host
				m.placeHost(p)
			} else {
				m.placeService(p)
			}
			if r.World.Over() || !yield(of) {
				return
			}
		}
	}
}

// each gives what there is to show of each object, one after the other: groups may have very many.
func each(all iter.Seq[*object], show func(*object) any) iter.Seq[any] {
	return func(yield func(any) bool) {
		for o := range all {
			if !yield(show(o)) {
				return
			}
		}
	}
}

// ofGroup counts the members of a group; of a host group their services too.
func (r *Row) ofGroup(g *catalog.Group) *sum {
	if r.groupSum.of == g {
		return &r.groupSum.sum
	}
	r.groupSum.of, r.groupSum.sum = g, sum{}
	s := &r.groupSum.sum
	for o := range r.members(g) {
		if !o.isHost() {
			s.addService(o)
			continue
		}
		s.addHost(o)
		look := Row{World: r.World, x: r.x, host: *o}
		look.servicesOfHost(r.guarded(), func() bool { s.addService(&look.service); return true })
	}
	return s
}

func hostgroupFields() []field[*catalog.Group] {
	of := func(r *Row, g *catalog.Group) *sum { return r.ofGroup(g) }
	state := func(name, word string, s monitor.State) field[*catalog.Group] {
		return integer(name, "how many hosts of the group are "+word, func(r *Row, g *catalog.Group) int64 { return r.ofGroup(g).hosts[s] })
	}
	all := append(groupFields(),
		integer("num_hosts", "how many hosts the group has", func(r *Row, g *catalog.Group) int64 { return r.ofGroup(g).hostCount }),
		state("num_hosts_up", "UP", monitor.Up), state("num_hosts_down", "DOWN", monitor.Down),
		state("num_hosts_unreach", "UNREACHABLE", monitor.Unreachable), state("num_hosts_pending", "not checked yet", monitor.Pending),
		integer("worst_host_state", "the worst state of the hosts of the group", func(r *Row, g *catalog.Group) int64 { return r.ofGroup(g).worstHost }),
	)
	return append(all, counts(of, "of the hosts of the group")...)
}

func servicegroupFields() []field[*catalog.Group] {
	return append(groupFields(), counts(func(r *Row, g *catalog.Group) *sum { return r.ofGroup(g) }, "of the group")...)
}

func (all *indexes) hostgroupTable() *Table {
	return &Table{
		Name: "hostgroups", Prefix: "hostgroup_", Columns: sorted(columns("", theHostgroup, hostgroupFields()...)),
		Each: func(w *World, n Narrow, yield func(*Row) bool) {
			all.eachGroup(w, n, func(x *index) []catalog.Group { return x.HostGroups }, func(r *Row, g *catalog.Group) bool { r.hostgroup = g; return yield(r) })
		},
	}
}

func (all *indexes) servicegroupTable() *Table {
	return &Table{
		Name: "servicegroups", Prefix: "servicegroup_", Columns: sorted(columns("", theServicegroup, servicegroupFields()...)),
		Each: func(w *World, n Narrow, yield func(*Row) bool) {
			all.eachGroup(w, n, func(x *index) []catalog.Group { return x.ServiceGroups }, func(r *Row, g *catalog.Group) bool { r.servicegroup = g; return yield(r) })
		},
	}
}

func (all *indexes) eachGroup(w *World, n Narrow, of func(*index) []catalog.Group, yield func(*Row, *catalog.Group) bool) {
	r := all.row(w)
	r.guard = newGuard(r.x, n)
	groups := of(r.x)
	for i := range groups {
		if !r.guard.group(&groups[i]) {
			continue
		}
		if r.number = int32(i); !yield(r, &groups[i]) {
			return
		}
	}
}

// byGroupTables have a row for each object and each of its groups.
func (all *indexes) byGroupTables() []*Table {
	hosts := sorted(columns("", theHost, hostFields()...), columns("hostgroup_", theHostgroup, hostgroupFields()...))
	services := append(columns("", theService, serviceFields()...), columns("host_", theHost, hostFields()...)...)
	byHostgroup := sorted(services, columns("hostgroup_", theHostgroup, hostgroupFields()...))
	byGroup := sorted(services, columns("servicegroup_", theServicegroup, servicegroupFields()...))
	host := func(w *World, n Narrow, yield func(*Row) bool) {
		all.byHostgroup(w, n, func(r *Row) bool { return !r.guard.host(&r.host) || yield(r) })
	}
	return []*Table{
		{Name: "hostsbygroup", Prefix: "host_", Columns: hosts, Each: host},
		{Name: "hostsbyhostgroup", Prefix: "host_", Columns: hosts, Each: host},
		{Name: "servicesbyhostgroup", Prefix: "service_", Columns: byHostgroup, Each: func(w *World, n Narrow, yield func(*Row) bool) {
			all.byHostgroup(w, n, func(r *Row) bool { return r.servicesOfHost(r.guard, func() bool { return yield(r) }) })
		}},
		{Name: "servicesbygroup", Prefix: "service_", Columns: byGroup, Each: all.byServicegroup},
	}
}

// byHostgroup hands on each host once for each of its groups, by group.
func (all *indexes) byHostgroup(w *World, n Narrow, yield func(*Row) bool) {
	all.eachMember(w, n, func(x *index) []catalog.Group { return x.HostGroups }, func(r *Row, g *catalog.Group, p catalog.Place) bool {
		r.hostgroup = g
		r.placeHost(p)
		return n.Host != "" && n.Host != r.host.name || yield(r)
	})
}

func (all *indexes) byServicegroup(w *World, n Narrow, yield func(*Row) bool) {
	all.eachMember(w, n, func(x *index) []catalog.Group { return x.ServiceGroups }, func(r *Row, g *catalog.Group, p catalog.Place) bool {
		if !r.guard.place(p) {
			return true
		}
		r.servicegroup = g
		r.placeService(p)
		return n.Host != "" && n.Host != r.host.name || yield(r)
	})
}

func (all *indexes) eachMember(w *World, n Narrow, of func(*index) []catalog.Group, yield func(*Row, *catalog.Group, catalog.Place) bool) {
	r := all.row(w)
	r.guard = newGuard(r.x, n)
	groups := of(r.x)
	for i := range groups {
		r.number = int32(i)
		for p := range groups[i].Members {
			if !yield(r, &groups[i], p) {
				return
			}
		}
	}
}
