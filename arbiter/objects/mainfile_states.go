package objects

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/verdict"
)

// stateOptions are those about states, dependencies, event handlers and notifications. parent_wait, notify_impacts and
// hard_unknown_phase are Onbu's own.
func (l *loader) stateOptions() []option {
	o := &l.config.Options
	return []option{
		{names: "enable_event_handlers", dst: l.both(monitor.EventHandlers)},
		{names: "enable_flap_detection", dst: l.both(monitor.FlapDetection)},
		{names: "event_handler_timeout", dst: &o.EventTimeout},
		{names: "global_host_event_handler", dst: &l.hostHandler},
		{names: "global_service_event_handler", dst: &l.serviceHandler},
		{names: "low_host_flap_threshold", dst: &o.LowHostFlap},
		{names: "high_host_flap_threshold", dst: &o.HighHostFlap},
		{names: "low_service_flap_threshold", dst: &o.LowServiceFlap},
		{names: "high_service_flap_threshold", dst: &o.HighServiceFlap},
		{names: "enable_predictive_host_dependency_checks", dst: &o.PredictiveHost},
		{names: "enable_predictive_service_dependency_checks", dst: &o.PredictiveService},
		{names: "soft_state_dependencies", dst: &o.SoftStateDependencies},
		{names: "host_down_disable_service_checks", dst: &o.SkipHostDown},
		{names: "service_skip_check_host_down_status", dst: status{&o.SkipHostDownStatus, -2}},
		{names: "host_skip_check_dependency_status", dst: status{&o.SkipDependencyHost, keepState}},
		{names: "service_skip_check_dependency_status", dst: status{&o.SkipDependencyService, keepState}},
		{names: "service_skip_check_parent_status", dst: status{&o.SkipParent, keepState}},
		{names: "enable_environment_macros", dst: &o.EnvironmentMacros},
		{names: "date_format", dst: l.dateFormat},
		{names: "obsess_over_hosts", dst: l.obsess(&o.Program.HostSwitches), form: flag, effect: missed, usual: "0"},
		{names: "obsess_over_services", dst: l.obsess(&o.Program.ServiceSwitches), form: flag, effect: missed, usual: "0"},
		{names: "flap_history", dst: l.flapHistory, shinken: true},
		{names: "enable_problem_impacts_states_change", dst: &o.ImpactStates, shinken: true},
		{names: "no_event_handlers_during_downtimes", dst: &o.NoHandlersInDowntime, shinken: true},
		{names: "notify_impacts", dst: &o.TellImpacts},
		{names: "parent_wait", dst: &o.ParentWait},
		{names: "hard_unknown_phase", dst: &o.HardUnknownPhase},
	}
}

// keepState is what the *_skip_check_*_status options say for leaving the state of a check that is not made as it is.
const keepState = -1

// status is a destination for those options: from least to 3.
type status struct {
	dst   *int8
	least int8
}

func (l *loader) putStatus(s status, p param, pos Pos) {
	n, _ := l.number(p.value, pos, p.name)
	if n < float64(s.least) || n > float64(monitor.Unknown) {
		also := ""
		if s.least < keepState {
			also = " (-2 to go on checking besides, while it is WARNING or better)"
		}
		l.errorAt(pos, "%s is %s: it must be %d to leave the state as it is%s, or the state to set, 0 to 3", p.name, p.value, keepState, also)
		return
	}
	*s.dst = int8(n)
}

// dateFormats are those of Nagios (include/nagios.h, DATE_FORMAT_US and its like).
var dateFormats = []string{"us", "euro", "iso8601", "strict-iso8601"}

func (l *loader) dateFormat(p param, pos Pos) {
	if !slices.Contains(dateFormats, p.value) {
		l.warnAt(pos, "date_format is %q, which Nagios reads as us: write one of %s", p.value, strings.Join(dateFormats, ", "))
		return
	}
	l.config.Options.DateFormat = p.value
}

// obsess notes that somebody wants commands run after each check, beside setting the switch.
func (l *loader) obsess(set *monitor.Switch) any {
	return func(p param, pos Pos) {
		on, _ := l.onOff(p.value, pos, p.name)
		switches{set, monitor.Obsess}.put(on)
		o := &l.config.Options
		o.Obsess = (o.Program.HostSwitches|o.Program.ServiceSwitches)&monitor.Obsess != 0
	}
}

// flapHistory asks for Shinken's way to find out what flaps: Nagios' always looks at 21 results.
func (l *loader) flapHistory(p param, pos Pos) {
	n, _ := l.number(p.value, pos, p.name)
	if n < 1 || n > verdict.MaxFlapHistory {
		l.errorAt(pos, "flap_history is %s: it must be from 1 to %d", p.value, verdict.MaxFlapHistory)
		return
	}
	l.config.Options.ShinkenFlapping, l.config.Options.FlapHistory = true, uint8(n)
}
