package compile

import (
	"cmp"
	"slices"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/monitor"
)

// addTies adds what ties objects of this shard to one another and to people: dependencies, parents of services,
// escalations.
func (b *builder) addTies() {
	b.addDependencies()
	for _, e := range b.config.ServiceParents {
		if b.here(b.config.Services[e.Child].Host) {
			b.inv.ServiceParents = append(b.inv.ServiceParents, monitor.Edge{Child: b.service(e.Child), Parent: b.service(e.Parent)})
		}
	}
	slices.SortStableFunc(b.inv.ServiceParents, func(a, b monitor.Edge) int { return cmp.Compare(a.Child, b.Child) })
	b.addEscalations()
	b.addRules()
	b.addTriggers()
}

// here says whether a host of the configuration lies in this shard.
func (b *builder) here(host uint32) bool { return b.plan[host] == b.shard }

// service gives the ID of a service of the configuration.
func (b *builder) service(n uint32) monitor.ID { return b.place[len(b.config.Hosts)+int(n)] }

func (b *builder) target(t objects.Target) monitor.ID {
	if t.Service == monitor.None {
		return b.place[t.Host]
	}
	return b.service(uint32(t.Service))
}

func (b *builder) addDependencies() {
	for i := range b.config.Dependencies {
		d := &b.config.Dependencies[i]
		if !b.here(d.Dependent.Host) {
			continue
		}
		b.inv.Dependencies = append(b.inv.Dependencies, monitor.Dependency{
			Dependent: b.target(d.Dependent), Master: b.target(d.Master), Execution: d.Execution,
			Notification: d.Notification, Period: d.Period, Inherits: d.InheritsParent,
		})
	}
	slices.SortStableFunc(b.inv.Dependencies, func(a, b monitor.Dependency) int { return cmp.Compare(a.Dependent, b.Dependent) })
}

// addEscalations adds the escalations that hold for something in this shard.
func (b *builder) addEscalations() {
	of := map[monitor.ID][]uint32{}
	for i := range b.config.Escalations {
		e := &b.config.Escalations[i]
		number := uint32(len(b.inv.Escalations))
		used := false
		hold := func(id monitor.ID) { of[id], used = append(of[id], number), true }
		for _, h := range e.Hosts {
			if b.here(h) {
				hold(b.place[h])
			}
		}
		for _, s := range e.Services {
			if b.here(b.config.Services[s].Host) {
				hold(b.service(s))
			}
		}
		if used {
			b.inv.Escalations = append(b.inv.Escalations, monitor.Escalation{
				First: e.First, Last: e.Last, ByTime: e.ByTime, FirstTime: e.FirstTime, LastTime: e.LastTime,
				Interval: e.Interval, Period: e.Period, Options: e.Options, Contacts: e.Contacts,
			})
		}
	}
	for id, numbers := range of {
		b.inv.Escalated = append(b.inv.Escalated, monitor.Escalated{Object: id, Escalations: numbers})
	}
	slices.SortFunc(b.inv.Escalated, func(a, b monitor.Escalated) int { return cmp.Compare(a.Object, b.Object) })
}

// addRules adds the business rules, and what their expressions may choose by.
func (b *builder) addRules() {
	if len(b.config.Rules) == 0 {
		return
	}
	for i := range b.config.Rules {
		if r := &b.config.Rules[i]; b.here(r.Host) {
			b.inv.Rules = append(b.inv.Rules, monitor.Rule{
				Object: b.target(r.Target), Expression: r.Expression, OutputTemplate: r.OutputTemplate,
				Smart: r.Smart, DowntimeAsAck: r.DowntimeAsAck,
			})
		}
	}
	slices.SortFunc(b.inv.Rules, func(a, b monitor.Rule) int { return cmp.Compare(a.Object, b.Object) })
	b.inv.HostTags = b.hostGroups(b.config.HostTags)
	b.inv.HostLabels = b.hostGroups(b.config.HostLabels)
	b.inv.ServiceLabels = b.serviceGroups(b.config.ServiceLabels)
}
