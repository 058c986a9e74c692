package table

import (
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// configFields are what hosts and services have in common of what the configuration says, and commands may change.
func configFields() []field[*object] {
	return []field[*object]{
		text("display_name", "the name for people", func(_ *Row, o *object) string {
			if o.isHost() {
				return orElse(o.inv.Hosts[o.place.ID].DisplayName, o.name)
			}
			return orElse(o.inv.Service(o.place.ID).More().DisplayName, o.name)
		}),
		text("check_command", "the check command with its arguments", func(_ *Row, o *object) string {
			return orElse(o.changed().CheckCommand, line(o.inv, o.inv.Check(o.place.ID)))
		}),
		text("event_handler", "the event handler with its arguments", func(_ *Row, o *object) string {
			return orElse(o.changed().EventHandler, line(o.inv, o.policy().EventHandler))
		}),
		text("check_period", "the timeperiod in which active checks are made; empty for always", func(_ *Row, o *object) string {
			return orElse(o.changed().CheckPeriod, period(o.inv, o.policy().CheckPeriod))
		}),
		text("notification_period", "the timeperiod in which people are told; empty for always", func(_ *Row, o *object) string {
			return orElse(o.changed().NotificationPeriod, period(o.inv, o.policy().NotificationPeriod))
		}),
		truth("in_check_period", "whether active checks are made at present (0/1)", func(r *Row, o *object) bool {
			return r.holds(numberOf(o.inv, o.changed().CheckPeriod, o.policy().CheckPeriod))
		}),
		truth("in_notification_period", "whether people are told at present (0/1)", func(r *Row, o *object) bool {
			return r.holds(numberOf(o.inv, o.changed().NotificationPeriod, o.policy().NotificationPeriod))
		}),
		float("check_interval", "the distance of checks, in units of interval_length", func(_ *Row, o *object) float64 {
			if c := o.changed(); c.HasCheckInterval {
				return units(o, c.CheckInterval)
			}
			return units(o, o.policy().CheckInterval)
		}),
		float("retry_interval", "the distance of checks while a problem is soft, in units of interval_length", func(_ *Row, o *object) float64 {
			if c := o.changed(); c.RetryInterval != 0 {
				return units(o, c.RetryInterval)
			}
			return units(o, o.policy().RetryInterval)
		}),
		float("notification_interval", "the distance of notifications, in units of interval_length; 0 for once only", func(_ *Row, o *object) float64 { return units(o, o.policy().NotificationInterval) }),
		float("first_notification_delay", "how long the first notification waits, in units of interval_length", func(_ *Row, o *object) float64 { return units(o, o.policy().FirstNotificationDelay) }),
		integer("max_check_attempts", "how many attempts make a problem hard", func(_ *Row, o *object) int64 {
			if c := o.changed(); c.MaxAttempts != 0 {
				return int64(c.MaxAttempts)
			}
			return int64(o.policy().MaxAttempts)
		}),
		integer("check_timeout", "how long a check may take, in seconds", func(_ *Row, o *object) int64 { return int64(timeout(o) / time.Second) }),
		integer("initial_state", "the state before the first check", func(_ *Row, o *object) int64 { return shownState(o.policy().InitialState) }),
		float("low_flap_threshold", "below this it stops flapping, in percent", func(_ *Row, o *object) float64 { return float64(o.policy().LowFlap) }),
		float("high_flap_threshold", "above this it flaps, in percent", func(_ *Row, o *object) float64 { return float64(o.policy().HighFlap) }),
		integer("hourly_value", "Nagios' importance", func(_ *Row, o *object) int64 { return int64(o.policy().Importance) }),
		text("poller_tag", "Shinken's poller_tag; empty for none", func(_ *Row, o *object) string { return o.policy().Pool }),
		text("realm", "Shinken's realm of the host; empty for none", func(_ *Row, o *object) string { return o.inv.Policy(o.inv.HostOf(o.place.ID)).RealmName }),
		list("contacts", "the contacts, those of contact groups included", func(r *Row, o *object) []string { return r.x.contacts[o.place.Shard][policyOf(o)] }),
		list("contact_groups", "the contact groups", func(r *Row, o *object) []string { return r.x.contactGroups[o.place.Shard][policyOf(o)] }),
		list("groups", "the groups that it is in", func(r *Row, o *object) []string { return r.x.groupsOf(o) }),
		dict("custom_variables", "the custom variables", func(_ *Row, o *object) []monitor.Var { return vars(o) }),
		list("custom_variable_names", "the names of the custom variables", func(_ *Row, o *object) []string { return varNames(vars(o)) }),
		list("custom_variable_values", "the values of the custom variables, in the order of the names", func(_ *Row, o *object) []string { return varValues(vars(o)) }),
		integer("id", "a number of the object, which holds until the next reload", func(r *Row, o *object) int64 { return int64(r.x.ids[o.place.Shard]) + int64(o.place.ID) }),
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// units gives a length of time in the unit of the object files.
func units(o *object, d time.Duration) float64 {
	unit := o.inv.Options.Interval
	if unit <= 0 {
		unit = time.Minute
	}
	return float64(d) / float64(unit)
}

func timeout(o *object) time.Duration {
	if t := o.policy().CheckTimeout; t != 0 {
		return t
	}
	if call := o.inv.Check(o.place.ID); call.Command != monitor.None && o.inv.Commands[call.Command].Timeout != 0 {
		return o.inv.Commands[call.Command].Timeout
	}
	if o.isHost() {
		return o.inv.Options.HostCheckTimeout
	}
	return o.inv.Options.ServiceCheckTimeout
}

// line gives a call as object files have it: name!arg1!arg2.
func line(inv *monitor.Inventory, c monitor.Call) string {
	if c.Command == monitor.None {
		return ""
	}
	name, args := inv.Commands[c.Command].Name, inv.Args[c.Args]
	if len(args) == 0 {
		return name
	}
	var b strings.Builder
	b.WriteString(name)
	for _, arg := range args {
		b.WriteByte('!')
		b.WriteString(strings.ReplaceAll(arg, "!", `\!`))
	}
	return b.String()
}

// numberOf gives the number of a timeperiod: the one that a command set, or the configured one.
func numberOf(inv *monitor.Inventory, name string, configured int32) int32 {
	if name == "" {
		return configured
	}
	return int32(slices.IndexFunc(inv.Timeperiods, func(t monitor.Timeperiod) bool { return t.Name == name })) // None if there is none
}

// vars gives the custom variables, with those that a command set.
func vars(o *object) []monitor.Var {
	var all []monitor.Var
	if o.isHost() {
		all = o.host().Vars
	} else if extra := o.inv.Service(o.place.ID).Extra; extra != nil {
		all = extra.Vars
	}
	return merged(all, o.changed().Vars)
}

// merged gives variables with others in place of those of the same names.
func merged(all, set []monitor.Var) []monitor.Var {
	if len(set) == 0 {
		return all
	}
	all = slices.Clone(all)
	for _, v := range set {
		if i := slices.IndexFunc(all, func(old monitor.Var) bool { return old.Name == v.Name }); i >= 0 {
			all[i] = v
			continue
		}
		all = append(all, v)
	}
	return all
}

func varNames(all []monitor.Var) []string {
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Name
	}
	return names
}

func varValues(all []monitor.Var) []string {
	values := make([]string, len(all))
	for i := range all {
		values[i] = all[i].Value
	}
	return values
}
