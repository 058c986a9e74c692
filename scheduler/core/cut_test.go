package core_test

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// part is one shard of an inventory that was cut.
type part struct {
	inv *monitor.Inventory
	// whole gives the ID that each object has in the whole inventory.
	whole []monitor.ID
}

// cutter cuts a whole inventory: home says in which shard each host goes. What hosts depend on must go with them.
type cutter struct {
	whole  *monitor.Inventory
	home   []monitor.Shard
	shards int
	// place is the ID of each object in its own shard.
	place []monitor.ID
}

// cutUp gives an inventory for each shard, as the arbiter would.
func cutUp(whole *monitor.Inventory, shards int, home []monitor.Shard) []part {
	c := cutter{whole: whole, home: home, shards: shards, place: make([]monitor.ID, whole.Objects())}
	parts := make([]part, shards)
	for shard := range parts {
		parts[shard] = c.objects(monitor.Shard(shard))
	}
	for shard := range parts {
		c.ties(monitor.Shard(shard), &parts[shard])
		c.border(monitor.Shard(shard), &parts[shard])
	}
	for shard := range parts {
		c.watched(monitor.Shard(shard), parts)
	}
	return parts
}

// objects takes the objects of a shard over.
func (c *cutter) objects(shard monitor.Shard) part {
	inv := *c.whole
	inv.Shard, inv.Shards = shard, c.shards
	inv.Hosts, inv.Services = nil, nil
	p := part{inv: &inv}
	for id := range c.whole.Hosts {
		if c.home[id] == shard {
			c.place[id] = monitor.ID(len(p.whole))
			p.whole = append(p.whole, monitor.ID(id))
			inv.Hosts = append(inv.Hosts, c.whole.Hosts[id])
		}
	}
	for i := range c.whole.Services {
		if id := monitor.ID(len(c.whole.Hosts) + i); c.here(id, shard) {
			s := c.whole.Services[i]
			s.Host = c.place[s.Host]
			c.place[id] = monitor.ID(len(p.whole))
			p.whole = append(p.whole, id)
			inv.Services = append(inv.Services, s)
		}
	}
	return p
}

func (c *cutter) here(id monitor.ID, shard monitor.Shard) bool {
	return c.home[c.whole.HostOf(id)] == shard
}

// ties takes over what belongs to objects of a shard.
func (c *cutter) ties(shard monitor.Shard, p *part) {
	inv := p.inv
	groups := func(all []monitor.Group) (own []monitor.Group) {
		for _, g := range all {
			g.Members = c.ids(g.Members, shard)
			own = append(own, g)
		}
		return own
	}
	inv.HostGroups, inv.ServiceGroups, inv.HostTags = groups(inv.HostGroups), groups(inv.ServiceGroups), groups(inv.HostTags)
	inv.HostLabels, inv.ServiceLabels = groups(inv.HostLabels), groups(inv.ServiceLabels)
	inv.Dependencies, inv.ServiceParents, inv.Escalated, inv.Rules, inv.Triggered = nil, nil, nil, nil, nil
	for _, d := range c.whole.Dependencies {
		if c.here(d.Dependent, shard) {
			d.Dependent, d.Master = c.place[d.Dependent], c.place[d.Master]
			inv.Dependencies = append(inv.Dependencies, d)
		}
	}
	for _, e := range c.whole.ServiceParents {
		if c.here(e.Child, shard) {
			inv.ServiceParents = append(inv.ServiceParents, monitor.Edge{Child: c.place[e.Child], Parent: c.place[e.Parent]})
		}
	}
	for _, e := range c.whole.Escalated {
		if c.here(e.Object, shard) {
			e.Object = c.place[e.Object]
			inv.Escalated = append(inv.Escalated, e)
		}
	}
	for _, r := range c.whole.Rules {
		if c.here(r.Object, shard) {
			r.Object = c.place[r.Object]
			inv.Rules = append(inv.Rules, r)
		}
	}
	for _, t := range c.whole.Triggered {
		if c.here(t.Object, shard) {
			t.Object = c.place[t.Object]
			inv.Triggered = append(inv.Triggered, t)
		}
	}
}

func (c *cutter) ids(all []monitor.ID, shard monitor.Shard) (own []monitor.ID) {
	for _, id := range all {
		if c.here(id, shard) {
			own = append(own, c.place[id])
		}
	}
	return own
}

// border finds the hosts of other shards that those of a shard stand behind, and all in front of them.
func (c *cutter) border(shard monitor.Shard, p *part) {
	inv := p.inv
	var abroad []monitor.ID
	seen := make([]bool, len(c.whole.Hosts))
	queue := slices.DeleteFunc(slices.Clone(p.whole), func(id monitor.ID) bool { return !c.whole.IsHost(id) })
	for i := 0; i < len(queue); i++ {
		for _, parent := range c.whole.Hosts[queue[i]].Parents {
			if c.home[parent] != shard && !seen[parent] {
				seen[parent] = true
				abroad, queue = append(abroad, parent), append(queue, parent)
			}
		}
	}
	slices.SortFunc(abroad, func(a, b monitor.ID) int { return strings.Compare(c.whole.Hosts[a].Name, c.whole.Hosts[b].Name) })
	number := func(id monitor.ID) monitor.ID {
		if c.home[id] == shard {
			return c.place[id]
		}
		return monitor.ID(inv.Objects() + slices.Index(abroad, id))
	}
	inv.Border, inv.BorderEdges = nil, nil
	for _, id := range abroad {
		inv.Border = append(inv.Border, monitor.BorderHost{Name: c.whole.Hosts[id].Name, Shard: c.home[id]})
	}
	for i := range inv.Hosts {
		inv.Hosts[i].Parents = c.parents(p.whole[i], monitor.ID(i), shard, inv, number)
	}
	for _, id := range abroad {
		c.parents(id, number(id), shard, inv, number)
	}
	slices.SortStableFunc(inv.BorderEdges, func(a, b monitor.Edge) int { return cmp.Compare(a.Child, b.Child) })
}

// parents gives those parents of a host that are no matter of the border, and notes the others.
func (c *cutter) parents(whole, child monitor.ID, shard monitor.Shard, inv *monitor.Inventory, number func(monitor.ID) monitor.ID) (own []monitor.ID) {
	for _, parent := range c.whole.Hosts[whole].Parents {
		if c.home[parent] == shard && c.home[whole] == shard {
			own = append(own, number(parent))
		} else {
			inv.BorderEdges = append(inv.BorderEdges, monitor.Edge{Child: child, Parent: number(parent)})
		}
	}
	return own
}

// watched finds which hosts of a shard others have in their border.
func (c *cutter) watched(shard monitor.Shard, parts []part) {
	inv := parts[shard].inv
	inv.Watched = nil
	for id := range inv.Hosts {
		for other := range parts {
			for _, h := range parts[other].inv.Border {
				if h.Name == inv.Hosts[id].Name {
					inv.Watched = append(inv.Watched, monitor.Watched{Host: monitor.ID(id), Shard: monitor.Shard(other)})
				}
			}
		}
	}
}
