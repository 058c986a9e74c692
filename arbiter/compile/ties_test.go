package compile_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/monitor"
)

// ties binds objects of each of the four packs together, and people to them. Packs are h0-h3, h4-h7, h8-h11, h12-h15.
const ties = `
define notificationway {
  notificationway_name loud
  host_notification_commands tell!loud!host
  service_notification_commands tell!loud!service,tell!loud!again
  host_notification_period work
  service_notification_period always
  min_business_impact 4
}
define contact {
  contact_name cat
  host_notification_commands tell!cat
  service_notification_commands tell!cat
  host_notification_period always
  service_notification_period always
  notificationways loud
}
define host {
  name leaf
  use generic
  register 0
}
define service {
  use generic
  host_name h5
  service_description shop
  check_command bp_rule!h4 & g:one & h6,s0
  business_rule_output_template all $(of it)$
  business_rule_smart_notifications 1
}
define service {
  use generic
  host_name h7
  service_description front
  check_command bp_rule!2 of: t:leaf | l:shown
  business_rule_downtime_as_ack 1
}
define service {
  use generic
  host_name h6
  service_description back
  labels shown
  check_command bp_rule!h5 & r:h[4-7],s0
  service_dependencies h4,s0
}
define hostdependency {
  host_name h2
  dependent_host_name h3
  notification_failure_criteria d,u
  dependency_period work
}
define servicedependency {
  host_name h1,h5,h9,h13
  service_description s1
  dependent_service_description s0
  execution_failure_criteria c,p
  inherits_parent 1
}
define hostescalation {
  hostgroup_name odd
  contacts bob
  first_notification 3
  last_notification 5
  notification_interval 10
}
define hostescalation {
  host_name h8
  first_notification 2
  last_notification 0
  escalation_period work
}
define serviceescalation {
  host_name h2,h8,h14
  service_description *
  contacts bob,cat
  first_notification 4
  last_notification 0
  escalation_options c
}
define escalation {
  escalation_name later
  contacts cat
  first_notification_time 60
  last_notification_time 0
}
define resultmodulation {
  resultmodulation_name softer
  exit_codes_match 2,3
  exit_code_modulation 1
}
define resultmodulation {
  resultmodulation_name softest
  exit_codes_match 1
  exit_code_modulation 0
  modulation_period work
}
define checkmodulation {
  checkmodulation_name otherwise
  check_command check!otherwise!11
  check_period work
}
define macromodulation {
  macromodulation_name looser
  _N 99
}
define businessimpactmodulation {
  business_impact_modulation_name month
  business_impact 5
  modulation_period work
}
`

// modulated gives directives of some services.
func modulated(h, s int) string {
	text := ""
	switch (h + s) % 5 {
	case 0:
		text = " resultmodulations softest,softer\n maintenance_period work\n"
	case 1:
		text = " checkmodulations otherwise\n macromodulations looser\n escalations later\n"
	case 2:
		text = fmt.Sprintf(" snapshot_enabled 1\n snapshot_command mend!picture!%d\n snapshot_period work\n snapshot_interval 7\n", h)
	case 3:
		text = " business_impact_modulations month\n importance 12\n host_dependency_enabled 0\n"
	}
	if s > 0 {
		text += fmt.Sprintf(" parents h%d,s0,h%d,s0\n", h, h-h%4)
	}
	return text
}

// modulations gives the modulations of a policy, with what they do.
func (x tables) modulations(p *monitor.Policy) []string {
	var list []string
	for _, i := range p.ResultModulations {
		m := x.results[i]
		list = append(list, fmt.Sprint(m.Name, x.period(m.Period), m.From, m.To))
	}
	for _, i := range p.CheckModulations {
		m := x.checks[i]
		list = append(list, m.Name+x.period(m.Period)+x.call(m.Check))
	}
	for _, i := range p.MacroModulations {
		m := x.macros[i]
		list = append(list, fmt.Sprint(m.Name, x.period(m.Period), m.Vars))
	}
	for _, i := range p.ImpactModulations {
		m := x.impacts[i]
		list = append(list, fmt.Sprint(m.Name, x.period(m.Period), m.Impact))
	}
	return list
}

func (x tables) dependency(dependent, master string, d monitor.Dependency) string {
	return fmt.Sprintf("%s depends on %s: checks %b, notifications %b, %q, inherits %v", dependent, master, d.Execution,
		d.Notification, x.period(d.Period), d.Inherits)
}

func (x tables) escalation(object string, e monitor.Escalation) string {
	var people []string
	for _, i := range e.Contacts {
		people = append(people, x.contacts[i])
	}
	return fmt.Sprintf("%s escalates %d-%d, %v %v-%v every %v in %q at %b to %s", object, e.First, e.Last, e.ByTime, e.FirstTime,
		e.LastTime, e.Interval, x.period(e.Period), e.Options, people)
}

// tablesIn gives what the indexes of a configuration point into.
func tablesIn(c *objects.Config) tables {
	x := tables{args: c.Args, results: c.ResultModulations, checks: c.CheckModulations, macros: c.MacroModulations, impacts: c.ImpactModulations}
	for i := range c.Timeperiods {
		x.periods = append(x.periods, c.Timeperiods[i].Name)
	}
	for i := range c.Commands {
		x.commands = append(x.commands, c.Commands[i].Name)
	}
	for i := range c.Contacts {
		x.contacts = append(x.contacts, c.Contacts[i].Name)
	}
	return x
}

