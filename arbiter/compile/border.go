package compile

import (
	"cmp"
	"slices"
	"strings"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/arbiter/split"
	"github.com/onbu/onbu/monitor"
)

// cutVar is the custom variable by which a host says that it may lie in another shard than its parents: _SHARD_CUT 1.
const cutVar = "SHARD_CUT"

// borders are the border hosts of each shard: those of other shards that its hosts stand behind, directly or not, sorted by
// name.
func borders(c *objects.Config, plan split.Plan, shards int) [][]uint32 {
	all := make([][]uint32, shards)
	if !isCut(c, plan) {
		return all
	}
	seen := make([]uint32, len(c.Hosts)) // one more than the shard that has a host in its border
	for shard := range shards {
		var queue []uint32
		visit := func(host uint32) {
			for _, parent := range c.Hosts[host].Parents {
				if int(plan.Shard[parent]) != shard && seen[parent] != uint32(shard)+1 {
					seen[parent] = uint32(shard) + 1
					queue = append(queue, parent)
				}
			}
		}
		for host := range c.Hosts {
			if int(plan.Shard[host]) == shard {
				visit(uint32(host))
			}
		}
		for i := 0; i < len(queue); i++ {
			visit(queue[i])
		}
		slices.SortFunc(queue, func(a, b uint32) int { return strings.Compare(c.Hosts[a].Name, c.Hosts[b].Name) })
		all[shard] = queue
	}
	return all
}

// isCut says whether any host lies in another shard than one of its parents.
func isCut(c *objects.Config, plan split.Plan) bool {
	for i := range c.Hosts {
		for _, parent := range c.Hosts[i].Parents {
			if plan.Shard[parent] != plan.Shard[i] {
				return true
			}
		}
	}
	return false
}

// addBorder adds the border hosts, the parents over the border, and which hosts are in the border of others.
func (b *builder) addBorder() {
	first := monitor.ID(b.inv.Objects())
	abroad := make(map[uint32]monitor.ID, len(b.borders[b.shard]))
	for i, host := range b.borders[b.shard] {
		abroad[host] = first + monitor.ID(i)
		b.inv.Border = append(b.inv.Border, monitor.BorderHost{Name: strings.Clone(b.config.Hosts[host].Name), Shard: b.plan[host]})
	}
	if len(abroad) > 0 {
		for _, host := range b.hosts {
			b.addEdges(host, b.place[host], abroad)
		}
		for _, host := range b.borders[b.shard] {
			b.addEdges(host, abroad[host], abroad)
		}
	}
	for shard, hosts := range b.borders {
		for _, host := range hosts {
			if b.here(host) {
				b.inv.Watched = append(b.inv.Watched, monitor.Watched{Host: b.place[host], Shard: monitor.Shard(shard)})
			}
		}
	}
	slices.SortFunc(b.inv.Watched, func(x, y monitor.Watched) int {
		return cmp.Or(cmp.Compare(x.Host, y.Host), cmp.Compare(x.Shard, y.Shard))
	})
}

// addEdges adds the parents of one host that it does not have as a host of this shard with parents of this shard.
func (b *builder) addEdges(host uint32, child monitor.ID, abroad map[uint32]monitor.ID) {
	for _, parent := range b.config.Hosts[host].Parents {
		id, foreign := abroad[parent]
		if !foreign {
			if b.here(host) {
				continue
			}
			id = b.place[parent]
		}
		b.inv.BorderEdges = append(b.inv.BorderEdges, monitor.Edge{Child: child, Parent: id})
	}
}

// parted says whether a host and its parent are told to be no reason to lie in one shard.
func parted(c *objects.Config, child, parent uint32) bool {
	if c.Options.CutPacks == objects.CutRealms && realmOf(c, child) != realmOf(c, parent) {
		return true
	}
	vars := c.Hosts[child].Vars
	i, found := slices.BinarySearchFunc(vars, cutVar, func(v monitor.Var, name string) int { return strings.Compare(v.Name, name) })
	return found && vars[i].Value != "" && vars[i].Value != "0"
}

// realmOf gives the realm of a host; hosts without one are in the default one.
func realmOf(c *objects.Config, host uint32) int32 {
	n := c.Settings[c.Hosts[host].Settings].Realm
	if n != monitor.None {
		return n
	}
	return int32(slices.IndexFunc(c.Realms, func(r objects.Realm) bool { return r.Default }))
}
