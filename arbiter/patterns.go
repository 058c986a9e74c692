package arbiter

import (
	"fmt"

	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/scheduler/trigger"
)

// Unseen says which patterns in triggers fit objects that these triggers do not see, because those may lie in another shard: hosts
// are kept together by names, and not by patterns. only, if it is not nil, says of which objects the triggers are looked at.
func Unseen(c *objects.Config, only func(objects.Target) bool) []string {
	users := map[uint32][]objects.Target{}
	for _, t := range c.Triggered {
		if only != nil && !only(t.Target) {
			continue
		}
		for _, n := range t.Triggers {
			users[n] = append(users[n], t.Target)
		}
	}
	if len(users) == 0 {
		return nil
	}
	pack := compile.Plan(c, compile.DefaultShards, nil).Pack
	var all []string
	for n := range c.Triggers {
		if of := users[uint32(n)]; len(of) > 0 {
			all = append(all, unseenBy(c, &c.Triggers[n], of, pack)...)
		}
	}
	return all
}

// unseenBy says it of one trigger, each pattern once, with the object that misses most.
func unseenBy(c *objects.Config, t *objects.Trigger, users []objects.Target, pack []uint32) []string {
	var all []string
	for _, p := range trigger.Patterns(&t.Trigger) {
		in, fitting := fittingIn(c, &p, pack)
		most, by := 0, objects.Target{}
		for _, u := range users {
			if n := fitting - in[pack[u.Host]]; n > most {
				most, by = n, u
			}
		}
		if most == 0 {
			continue
		}
		pos := t.Pos
		if t.Line == 0 {
			pos.Line = p.Line
		}
		all = append(all, fmt.Sprintf("%s: trigger %q of %s asks for %q, which fits %d objects; %d of them are on hosts that nothing ties to its own, and are "+
			"left out wherever they lie in another shard: name them, as in get_objects([\"HOST/SERVICE\", …]), and they are kept together",
			c.Where(pos), t.Name, c.NameOf(by), p.Text, fitting, most))
	}
	return all
}

// fittingIn counts what a pattern fits, by pack and in all.
func fittingIn(c *objects.Config, p *trigger.Pattern, pack []uint32) (in map[uint32]int, all int) {
	in = map[uint32]int{}
	for h := range c.Hosts {
		if !p.Host(c.Hosts[h].Name) {
			continue
		}
		n := 0
		if p.OfHosts() {
			n = 1
		} else {
			for i, services := 0, c.ServicesOf(uint32(h)); i < len(services); i++ {
				if p.Service(services[i].Description) {
					n++
				}
			}
		}
		in[pack[h]] += n
		all += n
	}
	return in, all
}
