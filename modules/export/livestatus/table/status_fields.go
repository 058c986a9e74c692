package table

import (
	"strconv"

	"github.com/onbu/onbu/monitor"
)

// stateFields are what hosts and services have in common of what changes while the engine runs.
func stateFields() []field[*object] {
	return []field[*object]{
		integer("state", "the current state: hosts 0 UP, 1 DOWN, 2 UNREACHABLE; services 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN", func(_ *Row, o *object) int64 { return shownState(o.state.State()) }),
		integer("state_type", "whether the state is soft (0) or hard (1)", func(_ *Row, o *object) int64 { return int64(o.state.Type()) }),
		truth("has_been_checked", "whether it was checked at least once (0/1)", func(_ *Row, o *object) bool { return checked(o) }),
		integer("last_state", "the state before the last change", func(_ *Row, o *object) int64 { return shownState(o.state.LastState()) }),
		integer("last_hard_state", "the last hard state", func(_ *Row, o *object) int64 { return shownState(o.state.LastHardState()) }),
		integer("current_attempt", "the number of the current check attempt", func(_ *Row, o *object) int64 { return int64(o.state.Attempt()) }),
		integer("check_type", "how the last result came: 0 active, 1 passive", func(_ *Row, o *object) int64 { return int64(o.state.CheckType()) }),
		text("plugin_output", "the first line of what the last check said", func(_ *Row, o *object) string { return o.state.Output() }),
		text("long_plugin_output", "what the last check said besides", func(_ *Row, o *object) string { return o.state.LongOutput() }),
		text("perf_data", "the performance data of the last check", func(_ *Row, o *object) string { return o.state.Perfdata() }),
		text("check_source", "the poller that made the last check", func(_ *Row, o *object) string { return o.state.Poller() }),
		moment("last_check", "when the last check began", func(_ *Row, o *object) monitor.Time { return o.state.LastCheck() }),
		moment("next_check", "when the next check is planned", func(_ *Row, o *object) monitor.Time { return o.state.NextCheck() }),
		moment("last_state_change", "when the state, soft or hard, changed last", func(_ *Row, o *object) monitor.Time { return o.state.LastChange() }),
		moment("last_hard_state_change", "when the hard state changed last", func(_ *Row, o *object) monitor.Time { return o.state.LastHardChange() }),
		float("last_update", "when anything about it changed last in the broker that answers, a host also when a service of it has another state; "+
			"Unix seconds, up to 0.1 s late, never early", func(_ *Row, o *object) float64 { return o.state.Seen().Unix() }),
		moment("last_notification", "when people were told last", func(_ *Row, o *object) monitor.Time { return o.seldom().LastNotification }),
		moment("next_notification", "when people are told again if the problem lasts", func(_ *Row, o *object) monitor.Time { return o.seldom().NextNotification }),
		integer("current_notification_number", "how often people were told of the current problem", func(_ *Row, o *object) int64 { return int64(o.seldom().NotificationNumber) }),
		integer("notified_on", "the problem states that people were told of, as a mask: 2 DOWN/WARNING, 4 UNREACHABLE/CRITICAL, 8 UNKNOWN", func(_ *Row, o *object) int64 { return int64(o.seldom().NotifiedOn) }),
		float("latency", "how late the last check began, in seconds", func(_ *Row, o *object) float64 { return o.state.Latency().Seconds() }),
		float("execution_time", "how long the last check took, in seconds", func(_ *Row, o *object) float64 { return o.state.Execution().Seconds() }),
		float("percent_state_change", "how much the state changes, in percent", func(_ *Row, o *object) float64 { return float64(o.state.PercentChange()) }),
		truth("is_flapping", "whether it changes its state too often (0/1)", func(_ *Row, o *object) bool { return o.state.Flapping() }),
		truth("acknowledged", "whether the current problem is acknowledged (0/1)", func(_ *Row, o *object) bool { return o.seldom().Ack != monitor.AckNone }),
		integer("acknowledgement_type", "the kind of the acknowledgement: 0 none, 1 normal, 2 sticky", func(_ *Row, o *object) int64 { return int64(o.seldom().Ack) }),
		integer("scheduled_downtime_depth", "how many downtimes hold at present", func(_ *Row, o *object) int64 { return int64(o.seldom().DowntimeDepth) }),
		truth("is_impact", "whether it suffers from a root problem (0/1)", func(_ *Row, o *object) bool { return o.seldom().Impact }),
		truth("is_problem", "whether it is a root problem (0/1)", func(_ *Row, o *object) bool { return o.seldom().Problem }),
		list("source_problems", "the root problems it suffers from", func(r *Row, o *object) []string { return refs(r.seen(o.seldom().Sources)) }),
		integer("business_impact", "what it is worth at present, 0 to 5", func(_ *Row, o *object) int64 { return int64(o.state.BusinessImpact()) }),
		integer("criticity", "what it is worth at present, 0 to 5 (the older name of business_impact)", func(_ *Row, o *object) int64 { return int64(o.state.BusinessImpact()) }),
		float("staleness", "the age of the last result in check intervals", staleness),
	}
}

