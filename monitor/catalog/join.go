package catalog

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/onbu/onbu/monitor"
)

// Joined gives one inventory of the shard that a host lies in and of all that are tied to it by packs that are cut, so that nothing of it
// has a border: what would happen to the host can be played with it. With more hosts it is one inventory of all that any of them is tied
// to. Shards are those that are in it, sorted. An error means that there is no such host, or that a reload is under way.
//
// The inventory has lists of its own, whose elements refer to those that it was made of. Names in it are those of the configuration;
// numbers are not those of the shards.
func (c *Catalog) Joined(host string, more ...string) (inv *monitor.Inventory, shards []monitor.Shard, err error) {
	for _, name := range append([]string{host}, more...) {
		p, ok := c.hosts[name]
		if !ok {
			return nil, nil, fmt.Errorf("there is no host %q", name)
		}
		if !slices.Contains(shards, p.shard) {
			shards = append(shards, c.tied(p.shard)...)
		}
	}
	slices.Sort(shards)
	shards = slices.Compact(shards)
	first := c.Inventories[shards[0]]
	for _, shard := range shards {
		if !alike(first, c.Inventories[shard]) {
			return nil, nil, fmt.Errorf("a new configuration is coming into force: shards %d and %d do not know the same contacts and commands; try again in some seconds", shards[0], shard)
		}
	}
	if len(shards) == 1 && len(first.Border) == 0 {
		return first, shards, nil
	}
	j := joiner{out: &monitor.Inventory{}, triggers: map[string]uint32{}, hosts: map[string]monitor.ID{}}
	for _, shard := range shards {
		j.all = append(j.all, c.Inventories[shard])
	}
	return j.join(), shards, nil
}

// alike says whether inventories have in common what all shards of one configuration have. Their generations may differ all the same: a
// reload leaves the inventories as they are whose hosts it does not change.
func alike(a, b *monitor.Inventory) bool {
	return slices.EqualFunc(a.Contacts, b.Contacts, func(a, b monitor.Contact) bool { return a.Name == b.Name }) &&
		slices.EqualFunc(a.Commands, b.Commands, func(a, b monitor.Command) bool { return a == b }) &&
		slices.EqualFunc(a.Timeperiods, b.Timeperiods, func(a, b monitor.Timeperiod) bool { return a.Name == b.Name })
}

// tied gives the shards that border on one, directly or not, and itself.
func (c *Catalog) tied(shard monitor.Shard) []monitor.Shard {
	beside := map[monitor.Shard][]monitor.Shard{}
	for number, inv := range c.Inventories {
		if inv == nil {
			continue
		}
		for _, b := range inv.Border {
			if int(b.Shard) < len(c.Inventories) && c.Inventories[b.Shard] != nil {
				beside[monitor.Shard(number)] = append(beside[monitor.Shard(number)], b.Shard)
				beside[b.Shard] = append(beside[b.Shard], monitor.Shard(number))
			}
		}
	}
	found := []monitor.Shard{shard}
	for i := 0; i < len(found); i++ {
		for _, other := range beside[found[i]] {
			if !slices.Contains(found, other) {
				found = append(found, other)
			}
		}
	}
	slices.Sort(found)
	return found
}

// joiner makes one inventory of several of one configuration.
type joiner struct {
	all      []*monitor.Inventory
	out      *monitor.Inventory
	triggers map[string]uint32 // by name
	hosts    map[string]monitor.ID
}

// shift is what is added to the numbers of an inventory. Hosts of all shards come first, then their services.
type shift struct {
	inv                         *monitor.Inventory
	hosts, services             monitor.ID
	args, policies, escalations uint32
}

func (s *shift) id(id monitor.ID) monitor.ID {
	if s.inv.IsHost(id) {
		return id + s.hosts
	}
	return id - monitor.ID(len(s.inv.Hosts)) + s.services
}

func (s *shift) ids(ids []monitor.ID) []monitor.ID {
	out := make([]monitor.ID, len(ids))
	for i, id := range ids {
		out[i] = s.id(id)
	}
	return out
}

func (s *shift) call(c monitor.Call) monitor.Call {
	return monitor.Call{Command: c.Command, Args: c.Args + s.args}
}

// join makes it. What all shards have in common is that of the first, whose argument lists keep their numbers.
func (j *joiner) join() *monitor.Inventory {
	first := j.all[0]
	*j.out = monitor.Inventory{
		Generation: first.Generation, Shard: first.Shard, Shards: first.Shards, Options: first.Options, Macros: first.Macros,
		Timeperiods: first.Timeperiods, Commands: first.Commands, Contacts: first.Contacts, ContactGroups: first.ContactGroups,
		ResultModulations: first.ResultModulations, CheckModulations: first.CheckModulations,
		MacroModulations: first.MacroModulations, ImpactModulations: first.ImpactModulations,
	}
	shifts := j.shifts()
	for i := range shifts {
		j.objects(&shifts[i])
	}
	for i := range shifts {
		j.parents(&shifts[i])
		j.ties(&shifts[i])
		j.groups(&shifts[i])
	}
	j.sort()
	return j.out
}

