package split

import (
	"cmp"
	"slices"

	"github.com/onbu/onbu/monitor"
)

// Heavy is the weight up to which a pack is never cut, unless a Graph says otherwise: one shard does that with ease.
const Heavy = 5000

// Cut is a pack that is too heavy for one shard.
type Cut struct {
	// Top is the host, among those without parents in the pack, with most of it behind itself.
	Top    uint32
	Hosts  int
	Weight uint64
	// Shards says in how many shards it lies, Border how many of its hosts have children in others than their own.
	Shards, Border int
	// Solid is the weight of the heaviest part of it that cannot be cut, SolidHost a host of that part; it is too heavy by
	// itself if it weighs more than Limit.
	Solid     uint64
	SolidHost uint32
	Limit     uint64
}

// atom is what is never parted: a host, or several that dependencies or business rules tie together.
type atom struct {
	hosts  []uint32
	weight uint64
	was    map[monitor.Shard]uint64
	up     int32 // the atom in front of it: the first parent's; none is -1
	// zone is what the atom may be partitioned with: free ones, or those of a shard that has too much of the pack.
	zone int32
	open uint64 // what is behind it in its zone and not yet a piece of its own, itself included
}

const (
	settled = int32(-1) // stays in the shard where it was
	free    = int32(0)  // was in none
)

// knife cuts one pack.
type knife struct {
	layer *layer
	atoms []atom
	at    map[uint32]int32 // the atom of each host
	order []int32          // children before parents
	home  []int32          // the shard of each atom; none yet is -1
	piece forest           // atoms that go together
}

// cut lays a pack that is too heavy into several shards. What was in a shard stays there unless that has too much of the
// pack; the rest goes in pieces to where its parents are or, if there is no more room, to where there is least.
func (l *layer) cut(p *pack) {
	k := &knife{layer: l, at: make(map[uint32]int32, len(p.hosts))}
	k.gather(p)
	k.climb()
	k.sort()
	k.settle()
	k.partition()
	k.place()
	for i := range k.atoms {
		for _, host := range k.atoms[i].hosts {
			l.plan.Shard[host] = monitor.Shard(k.home[i])
			l.plan.Pack[host] = l.next
		}
		l.next++
	}
	l.plan.Cuts = append(l.plan.Cuts, k.report(p))
}

// gather finds the atoms of the pack.
func (k *knife) gather(p *pack) {
	known := map[uint32]int32{}
	for _, host := range p.hosts {
		n, ok := known[k.layer.atoms[host]]
		if !ok {
			n = int32(len(k.atoms))
			known[k.layer.atoms[host]] = n
			k.atoms = append(k.atoms, atom{up: -1})
		}
		a := &k.atoms[n]
		a.hosts = append(a.hosts, host)
		a.weight += uint64(k.layer.graph.Weights[host])
		k.at[host] = n
		if was, ok := k.layer.before(host); ok && int(was) < len(k.layer.plan.Weights) {
			if a.was == nil {
				a.was = map[monitor.Shard]uint64{}
			}
			a.was[was] += uint64(k.layer.graph.Weights[host])
		}
	}
	k.home, k.piece = slices.Repeat([]int32{-1}, len(k.atoms)), newForest(len(k.atoms))
}

// climb gives each atom the first of those in front of it. Where atoms stand in front of each other, which hosts do not, one
// of the two does not count.
func (k *knife) climb() {
	top := newForest(len(k.atoms))
	for i := range k.atoms {
		for _, host := range k.atoms[i].hosts {
			for _, parent := range k.layer.parents[host] {
				up := k.at[parent]
				if k.atoms[i].up < 0 && top.find(up) != int32(i) {
					k.atoms[i].up = up
					top[i] = up
				}
			}
		}
	}
}

// sort puts children before their parents.
func (k *knife) sort() {
	behind := make([]int, len(k.atoms))
	for i := range k.atoms {
		if up := k.atoms[i].up; up >= 0 {
			behind[up]++
		}
	}
	for i := range k.atoms {
		if behind[i] == 0 {
			k.order = append(k.order, int32(i))
		}
	}
	for n := 0; n < len(k.order); n++ {
		if up := k.atoms[k.order[n]].up; up >= 0 {
			if behind[up]--; behind[up] == 0 {
				k.order = append(k.order, up)
			}
		}
	}
}

// settle leaves the atoms where they were, but for those of shards that have too much of the pack.
func (k *knife) settle() {
	shards := len(k.layer.plan.Weights)
	lay := make([]uint64, shards)
	for i := range k.atoms {
		if was := favourite(k.atoms[i].was, shards); was >= 0 {
			lay[was] += k.atoms[i].weight
		}
	}
	for i := range k.atoms {
		a := &k.atoms[i]
		switch was := favourite(a.was, shards); {
		case was < 0:
			a.zone = free
		case k.layer.tooHeavy(lay[was]):
			a.zone = int32(was) + 1
		default:
			a.zone, k.home[i] = settled, int32(was)
			k.layer.plan.Weights[was] += a.weight
		}
	}
}

