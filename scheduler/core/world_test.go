package core_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
)

// t0 is when the scripts begin: Monday, 2026-01-05 00:00 UTC.
const t0 = monitor.Time(1_767_571_200e9)

const everything = monitor.ActiveChecks | monitor.PassiveChecks | monitor.Notifications | monitor.EventHandlers

// world builds an inventory from lines such as "host web1 parents=gw1 attempts=3" (see script_test.go).
type world struct {
	inv      monitor.Inventory
	services []monitor.Service          // not yet sorted
	late     []func(*monitor.Inventory) // what needs the IDs of services
}

func newWorld() *world {
	w := &world{inv: monitor.Inventory{
		Generation: 1, Shard: 3, Shards: 16,
		Args:     [][]string{nil},
		Macros:   map[string]string{"USER1": "/plugins", "USER5": "geheim"},
		Commands: []monitor.Command{{Name: "check", Line: "$USER1$/check -H $HOSTADDRESS$ -s '$SERVICEDESC$' $ARG1$"}},
	}}
	w.inv.Options = monitor.Options{
		Interval:            time.Minute,
		Program:             monitor.Program{HostSwitches: everything | monitor.FreshnessChecks, ServiceSwitches: everything | monitor.FreshnessChecks},
		HostCheckTimeout:    30 * time.Second,
		ServiceCheckTimeout: 60 * time.Second,
		ServiceTimeoutState: monitor.Critical,
		CachedHostCheck:     15 * time.Second,
		AdditionalFreshness: 15 * time.Second,
		OrphanGrace:         10 * time.Second,
		CachedServiceCheck:  15 * time.Second,
		SkipHostDownStatus:  -1, SkipDependencyHost: -1, SkipDependencyService: -1, SkipParent: -1,

		IllegalMacroOutputChars: "`~$&|'\"<>",
		GlobalHostHandler:       monitor.None, GlobalServiceHandler: monitor.None,
	}
	w.command("notify", "$NOTIFICATIONTYPE$ $HOSTNAME$/$SERVICEDESC$ $SERVICESTATE$ to $CONTACTEMAIL$")
	return w
}

func (w *world) command(name, line string) int32 {
	w.inv.Commands = append(w.inv.Commands, monitor.Command{Name: name, Line: line})
	return int32(len(w.inv.Commands) - 1)
}

// define reads one line of configuration; false if it is none.
func (w *world) define(t testing.TB, line string) bool {
	words := strings.Fields(line)
	set := make(map[string]string)
	for _, word := range words[1:] {
		if key, value, ok := strings.Cut(word, "="); ok {
			set[key] = value
		}
	}
	switch words[0] {
	case "host":
		w.host(t, words[1], set)
	case "service":
		w.service(t, words[1], set)
	case "contact":
		w.contact(t, words[1], set)
	case "period":
		w.inv.Timeperiods = append(w.inv.Timeperiods, monitor.Timeperiod{
			Name: words[1], Zone: "UTC", Ranges: []string{strings.Join(words[2:], " ")},
		})
	case "hostgroup":
		g := monitor.Group{Name: words[1]}
		for _, h := range words[2:] {
			g.Members = append(g.Members, w.hostID(t, h))
		}
		w.inv.HostGroups = append(w.inv.HostGroups, g)
	case "command":
		w.command(words[1], strings.Join(words[2:], " "))
	case "modulation":
		w.modulation(t, words[1:])
	case "option":
		if !w.dependencyOption(t, words[1]) {
			w.option(t, words[1])
		}
	case "depends":
		w.depends(t, words[1], words[2], set)
	case "rule":
		w.rule(t, line)
	case "trigger":
		w.trigger(t, words[1], strings.Join(words[2:], " "))
	case "template":
		w.template(t, line)
	case "servicegroup", "servicelabel", "hostlabel", "hosttag":
		w.lateGroup(t, words)
	case "parents":
		w.serviceParents(t, words[1], words[2:])
	default:
		return w.definePeople(t, words, set)
	}
	return true
}

