package objects_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/monitor"
)

const realms = `
define realm {
    realm_name All
    default 1
    realm_members Edge
}
define realm {
    realm_name Edge
}
`

func TestShinkensDaemonsRealmsAndModulesAreRead(t *testing.T) {
	c := clean(t, "", realms+`
define poller {
    poller_name p1
    address 10.0.0.1
    realm Edge
    poller_tags DMZ,None
    modules fast
    max_workers 4
}
define scheduler {
    scheduler_name s1
    spare 1
}
define module {
    module_name fast
    module_type booster
    anything goes here
}
define host {
    use h
    host_name a
    realm Edge
    poller_tag DMZ
}
`)
	want := []objects.Daemon{
		{Kind: objects.Scheduler, Name: "s1", Address: "localhost", Port: 7768, Realm: monitor.None, Spare: true, ManageSubRealms: true, Weight: 1},
		{
			Kind: objects.Poller, Name: "p1", Address: "10.0.0.1", Port: 7771, Realm: 1, Tags: []string{"DMZ", "None"}, Modules: []uint32{0},
			ManageSubRealms: true, Weight: 1, Settings: []objects.Setting{{Name: "max_workers", Value: "4", Line: 87}},
		},
	}
	got := slices.Clone(c.Daemons)
	for i := range got {
		got[i].Pos = objects.Pos{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("daemons: -want +got\n%s", diff)
	}
	if diff := cmp.Diff([]objects.Setting{{Name: "anything", Value: "goes here", Line: 96}}, c.Modules[0].Settings); diff != "" {
		t.Errorf("module: -want +got\n%s", diff)
	}
	if !slices.Equal(c.Realms[0].Members, []uint32{1}) || !c.Realms[0].Default {
		t.Errorf("realms: %+v", c.Realms)
	}
	s := c.Settings[host(t, c, "a").Settings]
	if s.Realm != 1 || s.Pool != "DMZ" {
		t.Errorf("host: realm %d, pool %q", s.Realm, s.Pool)
	}
}

func TestDuplicateForeachMakesAServiceForEachEntry(t *testing.T) {
	const hosts = `
define host {
    use h
    host_name a
    _disks C$(90)$$(95)$, D , eth[0-2]$(5)$, x/y
    _!disks eth1
}
define host {
    use h
    host_name none
}
`
	c := clean(t, "", realms+hosts+`
define service {
    use s
    host_name a,none
    service_description Disk $KEY$
    check_command ping!$KEY$!$VALUE1$!$VALUE2$
    duplicate_foreach _disks
    default_value 80
}
`)
	want := []string{"a/Disk C", "a/Disk D", "a/Disk eth0", "a/Disk eth2", "a/Disk x/y"}
	if diff := cmp.Diff(want, services(c)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got, want := c.Args[c.Services[0].Check.Args], []string{"C", "90", "95"}; !slices.Equal(got, want) {
		t.Errorf("arguments: got %q, want %q", got, want)
	}
	if got, want := c.Args[c.Services[1].Check.Args], []string{"D", "80", "$VALUE2$"}; !slices.Equal(got, want) {
		t.Errorf("arguments: got %q, want %q", got, want)
	}
}

func TestServicesOfHostTemplatesGoToAllWhoUseThem(t *testing.T) {
	c := clean(t, "", realms+`
define host {
    name linux
    register 0
    use h
}
define host {
    name web
    register 0
    use linux
}
define host {
    host_name a
    use web
}
define host {
    host_name b
    use h
}
define service {
    use s
    register 0
    host_name linux
    service_description load
}
define service {
    use s
    host_name a
    service_description own
}
`)
	if diff := cmp.Diff([]string{"a/load", "a/own"}, services(c)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestWhatIsNotActedOnIsListed(t *testing.T) {
	c := clean(t, "use_syslog=1\n", `
define host {
    use h
    host_name a
    retain_status_information 0
    2d_coords 1,2
}
define service {
    use s
    host_name a
    service_description x
    retain_nonstatus_information 0
}
define discoveryrule {
    discoveryrule_name ours
}
`)
	got := map[string]int{}
	for _, u := range c.Understood {
		got[u.Kind+" "+u.Directive] = u.Count
	}
	want := map[string]int{
		"main file use_syslog": 1, "host retain_status_information": 1, "host 2d_coords": 1, "service retain_nonstatus_information": 1,
		"define discoveryrule": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestDependenciesAreResolved(t *testing.T) {
	c := clean(t, "", `
define host {
    use h
    host_name a
}
define host {
    use h
    host_name b
}
define service {
    use s
    host_name a,b
    service_description disk
}
define service {
    use s
    host_name a,b
    service_description agent
}
define servicegroup {
    servicegroup_name disks
    members a,disk,b,disk
}
define servicedependency {
    host_name *
    service_description agent
    dependent_service_description disk
    execution_failure_criteria c,u
    inherits_parent 1
}
define servicedependency {
    host_name a
    service_description agent
    dependent_servicegroup_name disks
    notification_failure_criteria w
}
define hostdependency {
    host_name a
    dependent_host_name b
    notification_failure_criteria d,p
}
`)
	var got []string
	for _, d := range c.Dependencies {
		got = append(got, target(c, d.Dependent)+" on "+target(c, d.Master))
	}
	want := []string{"b on a", "a/disk on a/agent", "b/disk on b/agent", "a/disk on a/agent", "b/disk on a/agent"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if d := c.Dependencies[1]; !d.InheritsParent || d.Execution != monitor.OnCritical|monitor.OnUnknown || d.Notification != 0 {
		t.Errorf("dependency: %+v", d)
	}
}

func target(c *objects.Config, t objects.Target) string {
	if t.Service == monitor.None {
		return c.Hosts[t.Host].Name
	}
	return c.Hosts[t.Host].Name + "/" + c.Services[t.Service].Description
}

func TestNotificationWaysStandInForAContact(t *testing.T) {
	c := clean(t, "", realms+`
define notificationway {
    notificationway_name sms
    host_notification_commands ping
    service_notification_commands up
    host_notification_period 24x7
    service_notification_period work
    min_business_impact 4
}
define notificationway {
    notificationway_name mail
    host_notification_commands up
    service_notification_commands up
    host_notification_period 24x7
    service_notification_period 24x7
}
define contact {
    contact_name carl
    notificationways sms,mail
    contactgroups night,new
}
`)
	carl := c.Contacts[2]
	if c.Commands[carl.Host.Commands[0].Command].Name != "ping" || c.Timeperiods[carl.Service.Period].Name != "work" {
		t.Errorf("the first way must hold for the contact: %+v", carl)
	}
	if len(carl.Ways) != 1 || carl.Ways[0].Name != "mail" {
		t.Errorf("other ways: %+v", carl.Ways)
	}
	if got := people(c, c.ContactGroups[0].Members); got != "bob carl" {
		t.Errorf("group night: got %s, want bob carl", got)
	}
	if g := c.ContactGroups[2]; g.Name != "new" || people(c, g.Members) != "carl" {
		t.Errorf("Shinken makes groups that are only named: got %+v", g)
	}
}

// There is no plugin behind Shinken's own commands: whoever ran them would tell people of hosts that are not DOWN.
func TestShinkensOwnCommandsAreNotRun(t *testing.T) {
	c, r := load(t, "", realms+`
define command {
    command_name ours
    command_line _internal_host_up
}
define host {
    host_name bare
}
define host {
    use h
    host_name named
    check_command _internal_host_up
}
define host {
    use h
    host_name defined
    check_command ours
}
define host {
    use h
    host_name told
    check_command _echo
}
define host {
    use h
    host_name pinged
}
define service {
    use s
    host_name pinged
    service_description whole
    check_command bp_rule!,ping & named
}
define service {
    use s
    host_name pinged
    service_description echo
    check_command _echo
}
define service {
    use s
    host_name pinged
    service_description ping
}
`)
	got := map[string]string{}
	say := func(name string, call monitor.Call, settings uint32) {
		got[name] = "nothing"
		if call.Command != monitor.None {
			got[name] = c.Commands[call.Command].Name
		}
		if c.Settings[settings].Switches&monitor.ActiveChecks != 0 {
			got[name] += ", active"
		}
	}
	for _, h := range c.Hosts {
		say(h.Name, h.Check, h.Settings)
	}
	for _, s := range c.Services {
		say(s.Description, s.Check, s.Settings)
	}
	want := map[string]string{
		"bare": "nothing, active", "named": "nothing, active", "defined": "nothing, active", "told": "nothing",
		"pinged": "ping, active", "whole": "nothing, active", "echo": "nothing", "ping": "ping, active",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if every := c.Settings[host(t, c, "bare").Settings].CheckInterval; every != 5*time.Minute {
		t.Errorf("a host without check_interval is taken to be UP every %v, want 5m as in Shinken", every)
	}
	if len(r.Problems) != 0 {
		t.Errorf("got %v, want no complaint", r.Problems)
	}
	if len(c.Rules) != 1 || c.Rules[0].Expression != ",ping & named" {
		t.Errorf("business rules: %+v", c.Rules)
	}
}

func TestOnlyWhatAsksForSomethingElseIsListed(t *testing.T) {
	c := clean(t, `retain_state_information=1
retained_contact_host_attribute_mask=12
max_concurrent_checks=0
lock_file=/run/nagios.pid
service_perfdata_command=up
`, `
define host {
    use h
    host_name a
    retain_nonstatus_information 0
    process_perf_data 1
    retain_status_information 1
}
define service {
    use s
    host_name a
    service_description x
    retain_status_information 0
    trigger_name null
}
define contact {
    contact_name carl
    host_notification_commands up
    service_notification_commands up
    host_notification_period 24x7
    service_notification_period 24x7
    can_submit_commands 0
}
`)
	got := map[string]string{}
	for _, u := range c.Understood {
		got[u.Kind+" "+u.Directive] = map[bool]string{false: "missed", true: "moot"}[u.Moot]
	}
	want := map[string]string{
		"main file retained_contact_host_attribute_mask": "missed", "main file lock_file": "moot",
		"main file service_perfdata_command": "missed",
		"host retain_nonstatus_information":  "missed",
		"service retain_status_information":  "missed", "contact can_submit_commands": "missed",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestRealmsAreMissedOnlyWhereThereAreSeveral(t *testing.T) {
	for text, want := range map[string]bool{
		"define realm {\n realm_name All\n default 1\n}\n": false,
		realms: true,
	} {
		c := clean(t, "", text+"define host {\n use h\n host_name a\n realm All\n}\n")
		for _, id := range []string{"define realm", "host realm"} {
			got := slices.ContainsFunc(c.Understood, func(u objects.Understood) bool { return u.Kind+" "+u.Directive == id && !u.Moot })
			if got != want {
				t.Errorf("%d realms: %s is listed: %v, want %v", len(c.Realms), id, got, want)
			}
		}
	}
}