// partition ties the atoms of each zone into pieces of about a quarter of what a shard should have, from the leaves up: where
// too much comes together behind one atom, its heaviest branches become pieces, several in one if they are small.
func (k *knife) partition() {
	branches := make([][]int32, len(k.atoms))
	for _, i := range k.order {
		a := &k.atoms[i]
		if a.zone == settled {
			continue
		}
		a.open = a.weight
		for _, b := range branches[i] {
			a.open += k.atoms[b].open
		}
		k.prune(i, branches[i])
		if a.up >= 0 && k.atoms[a.up].zone == a.zone {
			branches[a.up] = append(branches[a.up], i)
		}
	}
}

// prune takes branches off an atom until what is left is no more than a piece.
func (k *knife) prune(i int32, branches []int32) {
	slices.SortStableFunc(branches, func(a, b int32) int { return cmp.Compare(k.atoms[b].open, k.atoms[a].open) })
	pieces, a := k.piece, &k.atoms[i]
	bundle, weight := int32(-1), uint64(0)
	for _, b := range branches {
		open := k.atoms[b].open
		if a.open <= k.layer.size {
			pieces.join(b, i)
			continue
		}
		a.open -= open
		if bundle >= 0 && weight+open <= k.layer.size {
			pieces.join(b, bundle)
			weight += open
		} else {
			bundle, weight = b, open
		}
	}
}

// place gives each piece a shard, those in front first.
func (k *knife) place() {
	l, pieces := k.layer, k.piece
	weights, kept := make([]uint64, len(k.atoms)), map[int32]uint64{}
	for i := range k.atoms {
		weights[pieces.find(int32(i))] += k.atoms[i].weight
	}
	homes := map[int32]int32{}
	lay := func(piece, shard int32) {
		homes[piece] = shard
		l.plan.Weights[shard] += weights[piece]
	}
	each := func(f func(a *atom, piece int32)) {
		for n := len(k.order) - 1; n >= 0; n-- {
			i := k.order[n]
			piece := pieces.find(i)
			if _, done := homes[piece]; !done && k.home[i] < 0 {
				f(&k.atoms[i], piece)
			}
			if home, ok := homes[piece]; ok {
				k.home[i] = home
			}
		}
	}
	each(func(a *atom, piece int32) { // a shard keeps what it can
		if a.zone > 0 && (kept[a.zone] == 0 || kept[a.zone]+weights[piece] <= l.fair) {
			kept[a.zone] += weights[piece]
			lay(piece, a.zone-1)
		}
	})
	each(func(a *atom, piece int32) {
		to := int32(lightest(l.plan.Weights))
		if a.up >= 0 && k.home[a.up] >= 0 {
			if near := k.home[a.up]; l.plan.Weights[near]+weights[piece] <= l.fair {
				to = near
			}
		}
		lay(piece, to)
	})
}

// report says what became of the pack.
func (k *knife) report(p *pack) Cut {
	c := Cut{Hosts: len(p.hosts), Weight: p.weight, Limit: k.layer.limit, Top: p.hosts[0]}
	below := make([]uint64, len(k.atoms))
	for _, i := range k.order {
		below[i] += k.atoms[i].weight
		if up := k.atoms[i].up; up >= 0 {
			below[up] += below[i]
		}
		if k.atoms[i].weight > c.Solid {
			c.Solid, c.SolidHost = k.atoms[i].weight, k.atoms[i].hosts[0]
		}
	}
	most := uint64(0)
	for i := range k.atoms {
		if k.atoms[i].up < 0 && below[i] > most {
			most, c.Top = below[i], k.top(int32(i))
		}
	}
	shards, border := map[int32]bool{}, map[uint32]bool{}
	for i := range k.atoms {
		shards[k.home[i]] = true
		for _, host := range k.atoms[i].hosts {
			for _, parent := range k.layer.parents[host] {
				if k.home[k.at[parent]] != k.home[i] {
					border[parent] = true
				}
			}
		}
	}
	c.Shards, c.Border = len(shards), len(border)
	return c
}

// top gives a host of an atom that has no parents, or else the first.
func (k *knife) top(i int32) uint32 {
	for _, host := range k.atoms[i].hosts {
		if len(k.layer.parents[host]) == 0 {
			return host
		}
	}
	return k.atoms[i].hosts[0]
}

// forest is a union-find forest.
type forest []int32

// newForest has n trees of one.
func newForest(n int) forest {
	f := make(forest, n)
	for i := range f {
		f[i] = int32(i)
	}
	return f
}

func (f forest) find(i int32) int32 {
	for f[i] != i {
		f[i] = f[f[i]]
		i = f[i]
	}
	return i
}

func (f forest) join(a, b int32) { f[f.find(a)] = f.find(b) }
