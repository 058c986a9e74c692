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
		text("realm", "Shinken's realm; empty for none", func(_ *Row, o *object) string { return o.policy().RealmName }),
		integer("hard_state", "the state, or the last hard one while it is soft", func(_ *Row, o *object) int64 { return shownState(hardState(o)) }),
		moment("last_time_up", "when it was last seen UP", func(_ *Row, o *object) monitor.Time { return o.state.LastTimeOK() }),
		moment("last_time_down", "when it was last seen DOWN", func(_ *Row, o *object) monitor.Time { return o.seldom().LastTimeWarning }),
		moment("last_time_unreachable", "when it was last seen UNREACHABLE", func(_ *Row, o *object) monitor.Time { return o.seldom().LastTimeCritical }),
		truth("obsess_over_host", "whether obsessing is on; accepted and ignored (0/1)", func(_ *Row, o *object) bool { return switches(o)&monitor.Obsess != 0 }),
		integer("total_services", "how many services it has", func(r *Row, o *object) int64 { return int64(r.x.Services(o.place)) }),
		list("services", "the services", func(r *Row, o *object) []string { return r.services(o) }),
	}
	of := func(r *Row, _ *object) *sum { return r.ofHost() }
	return slices.Concat(own, counts(of, "of the host"), stateFields(), switchFields(), configFields())
}

// serviceFields are the columns of services that are their own.
func serviceFields() []field[*object] {
	own := []field[*object]{
		text("description", "the name of the service", func(_ *Row, o *object) string { return o.name }),
		moment("last_time_ok", "when it was last seen OK", func(_ *Row, o *object) monitor.Time { return o.state.LastTimeOK() }),
		moment("last_time_warning", "when it was last seen WARNING", func(_ *Row, o *object) monitor.Time { return o.seldom().LastTimeWarning }),
		moment("last_time_critical", "when it was last seen CRITICAL", func(_ *Row, o *object) monitor.Time { return o.seldom().LastTimeCritical }),
		moment("last_time_unknown", "when it was last seen UNKNOWN", func(_ *Row, o *object) monitor.Time { return o.seldom().LastTimeUnknown }),
		truth("obsess_over_service", "whether obsessing is on; accepted and ignored (0/1)", func(_ *Row, o *object) bool { return switches(o)&monitor.Obsess != 0 }),
	}
	return slices.Concat(own, stateFields(), switchFields(), configFields())
}

func (o *object) host() *monitor.Host { return &o.inv.Hosts[o.place.ID] }

// services names the services of a host.
func (r *Row) services(o *object) []string {
	names := make([]string, r.x.Services(o.place))
	for i := range names {
		names[i] = o.inv.Service(r.x.Service(o.place, i)).Description
	}
	return names
}