// wantedTies gives everything that ties objects together as the configuration has it, in words.
func wantedTies(c *objects.Config) []string {
	x := tablesIn(c)
	host := func(h uint32) string { return c.Hosts[h].Name }
	service := func(s uint32) string { return host(c.Services[s].Host) + "/" + c.Services[s].Description }
	target := func(t objects.Target) string {
		if t.Service == monitor.None {
			return host(t.Host)
		}
		return service(uint32(t.Service))
	}
	var list []string
	for _, d := range c.Dependencies {
		list = append(list, x.dependency(target(d.Dependent), target(d.Master), monitor.Dependency{
			Execution: d.Execution, Notification: d.Notification, Period: d.Period, Inherits: d.InheritsParent,
		}))
	}
	for _, e := range c.ServiceParents {
		list = append(list, service(e.Child)+" lies behind "+service(e.Parent))
	}
	for _, r := range c.Rules {
		list = append(list, fmt.Sprintf("%s is %s, %s, %v, %v", target(r.Target), r.Expression, r.OutputTemplate, r.Smart, r.DowntimeAsAck))
	}
	for _, g := range slices.Concat(c.HostTags, c.HostLabels) {
		for _, m := range g.Members {
			list = append(list, host(m)+" has "+g.Name)
		}
	}
	for _, g := range c.ServiceLabels {
		for _, m := range g.Members {
			list = append(list, service(m)+" has "+g.Name)
		}
	}
	for _, e := range c.Escalations {
		same := monitor.Escalation{
			First: e.First, Last: e.Last, ByTime: e.ByTime, FirstTime: e.FirstTime, LastTime: e.LastTime,
			Interval: e.Interval, Period: e.Period, Options: e.Options, Contacts: e.Contacts,
		}
		for _, h := range e.Hosts {
			list = append(list, x.escalation(host(h), same))
		}
		for _, s := range e.Services {
			list = append(list, x.escalation(service(s), same))
		}
	}
	slices.Sort(list)
	return list
}

// gotTies gives the same as the inventories have it.
func gotTies(r *compile.Result) []string {
	var list []string
	for _, inv := range r.Inventories {
		x := tablesOf(inv)
		name := func(id monitor.ID) string { return inv.Ref(id).String() }
		for _, d := range inv.Dependencies {
			list = append(list, x.dependency(name(d.Dependent), name(d.Master), d))
		}
		for _, e := range inv.ServiceParents {
			list = append(list, name(e.Child)+" lies behind "+name(e.Parent))
		}
		for _, r := range inv.Rules {
			list = append(list, fmt.Sprintf("%s is %s, %s, %v, %v", name(r.Object), r.Expression, r.OutputTemplate, r.Smart, r.DowntimeAsAck))
		}
		for _, g := range slices.Concat(inv.HostTags, inv.HostLabels, inv.ServiceLabels) {
			for _, m := range g.Members {
				list = append(list, name(m)+" has "+g.Name)
			}
		}
		for _, e := range inv.Escalated {
			for _, n := range e.Escalations {
				list = append(list, x.escalation(name(e.Object), inv.Escalations[n]))
			}
		}
	}
	slices.Sort(list)
	return list
}

func TestTiesAreSorted(t *testing.T) {
	n := 0
	for shard, inv := range compile.Compile(load(t, "", objectsOf()), shards, 1, nil).Inventories {
		n += len(inv.Dependencies) + len(inv.ServiceParents) + len(inv.Escalated)
		if !slices.IsSortedFunc(inv.Dependencies, func(a, b monitor.Dependency) int { return int(a.Dependent) - int(b.Dependent) }) ||
			!slices.IsSortedFunc(inv.ServiceParents, func(a, b monitor.Edge) int { return int(a.Child) - int(b.Child) }) ||
			!slices.IsSortedFunc(inv.Rules, func(a, b monitor.Rule) int { return int(a.Object) - int(b.Object) }) ||
			!slices.IsSortedFunc(inv.Escalated, func(a, b monitor.Escalated) int { return int(a.Object) - int(b.Object) }) {
			t.Errorf("shard %d: %v %v %v", shard, inv.Dependencies, inv.ServiceParents, inv.Escalated)
		}
	}
	if n < 50 {
		t.Errorf("only %d ties in all shards", n)
	}
}

func TestTiedHostsAreOnePack(t *testing.T) {
	for _, x := range []struct{ name, text string }{
		{"a dependency", "define hostdependency {\n host_name h0\n dependent_host_name h4\n notification_failure_criteria d\n}\n"},
		{"a parent of a service", "define service {\n use generic\n host_name h0\n service_description new\n check_command check\n parents h5,s0\n}\n"},
		{"an easy dependency", "define service {\n use generic\n host_name h0\n service_description new\n check_command check\n service_dependencies h5,s0\n}\n"},
		{"a business rule", "define service {\n use generic\n host_name h0\n service_description new\n check_command bp_rule!g:one\n}\n"},
	} {
		before := compile.Plan(load(t, "", objectsOf()), shards, nil).Packs
		if after := compile.Plan(load(t, "", objectsOf()+x.text), shards, nil).Packs; after != before-1 {
			t.Errorf("%s between two of %d packs leaves %d", x.name, before, after)
		}
	}
}

func TestWaysCallTheirCommandsInEveryShard(t *testing.T) {
	for shard, inv := range compile.Compile(load(t, "", objectsOf()), shards, 1, nil).Inventories {
		x := tablesOf(inv)
		cat := inv.Contacts[slices.Index(x.contacts, "cat")]
		if len(cat.Ways) != 1 || !slices.Equal(x.calls(cat.Ways[0].Service.Commands), []string{"tell!loud!service", "tell!loud!again"}) ||
			x.period(cat.Ways[0].Host.Period) != "work" || cat.Ways[0].MinBusinessImpact != 4 || cat.MinBusinessImpact != 0 {
			t.Errorf("shard %d: %+v", shard, cat.Ways)
		}
	}
}