func (j *joiner) shifts() []shift {
	shifts := make([]shift, len(j.all))
	next := shift{}
	for i, inv := range j.all {
		next.inv = inv
		shifts[i] = next
		next.hosts += monitor.ID(len(inv.Hosts))
		next.services += monitor.ID(len(inv.Services))
		next.args += uint32(len(inv.Args))
		next.policies += uint32(len(inv.Policies))
		next.escalations += uint32(len(inv.Escalations))
	}
	for i := range shifts {
		shifts[i].services += next.hosts
	}
	return shifts
}

// objects adds hosts and services, with what they have as numbers.
func (j *joiner) objects(s *shift) {
	j.out.Args = append(j.out.Args, s.inv.Args...)
	for _, p := range s.inv.Policies {
		p.EventHandler, p.Snapshot = s.call(p.EventHandler), s.call(p.Snapshot)
		j.out.Policies = append(j.out.Policies, p)
	}
	for _, h := range s.inv.Hosts {
		h.Policy, h.Check, h.Parents = h.Policy+s.policies, s.call(h.Check), s.ids(h.Parents)
		j.hosts[h.Name] = monitor.ID(len(j.out.Hosts))
		j.out.Hosts = append(j.out.Hosts, h)
	}
	for _, v := range s.inv.Services {
		v.Host, v.Policy, v.Check = v.Host+s.hosts, v.Policy+s.policies, s.call(v.Check)
		j.out.Services = append(j.out.Services, v)
	}
}

// parents adds those of other shards.
func (j *joiner) parents(s *shift) {
	for _, e := range s.inv.BorderEdges {
		n := int(e.Parent) - s.inv.Objects()
		if !s.inv.IsHost(e.Child) || n < 0 || n >= len(s.inv.Border) {
			continue
		}
		if parent, ok := j.hosts[s.inv.Border[n].Name]; ok {
			child := &j.out.Hosts[s.id(e.Child)]
			child.Parents = append(child.Parents, parent)
		}
	}
}

// ties adds what ties objects to others.
func (j *joiner) ties(s *shift) {
	for _, d := range s.inv.Dependencies {
		d.Dependent, d.Master = s.id(d.Dependent), s.id(d.Master)
		j.out.Dependencies = append(j.out.Dependencies, d)
	}
	for _, e := range s.inv.ServiceParents {
		j.out.ServiceParents = append(j.out.ServiceParents, monitor.Edge{Child: s.id(e.Child), Parent: s.id(e.Parent)})
	}
	j.out.Escalations = append(j.out.Escalations, s.inv.Escalations...)
	for _, e := range s.inv.Escalated {
		numbers := make([]uint32, len(e.Escalations))
		for i, n := range e.Escalations {
			numbers[i] = n + s.escalations
		}
		j.out.Escalated = append(j.out.Escalated, monitor.Escalated{Object: s.id(e.Object), Escalations: numbers})
	}
	for _, r := range s.inv.Rules {
		r.Object = s.id(r.Object)
		j.out.Rules = append(j.out.Rules, r)
	}
	for _, t := range s.inv.Triggered {
		one := monitor.Triggered{Object: s.id(t.Object)}
		for _, n := range t.Triggers {
			one.Triggers = append(one.Triggers, j.trigger(&s.inv.Triggers[n]))
		}
		j.out.Triggered = append(j.out.Triggered, one)
	}
}

// trigger gives the number of a trigger, of which several shards may have a copy.
func (j *joiner) trigger(t *monitor.Trigger) uint32 {
	n, ok := j.triggers[t.Name]
	if !ok {
		n = uint32(len(j.out.Triggers))
		j.triggers[t.Name] = n
		j.out.Triggers = append(j.out.Triggers, *t)
	}
	return n
}

// groups puts the parts of groups together again.
func (j *joiner) groups(s *shift) {
	for _, list := range []struct {
		all  *[]monitor.Group
		part []monitor.Group
	}{
		{&j.out.HostGroups, s.inv.HostGroups},
		{&j.out.ServiceGroups, s.inv.ServiceGroups},
		{&j.out.HostTags, s.inv.HostTags},
		{&j.out.HostLabels, s.inv.HostLabels},
		{&j.out.ServiceLabels, s.inv.ServiceLabels},
	} {
		for i, g := range list.part {
			g.Members = s.ids(g.Members)
			at := i // all shards have the same groups in the same order, but a shard without rules has no tags
			if at >= len(*list.all) || (*list.all)[at].Name != g.Name {
				at = slices.IndexFunc(*list.all, func(one monitor.Group) bool { return one.Name == g.Name })
			}
			if at < 0 {
				*list.all = append(*list.all, g)
			} else {
				(*list.all)[at].Members = append((*list.all)[at].Members, g.Members...)
			}
		}
	}
}

// sort puts in order what an inventory has in order.
func (j *joiner) sort() {
	o := j.out
	slices.SortStableFunc(o.Dependencies, func(a, b monitor.Dependency) int { return cmp.Compare(a.Dependent, b.Dependent) })
	slices.SortStableFunc(o.ServiceParents, func(a, b monitor.Edge) int { return cmp.Compare(a.Child, b.Child) })
	slices.SortStableFunc(o.Escalated, func(a, b monitor.Escalated) int { return cmp.Compare(a.Object, b.Object) })
	slices.SortStableFunc(o.Rules, func(a, b monitor.Rule) int { return cmp.Compare(a.Object, b.Object) })
	slices.SortStableFunc(o.Triggered, func(a, b monitor.Triggered) int { return cmp.Compare(a.Object, b.Object) })
}
