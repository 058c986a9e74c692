// Package split knows how hosts are cut into packs and packs laid into shards. Hosts that need each other's state to
// be judged (parents, dependencies) are one pack and never parted; a pack stays in the shard where it was as long as it
// can, since its shard holds its state.
package split

import (
	"cmp"
	"slices"

	"github.com/onbu/onbu/monitor"
)

// Graph is what has to be cut.
type Graph struct {
	// Names are the hosts' names; a host's number is its index.
	Names []string
	// Weights say how much work each host is: itself and its services.
	Weights []uint32
	// Edges tie hosts together.
	Edges [][2]uint32
}

// Plan says where everything lies.
type Plan struct {
	// Pack and Shard are given for each host.
	Pack  []uint32
	Shard []monitor.Shard
	Packs int
	// Weights are the weights of the shards, Heaviest that of the heaviest pack.
	Weights  []uint64
	Heaviest uint64
	// Moved counts the hosts that lay in another shard before: their state stays behind.
	Moved int
}

// Lay cuts a graph into packs and lays them into so many shards. before says where a host lay in the generation before;
// nil when there was none. The same input gives the same plan.
func Lay(g Graph, shards int, before func(name string) (monitor.Shard, bool)) Plan {
	p := Plan{Shard: make([]monitor.Shard, len(g.Names)), Weights: make([]uint64, shards)}
	p.Pack, p.Packs = packs(len(g.Names), g.Edges)
	all := gather(g, p, before)
	// Packs that have a place keep it; the others go, heaviest first, to where there is least.
	slices.SortStableFunc(all, func(a, b pack) int {
		if a.settled() != b.settled() {
			return cmp.Compare(btoi(b.settled()), btoi(a.settled()))
		}
		return cmp.Compare(b.weight, a.weight)
	})
	home := make([]monitor.Shard, p.Packs)
	for _, one := range all {
		to := one.favourite(shards)
		if to < 0 {
			to = lightest(p.Weights)
		}
		home[one.number] = monitor.Shard(to)
		p.Weights[to] += one.weight
		p.Heaviest = max(p.Heaviest, one.weight)
	}
	for host, number := range p.Pack {
		p.Shard[host] = home[number]
		if before == nil {
			continue
		}
		if was, ok := before(g.Names[host]); ok && was != p.Shard[host] {
			p.Moved++
		}
	}
	return p
}

// pack is one pack while it is being laid.
type pack struct {
	number uint32
	weight uint64
	was    map[monitor.Shard]uint64 // weight that lay in each shard before
}

func (p pack) settled() bool { return len(p.was) > 0 }

// favourite is the shard in which most of the pack lay, or -1.
func (p pack) favourite(shards int) int {
	best, most := -1, uint64(0)
	for shard, weight := range p.was {
		if int(shard) < shards && (weight > most || weight == most && int(shard) < best) {
			best, most = int(shard), weight
		}
	}
	return best
}

func gather(g Graph, p Plan, before func(string) (monitor.Shard, bool)) []pack {
	all := make([]pack, p.Packs)
	for host, number := range p.Pack {
		one := &all[number]
		one.number = number
		one.weight += uint64(g.Weights[host])
		if before == nil {
			continue
		}
		if was, ok := before(g.Names[host]); ok {
			if one.was == nil {
				one.was = map[monitor.Shard]uint64{}
			}
			one.was[was] += uint64(g.Weights[host])
		}
	}
	return all
}

// packs numbers the connected components in the order of their first host.
func packs(hosts int, edges [][2]uint32) (number []uint32, count int) {
	root := make([]uint32, hosts)
	for i := range root {
		root[i] = uint32(i)
	}
	find := func(i uint32) uint32 {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	for _, e := range edges {
		a, b := find(e[0]), find(e[1])
		root[max(a, b)] = min(a, b) // the root is the first host of its component
	}
	number = make([]uint32, hosts)
	for i := range number {
		r := find(uint32(i))
		if r == uint32(i) {
			number[i] = uint32(count)
			count++
		} else {
			number[i] = number[r]
		}
	}
	return number, count
}

func lightest(weights []uint64) int {
	best := 0
	for i, w := range weights {
		if w < weights[best] {
			best = i
		}
	}
	return best
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
