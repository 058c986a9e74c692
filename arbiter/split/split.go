// Package split knows how hosts are cut into packs and packs laid into shards. Hosts that need each other's state to
// be judged (parents, dependencies) are one pack; a pack stays in the shard where it was as long as it can, since its shard
// holds its state. Only one that is too heavy for a shard is cut, and only between hosts and their parents.
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
	// Edges tie hosts together for good.
	Edges [][2]uint32
	// Parents tie a host, the first of two, to one in front of it. They are cut where a pack is too heavy for one shard.
	Parents [][2]uint32
	// Heavy is the weight up to which a pack is never cut; 0 for the usual one. Whole says that none is.
	Heavy uint64
	Whole bool
}

// Plan says where everything lies.
type Plan struct {
	// Pack and Shard are given for each host. Hosts with one number in Pack are never parted; there are Packs packs, of which
	// those that are cut have several such numbers.
	Pack  []uint32
	Shard []monitor.Shard
	Packs int
	// Weights are the weights of the shards, Heaviest that of the heaviest pack.
	Weights  []uint64
	Heaviest uint64
	// Moved counts the hosts that lay in another shard before: their state stays behind.
	Moved int
	// Cuts are the packs that were cut, the heaviest first.
	Cuts []Cut
}

// Lay cuts a graph into packs and lays them into so many shards. before says where a host lay in the generation before;
// nil when there was none. The same input gives the same plan.
func Lay(g Graph, shards int, before func(name string) (monitor.Shard, bool)) Plan {
	l := newLayer(&g, shards, before)
	all := l.gather()
	// Packs that have a place keep it; the others go, heaviest first, to where there is least.
	slices.SortStableFunc(all, func(a, b *pack) int {
		if a.settled() != b.settled() {
			return cmp.Compare(btoi(b.settled()), btoi(a.settled()))
		}
		return cmp.Compare(b.weight, a.weight)
	})
	for _, one := range all {
		l.plan.Heaviest = max(l.plan.Heaviest, one.weight)
		if l.cuts(one) {
			l.cut(one)
		} else {
			l.lay(one)
		}
	}
	slices.SortStableFunc(l.plan.Cuts, func(a, b Cut) int { return cmp.Compare(b.Weight, a.Weight) })
	for host, shard := range l.plan.Shard {
		if was, ok := l.before(uint32(host)); ok && was != shard {
			l.plan.Moved++
		}
	}
	return l.plan
}

// layer lays packs into shards.
type layer struct {
	graph *Graph
	was   func(name string) (monitor.Shard, bool)
	plan  Plan
	// atoms numbers what is never parted, parents are those of each host.
	atoms   []uint32
	parents [][]uint32
	next    uint32 // the next number of a pack or of a part of one
	// fair is what a shard has if all have the same, limit what a pack or a shard may have of one without being cut, size how large the
	// pieces are.
	fair, limit, size uint64
}

func newLayer(g *Graph, shards int, before func(name string) (monitor.Shard, bool)) *layer {
	l := &layer{graph: g, was: before, plan: Plan{Shard: make([]monitor.Shard, len(g.Names)), Weights: make([]uint64, shards)}}
	l.plan.Pack, l.plan.Packs = packs(len(g.Names), slices.Concat(g.Edges, g.Parents))
	l.next = uint32(l.plan.Packs)
	l.atoms, _ = packs(len(g.Names), g.Edges)
	l.parents = make([][]uint32, len(g.Names))
	for _, e := range g.Parents {
		l.parents[e[0]] = append(l.parents[e[0]], e[1])
	}
	total := uint64(0)
	for _, w := range g.Weights {
		total += uint64(w)
	}
	l.fair = total/uint64(shards) + 1
	l.limit = max(cmp.Or(g.Heavy, Heavy), l.fair+l.fair/2)
	l.size = max(l.fair/4, 1)
	return l
}

// before says where a host lay.
func (l *layer) before(host uint32) (monitor.Shard, bool) {
	if l.was == nil {
		return 0, false
	}
	return l.was(l.graph.Names[host])
}

// tooHeavy says whether one shard is not to have so much of a pack.
func (l *layer) tooHeavy(weight uint64) bool { return weight > l.limit }

// cuts says whether a pack is cut: one that is too heavy, or that lies in several shards and would be half as heavy. So a pack
// that grows and shrinks a little is not moved to and fro.
func (l *layer) cuts(p *pack) bool {
	switch {
	case l.graph.Whole || len(l.plan.Weights) < 2:
		return false
	case len(p.was) > 1:
		return l.tooHeavy(2 * p.weight)
	}
	return l.tooHeavy(p.weight)
}

// lay lays a pack whole.
func (l *layer) lay(p *pack) {
	to := favourite(p.was, len(l.plan.Weights))
	if to < 0 {
		to = lightest(l.plan.Weights)
	}
	l.plan.Weights[to] += p.weight
	for _, host := range p.hosts {
		l.plan.Shard[host] = monitor.Shard(to)
	}
}

// pack is one pack while it is being laid.
type pack struct {
	hosts  []uint32
	weight uint64
	was    map[monitor.Shard]uint64 // weight that lay in each shard before
}

func (p *pack) settled() bool { return len(p.was) > 0 }

// favourite is the shard in which most of something lay, or -1.
func favourite(was map[monitor.Shard]uint64, shards int) int {
	best, most := -1, uint64(0)
	for shard, weight := range was {
		if int(shard) < shards && (weight > most || weight == most && int(shard) < best) {
			best, most = int(shard), weight
		}
	}
	return best
}

func (l *layer) gather() []*pack {
	all := make([]*pack, l.plan.Packs)
	for host, number := range l.plan.Pack {
		if all[number] == nil {
			all[number] = &pack{}
		}
		one := all[number]
		one.hosts = append(one.hosts, uint32(host))
		one.weight += uint64(l.graph.Weights[host])
		if was, ok := l.before(uint32(host)); ok {
			if one.was == nil {
				one.was = map[monitor.Shard]uint64{}
			}
			one.was[was] += uint64(l.graph.Weights[host])
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
