package table

import (
	"slices"

	"github.com/onbu/onbu/monitor"
)

// hostFields are the columns of hosts.
func hostFields() []field[*object] {
	own := []field[*object]{
		text("name", "the name", func(_ *Row, o *object) string { return o.name }),
		text("alias", "the alias", func(_ *Row, o *object) string { return orElse(o.host().Alias, o.name) }),
		text("address", "the address", func(_ *Row, o *object) string { return orElse(o.host().Address, o.name) }),
		integer("hard_state", "the state, or the last hard one while it is soft", func(_ *Row, o *object) int64 { return shownState(hardState(o)) }),
		moment("last_time_up", "when it was last seen UP", func(_ *Row, o *object) monitor.Time { return o.state.LastTimeOK() }),
		moment("last_time_down", "when it was last seen DOWN", func(_ *Row, o *object) monitor.Time { return o.seldom().LastTimeWarning }),
		moment("last_time_unreachable", "when it was last seen UNREACHABLE", func(_ *Row, o *object) monitor.Time { return o.seldom().LastTimeCritical }),
		truth("obsess_over_host", "whether obsessing is on; accepted and ignored (0/1)", func(_ *Row, o *object) bool { return switches(o)&monitor.Obsess != 0 }),
		integer("total_services", "how many services it has", func(r *Row, o *object) int64 { return int64(len(r.services(o))) }),
		list("parents", "the hosts in front of it", func(r *Row, o *object) []string { return r.parents(o) }),
		list("childs", "the hosts behind it", func(r *Row, o *object) []string { return r.children(o) }),
		list("services", "the services", func(r *Row, o *object) []string { return r.services(o) }),
		rich("services_with_state", "the services: name, state, whether it was checked", func(r *Row, o *object) []string { return r.services(o) }, func(r *Row, _ *object) any { return r.servicesInfo(false) }),
		rich("services_with_info", "the services: name, state, whether it was checked, output", func(r *Row, o *object) []string { return r.services(o) }, func(r *Row, _ *object) any { return r.servicesInfo(true) }),
	}
	of := func(r *Row, _ *object) *sum { return r.ofHost() }
	return slices.Concat(own, mapFields(), counts(of, "of the host"), stateFields(), switchFields(), configFields(), noteFields(), tieFields(), lookFields())
}

// serviceFields are the columns of services that are their own.
func serviceFields() []field[*object] {
	own := []field[*object]{
		text("description", "the name of the service", func(_ *Row, o *object) string { return o.name }),
		moment("last_time_ok", "when it was last seen OK", func(_ *Row, o *object) monitor.Time { return o.state.LastTimeOK() }),
		moment("last_time_warning", "when it was last seen WARNING", func(_ *Row, o *object) monitor.Time { return o.seldom().LastTimeWarning }),
		moment("last_time_critical", "when it was last seen CRITICAL", func(_ *Row, o *object) monitor.Time { return o.seldom().LastTimeCritical }),
		moment("last_time_unknown", "when it was last seen UNKNOWN", func(_ *Row, o *object) monitor.Time { return o.seldom().LastTimeUnknown }),
		rich("parents", "the services that it hangs on", func(r *Row, o *object) []string { return elements(r.seen(serviceParents(o))) }, func(r *Row, o *object) any { return refValues(r.seen(serviceParents(o))) }),
		truth("obsess_over_service", "whether obsessing is on; accepted and ignored (0/1)", func(_ *Row, o *object) bool { return switches(o)&monitor.Obsess != 0 }),
	}
	return slices.Concat(own, stateFields(), switchFields(), configFields(), noteFields(), tieFields(), lookFields())
}

func (o *object) host() *monitor.Host { return &o.inv.Hosts[o.place.ID] }

// services names the services of a host that the query may see.
func (r *Row) services(o *object) []string {
	names := make([]string, 0, r.x.Services(o.place))
	for i := range cap(names) {
		if id := r.x.Service(o.place, i); r.near(o, id) {
			names = append(names, o.inv.Service(id).Description)
		}
	}
	return names
}

// servicesInfo tells of the services of the row's host.
func (r *Row) servicesInfo(output bool) any {
	all := []any{}
	look := Row{World: r.World, x: r.x, host: r.host}
	look.servicesOfHost(r.guarded(), func() bool {
		o := &look.service
		one := []any{o.name, shownState(o.state.State()), bit(checked(o))}
		if output {
			one = append(one, o.state.Output())
		}
		all = append(all, one)
		return true
	})
	return all
}