func (w *world) option(t testing.TB, name string) {
	name, value, _ := strings.Cut(name, "=")
	switch name {
	case "passive_host_checks_are_soft":
		w.inv.Options.PassiveHostChecksAreSoft = true
	case "translate_passive_host_checks":
		w.inv.Options.TranslatePassiveHostChecks = true
	case "use_aggressive_host_checking":
		w.inv.Options.AggressiveHostChecks = true
	case "parent_wait":
		w.inv.Options.ParentWait = duration(t, value)
	case "enable_problem_impacts_states_change":
		w.inv.Options.ImpactStates = true
	case "notify_impacts":
		w.inv.Options.TellImpacts = true
	case "enable_flap_detection":
		w.inv.Options.Program.HostSwitches |= monitor.FlapDetection
		w.inv.Options.Program.ServiceSwitches |= monitor.FlapDetection
	case "flap_detection":
		w.inv.Options.ShinkenFlapping = value == "shinken"
	case "global_host_event_handler":
		w.inv.Options.GlobalHostHandler = w.call(t, value).Command
	case "global_service_event_handler":
		w.inv.Options.GlobalServiceHandler = w.call(t, value).Command
	case "hard_unknown_phase":
		w.inv.Options.HardUnknownPhase = true
	case "obsess_over_hosts":
		w.inv.Options.Obsess, w.inv.Shard = true, 0
	case "no_event_handlers_during_downtimes":
		w.inv.Options.NoHandlersInDowntime = true
	default:
		t.Fatalf("unknown option %s", name)
	}
}

func (w *world) host(t testing.TB, name string, set map[string]string) {
	h := monitor.Host{Name: name, Address: orElse(set["address"], "127.0.0."+strconv.Itoa(len(w.inv.Hosts)+1)), Policy: w.policy(t, set)}
	h.Check = w.check(t, set["command"])
	for _, p := range list(set["parents"]) {
		h.Parents = append(h.Parents, w.hostID(t, p))
	}
	w.inv.Hosts = append(w.inv.Hosts, h)
}

func (w *world) service(t testing.TB, name string, set map[string]string) {
	host, desc, _ := strings.Cut(name, "/")
	w.services = append(w.services, monitor.Service{
		Host: w.hostID(t, host), Description: desc, Policy: w.policy(t, set), Check: w.check(t, set["command"]),
	})
}

func (w *world) contact(t testing.TB, name string, set map[string]string) {
	way := w.wayOf(t, set)
	w.inv.Contacts = append(w.inv.Contacts, monitor.Contact{
		Name: name, Email: name + "@example.org", Host: way, Service: way,
		MinBusinessImpact: int8(number(t, orElse(set["impact"], "0"))), MinImportance: uint32(number(t, orElse(set["importance"], "0"))),
		Vars: []monitor.Var{{Name: "AT_MOST_ONCE", Value: set["once"]}},
	})
}

func (w *world) policy(t testing.TB, set map[string]string) uint32 {
	p := monitor.Policy{
		MaxAttempts:         uint16(number(t, orElse(set["attempts"], "3"))),
		CheckInterval:       duration(t, set["interval"]),
		RetryInterval:       duration(t, set["retry"]),
		CheckPeriod:         w.period(set["checkperiod"]),
		NotificationPeriod:  w.period(set["period"]),
		NotificationOptions: options(orElse(set["options"], "d,u,w,n,c,r")),
		Switches:            everything, InitialState: monitor.Pending,
		Volatile:               set["volatile"] == "1",
		NoHostDependency:       set["hostdependency"] == "0",
		FreshnessThreshold:     duration(t, set["fresh"]),
		NotificationInterval:   duration(t, orElse(set["renotify"], "1h")),
		FirstNotificationDelay: duration(t, set["delay"]),
		Pool:                   set["pool"],
		EventHandler:           w.call(t, set["handler"]),
		Snapshot:               w.call(t, set["snapshot"]),
		FlapOptions:            options(orElse(set["flapoptions"], "o,d,u,w,n,c")),
		MaintenancePeriod:      w.period(set["maintenance"]),
		SnapshotPeriod:         w.period(set["snapperiod"]),
		SnapshotOptions:        options(orElse(set["snapoptions"], "d,u,w,n,c")),
		SnapshotInterval:       duration(t, set["snapinterval"]),
		StalkingOptions:        options(set["stalk"]),
		BusinessImpact:         int8(number(t, orElse(set["impact"], "0"))),
		Importance:             uint32(number(t, orElse(set["importance"], "0"))),
	}
	if low, high, ok := strings.Cut(set["flap"], "-"); ok {
		p.Switches |= monitor.FlapDetection
		p.LowFlap, p.HighFlap = float32(number(t, low)), float32(number(t, high))
	}
	w.modulate(t, &p, list(set["modulations"]))
	if p.FreshnessThreshold > 0 {
		p.Switches |= monitor.FreshnessChecks
	}
	if set["active"] == "0" {
		p.Switches &^= monitor.ActiveChecks
	}
	p.Contacts = w.contacts(set["contacts"])
	w.inv.Policies = append(w.inv.Policies, p)
	return uint32(len(w.inv.Policies) - 1)
}