// switchFields show what is on for an object, and what a command changed.
func switchFields() []field[*object] {
	on := func(name, description string, s monitor.Switch) field[*object] {
		return truth(name, description+" (0/1)", func(_ *Row, o *object) bool { return switches(o)&s != 0 })
	}
	return []field[*object]{
		on("active_checks_enabled", "whether active checks are on", monitor.ActiveChecks),
		on("checks_enabled", "whether active checks are on", monitor.ActiveChecks),
		on("accept_passive_checks", "whether passive results are accepted", monitor.PassiveChecks),
		on("notifications_enabled", "whether people are told", monitor.Notifications),
		on("event_handler_enabled", "whether its event handler is run", monitor.EventHandlers),
		on("flap_detection_enabled", "whether flapping is looked for", monitor.FlapDetection),
		on("check_freshness", "whether results that stay out are noticed", monitor.FreshnessChecks),
		on("process_performance_data", "whether performance data are passed on", monitor.ProcessPerfdata),
		on("obsess", "whether obsessing is on; accepted and ignored", monitor.Obsess),
		truth("should_be_scheduled", "whether active checks are planned (0/1)", func(_ *Row, o *object) bool {
			return switches(o)&monitor.ActiveChecks != 0 && o.policy().CheckInterval > 0
		}),
		integer("modified_attributes", "what commands changed, as the mask of Nagios' MODATTR constants", func(_ *Row, o *object) int64 { return modified(o) }),
		list("modified_attributes_list", "what commands changed, by name", func(_ *Row, o *object) []string { return modifiedNames(modified(o)) }),
	}
}

// switches gives what is on; what was never heard of is as configured.
func switches(o *object) monitor.Switch {
	if !o.known {
		return o.policy().Switches
	}
	return o.state.Switches()
}

// shownState gives a state as Livestatus has it: what was never checked is OK or UP, and has_been_checked tells.
func shownState(s monitor.State) int64 {
	if s == monitor.Pending {
		return 0
	}
	return int64(s)
}

func checked(o *object) bool { return o.state.State() != monitor.Pending }

// staleness follows Checkmk's meaning of it: at 1 the next result is due.
func staleness(r *Row, o *object) float64 {
	interval := o.policy().CheckInterval
	if c := o.changed(); c.HasCheckInterval {
		interval = c.CheckInterval
	}
	if interval <= 0 || o.state.LastCheck() == 0 {
		return 0
	}
	return max(0, float64(monitor.At(r.World.Now)-o.state.LastCheck())/float64(interval))
}

func refs(all []monitor.Ref) []string {
	names := make([]string, len(all))
	for i, r := range all {
		names[i] = r.String()
	}
	return names
}

// attribute is what a command may change, with its bit and name in Nagios (include/common.h) and Naemon.
type attribute struct {
	mask int64
	name string
	of   monitor.Switch
}

func attributes() [17]attribute {
	return [...]attribute{
		{1, "notifications_enabled", monitor.Notifications},
		{2, "active_checks_enabled", monitor.ActiveChecks},
		{4, "passive_checks_enabled", monitor.PassiveChecks},
		{8, "event_handler_enabled", monitor.EventHandlers},
		{16, "flap_detection_enabled", monitor.FlapDetection},
		{32, "failure_prediction_enabled", 0},
		{64, "performance_data_enabled", monitor.ProcessPerfdata},
		{128, "obsessive_handler_enabled", monitor.Obsess},
		{256, "event_handler_command", 0},
		{512, "check_command", 0},
		{1024, "normal_check_interval", 0},
		{2048, "retry_check_interval", 0},
		{4096, "max_check_attempts", 0},
		{8192, "freshness_checks_enabled", monitor.FreshnessChecks},
		{16384, "check_timeperiod", 0},
		{32768, "custom_variable", 0},
		{65536, "notification_timeperiod", 0},
	}
}

// modified gives the mask of what commands changed.
func modified(o *object) int64 {
	var mask int64
	if switched := o.state.Modified(); switched != 0 {
		for _, a := range attributes() {
			if switched&a.of != 0 {
				mask |= a.mask
			}
		}
	}
	if s := o.state.Seldom(); s == nil || s.Changed == nil {
		return mask
	}
	c := o.changed()
	for _, x := range [...]struct {
		mask int64
		is   bool
	}{
		{256, c.EventHandler != ""},
		{512, c.CheckCommand != ""},
		{1024, c.HasCheckInterval},
		{2048, c.RetryInterval != 0},
		{4096, c.MaxAttempts != 0},
		{16384, c.CheckPeriod != ""},
		{32768, len(c.Vars) > 0},
		{65536, c.NotificationPeriod != ""},
	} {
		if x.is {
			mask |= x.mask
		}
	}
	return mask
}

func modifiedNames(mask int64) []string {
	if mask == 0 {
		return nil
	}
	var names []string
	for _, a := range attributes() {
		if mask&a.mask != 0 {
			names = append(names, a.name)
		}
	}
	return names
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }
