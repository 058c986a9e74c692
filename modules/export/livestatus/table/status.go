package table

import (
	"github.com/onbu/onbu/monitor"
)

// statusTable tells of the engine itself, in one row.
func (all *indexes) statusTable() *Table {
	return &Table{
		Name: "status", Columns: sorted(columns("", theEngine, statusFields()...)),
		Each: func(w *World, _ Narrow, yield func(*Row) bool) { yield(all.row(w)) },
	}
}

// began is what tells clients, by another value, that the configuration may be another one: Nagios begins anew with each reload.
func began(w *World) monitor.Time {
	if w.Catalog.Since.After(w.Program.Started) {
		return monitor.At(w.Catalog.Since)
	}
	return monitor.At(w.Program.Started)
}

func theEngine(r *Row) (*World, bool) { return r.World, true }

// statusFields are what Naemon shows of itself. Rates and counters of what Onbu does not count are 0.
func statusFields() []field[*World] {
	host := func(name, description string, s monitor.Switch) field[*World] {
		return truth(name, description+" (0/1)", func(_ *Row, w *World) bool { hosts, _ := w.View.Switches(); return hosts&s != 0 })
	}
	service := func(name, description string, s monitor.Switch) field[*World] {
		return truth(name, description+" (0/1)", func(_ *Row, w *World) bool { _, services := w.View.Switches(); return services&s != 0 })
	}
	either := func(name, description string, s monitor.Switch) field[*World] {
		return truth(name, description+" (0/1)", func(_ *Row, w *World) bool { hosts, services := w.View.Switches(); return (hosts|services)&s != 0 })
	}
	count := func(name, description string, f func(*World) int64) field[*World] {
		return integer(name, description, func(_ *Row, w *World) int64 { return f(w) })
	}
	rate := func(name, description string, f func(*World) int64) field[*World] {
		return float(name, description+", a second since the start", func(_ *Row, w *World) float64 {
			if age := w.Now.Sub(w.Program.Started).Seconds(); age > 0 && !w.Program.Started.IsZero() {
				return float64(f(w)) / age
			}
			return 0
		})
	}
	nothing := func(*World) int64 { return 0 }
	fields := []field[*World]{
		text("livestatus_version", "the version of Livestatus; what it ends with tells clients which columns there are", func(_ *Row, w *World) string { return w.Program.Version + "-naemon" }),
		text("program_version", "the version of Onbu", func(_ *Row, w *World) string { return w.Program.Version }),
		count("nagios_pid", "the number of the process", func(w *World) int64 { return int64(w.Program.PID) }),
		moment("program_start", "when it was started, or the configuration came into force in the broker that answers if that was later", func(_ *Row, w *World) monitor.Time { return began(w) }),
		integer("interval_length", "the unit of intervals, in seconds", func(r *Row, _ *World) int64 { return int64(r.x.Base.Options.Interval.Seconds()) }),
		host("accept_passive_host_checks", "whether passive results of hosts are accepted", monitor.PassiveChecks),
		service("accept_passive_service_checks", "whether passive results of services are accepted", monitor.PassiveChecks),
		host("execute_host_checks", "whether hosts are checked", monitor.ActiveChecks),
		service("execute_service_checks", "whether services are checked", monitor.ActiveChecks),
		host("check_host_freshness", "whether results of hosts that stay out are noticed", monitor.FreshnessChecks),
		service("check_service_freshness", "whether results of services that stay out are noticed", monitor.FreshnessChecks),
		either("enable_notifications", "whether people are told", monitor.Notifications),
		either("enable_event_handlers", "whether event handlers are run", monitor.EventHandlers),
		either("enable_flap_detection", "whether flapping is looked for", monitor.FlapDetection),
		either("process_performance_data", "whether performance data are passed on", monitor.ProcessPerfdata),
		host("obsess_over_hosts", "accepted and ignored", monitor.Obsess),
		service("obsess_over_services", "accepted and ignored", monitor.Obsess),
		count("check_external_commands", "whether external commands are taken (0/1)", func(*World) int64 { return 1 }),
		count("connections", "connections taken since the start", func(w *World) int64 { return w.Program.Connections }),
		rate("connections_rate", "connections taken", func(w *World) int64 { return w.Program.Connections }),
		count("requests", "requests answered since the start", func(w *World) int64 { return w.Program.Requests }),
		rate("requests_rate", "requests answered", func(w *World) int64 { return w.Program.Requests }),
		moment("last_command_check", "when external commands were looked for last: now, as they are carried out when they come", func(_ *Row, w *World) monitor.Time { return monitor.At(w.Now) }),
		moment("last_log_rotation", "not counted", func(*Row, *World) monitor.Time { return 0 }),
		integer("num_hosts", "how many hosts there are", func(r *Row, _ *World) int64 { return int64(len(r.x.Hosts)) }),
		integer("num_services", "how many services there are", func(r *Row, _ *World) int64 { return r.x.serviceCount() }),
		integer("cached_log_messages", "not counted", func(*Row, *World) int64 { return 0 }),
	}
	for _, name := range []string{"forks", "host_checks", "livecheck_overflows", "livechecks", "log_messages", "neb_callbacks", "service_checks"} {
		fields = append(fields, count(name, "not counted", nothing), rate(name+"_rate", "not counted", nothing))
	}
	return fields
}

func (x *index) serviceCount() int64 {
	n := 0
	for _, inv := range x.of.Inventories {
		if inv != nil {
			n += len(inv.Services)
		}
	}
	return int64(n)
}
