package objects

import (
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// option is one option of the main file.
type option struct {
	// names are its name and other spellings, parted by blanks.
	names string
	// dst points to where the value goes: a string, bool, int, float32, time.Duration (in seconds), status, switches or
	// a function; nil for what has no place in the Config.
	dst any
	// form checks what has no place, and compares with usual.
	form   form
	effect effect
	// usual is the value that asks for what Onbu does in any case; empty for none.
	usual string
	// shinken marks what Nagios does not know.
	shinken bool
}

// switches is a destination for an on-off option: it sets or clears one bit.
type switches struct {
	set *monitor.Switch
	bit monitor.Switch
}

// defaults are Nagios' values for what a main file does not say (include/defaults.h, base/utils.c).
func defaults() Options {
	all := monitor.ActiveChecks | monitor.PassiveChecks | monitor.Notifications | monitor.EventHandlers
	return Options{
		Options: monitor.Options{
			Interval: time.Minute,
			Program: monitor.Program{
				HostSwitches:    all,
				ServiceSwitches: all | monitor.FreshnessChecks,
			},
			HostCheckTimeout: 30 * time.Second, ServiceCheckTimeout: 60 * time.Second,
			NotificationTimeout: 30 * time.Second, EventTimeout: 30 * time.Second,
			ServiceTimeoutState: monitor.Critical,
			CachedHostCheck:     15 * time.Second, CachedServiceCheck: 15 * time.Second,
			FreshnessInterval: time.Minute, AdditionalFreshness: 15 * time.Second,
			OrphanGrace:      10 * time.Second,
			LogPassiveChecks: true, LogExternalCommands: true,
			AcceptPassiveHost: true, AcceptPassiveService: true,
			GlobalHostHandler: monitor.None, GlobalServiceHandler: monitor.None,
			PredictiveHost: true, PredictiveService: true,
			// Not Nagios' way, on purpose: who looks sees the root problem and not its consequences.
			ImpactStates: true, ParentWait: time.Minute,
			SkipHostDownStatus: keepState, SkipDependencyHost: keepState, SkipDependencyService: keepState,
			SkipParent: keepState,
			DateFormat: "us",
		},
		CheckExternalCommands: true,
		LowHostFlap:           20, HighHostFlap: 30, LowServiceFlap: 20, HighServiceFlap: 30,
		AllowEmptyHostgroups: true, WarnEmptyHostgroups: true,
	}
}

// actedOptions are those that change what Onbu does.
func (l *loader) actedOptions() []option {
	o := &l.config.Options
	p := &o.Program
	hosts := func(bit monitor.Switch) any { return switches{&p.HostSwitches, bit} }
	services := func(bit monitor.Switch) any { return switches{&p.ServiceSwitches, bit} }
	return []option{
		{names: "cfg_file xodtemplate_config_file", dst: l.addFile},
		{names: "cfg_dir xodtemplate_config_dir", dst: l.addDir},
		{names: "resource_file", dst: l.addResource},
		{names: "triggers_dir", dst: l.addTriggers, shinken: true},
		{names: "trigger_max_steps", dst: l.triggerSteps, shinken: true},
		{names: "interval_length", dst: &o.Interval},
		{names: "log_file", dst: &o.LogFile},
		{names: "command_file", dst: &o.CommandFile},
		{names: "check_external_commands", dst: &o.CheckExternalCommands},
		{names: "enable_notifications", dst: l.both(monitor.Notifications)},
		{names: "execute_host_checks", dst: hosts(monitor.ActiveChecks)},
		{names: "execute_service_checks", dst: services(monitor.ActiveChecks)},
		{names: "accept_passive_host_checks", dst: l.accept(&o.AcceptPassiveHost, &p.HostSwitches)},
		{names: "accept_passive_service_checks", dst: l.accept(&o.AcceptPassiveService, &p.ServiceSwitches)},
		{names: "check_host_freshness", dst: hosts(monitor.FreshnessChecks)},
		{names: "check_service_freshness", dst: services(monitor.FreshnessChecks)},
		{names: "host_check_timeout", dst: &o.HostCheckTimeout},
		{names: "service_check_timeout", dst: &o.ServiceCheckTimeout},
		{names: "notification_timeout", dst: &o.NotificationTimeout},
		{names: "service_check_timeout_state", dst: l.timeoutState},
		{names: "cached_host_check_horizon", dst: &o.CachedHostCheck},
		{names: "service_freshness_check_interval freshness_check_interval", dst: &o.FreshnessInterval},
		{names: "additional_freshness_latency", dst: &o.AdditionalFreshness},
		{names: "use_aggressive_host_checking use_agressive_host_checking", dst: &o.AggressiveHostChecks},
		{names: "passive_host_checks_are_soft", dst: &o.PassiveHostChecksAreSoft},
		{names: "translate_passive_host_checks", dst: &o.TranslatePassiveHostChecks},
		{names: "log_passive_checks", dst: &o.LogPassiveChecks},
		{names: "illegal_macro_output_chars", dst: &o.IllegalMacroOutputChars},
		{names: "illegal_object_name_chars", dst: &o.IllegalNameChars},
		{names: "use_regexp_matching", dst: &o.Regexp},
		{names: "use_true_regexp_matching", dst: &o.TrueRegexp},
		{names: "allow_empty_hostgroup_assignment", dst: l.emptyHostgroups},
		{names: "use_timezone", dst: &o.Zone},
		{names: "website_url", dst: &o.WebsiteURL},
		{names: "admin_email", dst: &o.AdminEmail},
		{names: "admin_pager", dst: &o.AdminPager},
	}
}

// keptOptions are those that have their place in the Config and that nothing asks for yet.
func (l *loader) keptOptions() []option {
	o := &l.config.Options
	return []option{
		{names: "process_performance_data", dst: l.both(monitor.ProcessPerfdata), effect: moot},
		{names: "cached_service_check_horizon", dst: &o.CachedServiceCheck},
		{names: "log_external_commands", dst: &o.LogExternalCommands, effect: moot},
		{names: "max_concurrent_checks", dst: &o.MaxConcurrentChecks, form: number, effect: missed, usual: "0"},
		{names: "retain_state_information", dst: &o.Retain, form: flag, effect: missed, usual: "1"},
	}
}

// both sets a switch for hosts and for services.
func (l *loader) both(bit monitor.Switch) any {
	p := &l.config.Options.Program
	return []switches{{&p.HostSwitches, bit}, {&p.ServiceSwitches, bit}}
}

// accept sets an option and the switch that says the same.
func (l *loader) accept(accepted *bool, set *monitor.Switch) any {
	return func(p param, pos Pos) {
		on, _ := l.onOff(p.value, pos, p.name)
		*accepted = on
		switches{set, monitor.PassiveChecks}.put(on)
	}
}

func (s switches) put(on bool) {
	*s.set &^= s.bit
	if on {
		*s.set |= s.bit
	}
}

func (l *loader) timeoutState(p param, pos Pos) {
	states := map[string]monitor.State{
		"o": monitor.OK, "0": monitor.OK, "w": monitor.Warning, "1": monitor.Warning,
		"c": monitor.Critical, "2": monitor.Critical, "u": monitor.Unknown, "3": monitor.Unknown,
	}
	state, ok := states[strings.ToLower(p.value)]
	if !ok {
		l.errorAt(pos, "service_check_timeout_state is %q: it must be o, w, c or u", p.value)
		return
	}
	l.config.Options.ServiceTimeoutState = state
}

// emptyHostgroups is 0 for refusing services on groups without hosts, 1 for taking them, 2 for a warning.
func (l *loader) emptyHostgroups(p param, pos Pos) {
	o := &l.config.Options
	o.AllowEmptyHostgroups = p.value != "0"
	o.WarnEmptyHostgroups = p.value == "2"
}

// applyParam carries one option of the main file out.
func (l *loader) applyParam(p param, pos Pos) {
	if p.isMacro() {
		l.config.Macros[p.name[1:len(p.name)-1]] = p.value
		return
	}
	o, ok := l.options[p.name]
	if !ok {
		l.errorAt(pos, "unknown option %q%s", p.name, l.hint(p.name, l.optionNames))
		return
	}
	l.optionPos[p.name] = pos
	l.shinken = l.shinken || o.shinken && !p.ours
	if o.effect != acted && !same(o.form, p.value, o.usual) {
		l.understood(o.effect, "main file", strings.Fields(o.names)[0], pos)
	}
	if o.dst == nil {
		l.checkForm(o.form, p.value, pos, p.name)
		return
	}
	l.put(o.dst, p, pos)
}

// put writes an option to where it belongs.
func (l *loader) put(dst any, p param, pos Pos) {
	switch dst := dst.(type) {
	case *string:
		*dst = p.value
	case *bool:
		*dst, _ = l.onOff(p.value, pos, p.name)
	case *int:
		n, _ := l.number(p.value, pos, p.name)
		*dst = int(n)
	case *float32:
		n, _ := l.number(p.value, pos, p.name)
		*dst = float32(n)
	case *time.Duration:
		n, ok := l.number(p.value, pos, p.name)
		if least := leastSeconds(p.name); ok && n < least || n < least && least > 0 {
			l.errorAt(pos, "%s is %s: it must be a number of seconds, %v or more", p.name, p.value, least)
			return
		}
		*dst = duration(n, time.Second)
	case status:
		l.putStatus(dst, p, pos)
	case switches:
		on, _ := l.onOff(p.value, pos, p.name)
		dst.put(on)
	case []switches:
		for _, s := range dst {
			l.put(s, p, pos)
		}
	case func(param, Pos):
		dst(p, pos)
	}
}

func leastSeconds(option string) float64 {
	if option == "interval_length" {
		return 1
	}
	return 0
}

func (l *loader) optionNames() []string {
	list := make([]string, 0, len(l.options))
	for n := range l.options {
		list = append(list, n)
	}
	return list
}
