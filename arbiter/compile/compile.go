// Package compile knows how a configuration that was read becomes inventories: one for each shard, holding only what
// its hosts need, and the directory that says which host lives where.
package compile

import (
	"strings"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/arbiter/split"
	"github.com/onbu/onbu/monitor"
)

// DefaultShards is how many shards an installation has unless it is told otherwise.
const DefaultShards = 16

// Result is a compiled configuration.
type Result struct {
	Inventories []*monitor.Inventory
	Directory   monitor.Directory
	Plan        split.Plan
	// Piggyback is what becomes of payloads.
	Piggyback monitor.Piggyback
	// Modules are those that receivers and brokers may host.
	Modules monitor.Modules
	// Roster is what results from outside may be for.
	Roster monitor.Roster
}

// Compile makes the inventories of a complete configuration. before says in which shard a host lay so far; nil when
// there is no generation before.
func Compile(c *objects.Config, shards int, generation uint64, before func(string) (monitor.Shard, bool)) *Result {
	plan := Plan(c, shards, before)
	r := &Result{Plan: plan, Directory: directory(c, plan, shards, generation), Piggyback: c.Piggyback, Modules: Modules(c), Roster: roster(c)}
	r.Piggyback.Addresses = addresses(c)
	hosts := make([][]uint32, shards)
	for i := range c.Hosts {
		hosts[plan.Shard[i]] = append(hosts[plan.Shard[i]], uint32(i))
	}
	common, members := shared(c), membersOf(c)
	place, border := make([]monitor.ID, len(c.Hosts)+len(c.Services)), borders(c, plan, shards)
	for shard := range shards {
		b := builder{config: c, hosts: hosts[shard], place: place, shard: monitor.Shard(shard), plan: plan.Shard, members: members, borders: border}
		inv := b.build(common)
		inv.Generation, inv.Shard, inv.Shards = generation, monitor.Shard(shard), shards
		r.Inventories = append(r.Inventories, inv)
	}
	return r
}

// Plan cuts the configuration without compiling it.
func Plan(c *objects.Config, shards int, before func(string) (monitor.Shard, bool)) split.Plan {
	g := split.Graph{
		Names: make([]string, len(c.Hosts)), Weights: make([]uint32, len(c.Hosts)),
		Heavy: c.Options.HeavyPack, Whole: c.Options.CutPacks == objects.CutNever,
	}
	for i := range c.Hosts {
		h := &c.Hosts[i]
		g.Names[i], g.Weights[i] = h.Name, 1+h.ServiceCount
		for _, parent := range h.Parents {
			if !parted(c, uint32(i), parent) {
				g.Parents = append(g.Parents, [2]uint32{uint32(i), parent})
			}
		}
	}
	for _, d := range c.Dependencies {
		g.Edges = append(g.Edges, [2]uint32{d.Master.Host, d.Dependent.Host})
	}
	for i := range c.Rules {
		for _, m := range c.Rules[i].Members {
			g.Edges = append(g.Edges, [2]uint32{m.Host, c.Rules[i].Host})
		}
	}
	for i := range c.Triggered {
		for _, read := range c.Triggered[i].Ties {
			g.Edges = append(g.Edges, [2]uint32{read, c.Triggered[i].Host})
		}
	}
	for _, e := range c.ServiceParents {
		if child, parent := c.Services[e.Child].Host, c.Services[e.Parent].Host; child != parent {
			g.Edges = append(g.Edges, [2]uint32{parent, child})
		}
	}
	return split.Lay(g, shards, before)
}

func directory(c *objects.Config, plan split.Plan, shards int, generation uint64) monitor.Directory {
	d := monitor.Directory{Generation: generation, Shards: shards, Hosts: make(map[string]monitor.Shard, len(c.Hosts))}
	for i := range c.Hosts {
		d.Hosts[strings.Clone(c.Hosts[i].Name)] = plan.Shard[i]
	}
	return d
}

// timeperiods gives the time periods, each with its zone.
func timeperiods(c *objects.Config) []monitor.Timeperiod {
	var all []monitor.Timeperiod
	for i := range c.Timeperiods {
		p := c.Timeperiods[i].Timeperiod
		if p.Zone == "" {
			p.Zone = c.Options.Zone
		}
		all = append(all, p)
	}
	return all
}