// inventory gives what was defined, the services sorted by host.
func (w *world) inventory() *monitor.Inventory {
	inv := w.inv
	inv.Services = nil
	for h := range inv.Hosts {
		for _, s := range w.services {
			if s.Host == monitor.ID(h) {
				inv.Services = append(inv.Services, s)
			}
		}
	}
	for _, add := range w.late {
		add(&inv)
	}
	return &inv
}

func (w *world) hostID(t testing.TB, name string) monitor.ID {
	for i, h := range w.inv.Hosts {
		if h.Name == name {
			return monitor.ID(i)
		}
	}
	t.Fatalf("no host %s", name)
	return 0
}

// modulation reads "modulation result|check|impact NAME PERIOD …"; a period of that name need not be, it is always then.
func (w *world) modulation(t testing.TB, words []string) {
	name, period, rest := words[1], w.period(words[2]), words[3:]
	switch words[0] {
	case "result":
		m := monitor.ResultModulation{Name: name, Period: period, To: monitor.State(number(t, rest[1]))}
		for _, code := range list(rest[0]) {
			m.From |= 1 << number(t, code)
		}
		w.inv.ResultModulations = append(w.inv.ResultModulations, m)
	case "check":
		m := monitor.CheckModulation{Name: name, Period: period, Check: w.call(t, rest[0])}
		w.inv.CheckModulations = append(w.inv.CheckModulations, m)
	case "impact":
		m := monitor.ImpactModulation{Name: name, Period: period, Impact: int8(number(t, rest[0]))}
		w.inv.ImpactModulations = append(w.inv.ImpactModulations, m)
	default:
		t.Fatalf("no modulation of %s", words[0])
	}
}

// modulate gives a policy the modulations of those names.
func (w *world) modulate(t testing.TB, p *monitor.Policy, names []string) {
	for _, name := range names {
		for i, m := range w.inv.ResultModulations {
			if m.Name == name {
				p.ResultModulations = append(p.ResultModulations, uint32(i))
			}
		}
		for i, m := range w.inv.CheckModulations {
			if m.Name == name {
				p.CheckModulations = append(p.CheckModulations, uint32(i))
			}
		}
		for i, m := range w.inv.ImpactModulations {
			if m.Name == name {
				p.ImpactModulations = append(p.ImpactModulations, uint32(i))
			}
		}
	}
}

// call gives a call of a command without arguments; none if the name is empty.
// check gives the command of an object: the first one unless it says another, or none.
func (w *world) check(t testing.TB, name string) monitor.Call {
	switch name {
	case "":
		return monitor.Call{}
	case "none":
		return monitor.Call{Command: monitor.None}
	}
	return w.call(t, name)
}

func (w *world) call(t testing.TB, name string) monitor.Call {
	for i, c := range w.inv.Commands {
		if c.Name == name {
			return monitor.Call{Command: int32(i)}
		}
	}
	if name != "" {
		t.Fatalf("no command %s", name)
	}
	return monitor.Call{Command: monitor.None}
}

func (w *world) period(name string) int32 {
	for i, p := range w.inv.Timeperiods {
		if p.Name == name {
			return int32(i)
		}
	}
	return monitor.None
}

func options(letters string) (o monitor.Option) {
	for _, l := range list(letters) {
		o |= map[string]monitor.Option{
			"d": monitor.OnDown, "u": monitor.OnUnreachable, "w": monitor.OnWarning, "n": monitor.OnUnknown,
			"c": monitor.OnCritical, "r": monitor.OnRecovery, "f": monitor.OnFlapping, "s": monitor.OnDowntime,
			"o": monitor.OnOK, "p": monitor.OnPending,
		}[l]
	}
	return o
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func number(t testing.TB, s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func duration(t testing.TB, s string) time.Duration {
	if s == "" || s == "0" {
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func find(inv *monitor.Inventory, name string) (monitor.ID, error) {
	for id := range monitor.ID(inv.Objects()) {
		if inv.Ref(id).String() == name {
			return id, nil
		}
	}
	return 0, fmt.Errorf("no object %s", name)
}
