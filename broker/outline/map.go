// Package outline knows how the dependency tree is shown to people: which hosts stand in a picture of a few hundred nodes, which are
// folded into others, and what is in those. Whatever is wrong stands in it with the way that leads there; what is well is folded.
package outline

import (
	"slices"

	"github.com/onbu/onbu/deptree"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// Map is all hosts of a configuration with who stands behind whom, over all shards. It does not change: any goroutine may read it.
//
// Hosts are numbered as in the Index. Each hangs from one of its parents, the deepest, so that all of them make a forest, in which a
// host is as deep as the longest way to it is long.
type Map struct {
	index *catalog.Index
	// graph has all parents, trunk only those that hosts hang from.
	graph, trunk *deptree.Graph
	// roots are the hosts without parents, in the order of people, as are the children in sorted.
	roots  []int32
	sorted [][]int32
	// order has each host behind those that it hangs from.
	order []int32
	level []int32
	// behind is how many hosts hang from each, directly or not.
	behind []int32
	first  [][]int32 // of each shard the numbers of its hosts
	// feeds are the piggyback sources of hosts, needs the hosts that business rules follow from.
	feeds, needs map[int32][]int32
	// orphaned are the hosts whose definitions name no parent.
	orphaned []bool
}

// NewMap puts the hosts of an index into levels. A host without parents that others speak for stands behind those.
func NewMap(x *catalog.Index, feeds ...Feed) *Map {
	m := &Map{index: x, level: make([]int32, len(x.Hosts)), behind: make([]int32, len(x.Hosts)), orphaned: make([]bool, len(x.Hosts))}
	m.number()
	m.feed(feeds)
	m.rules()
	m.graph = deptree.Build(len(x.Hosts), m.parents)
	m.hang()
	m.sort()
	for _, h := range slices.Backward(m.order) {
		if up, ok := m.hangsFrom(h); ok {
			m.behind[up] += m.behind[h] + 1
		}
	}
	return m
}

// Hosts is how many there are.
func (m *Map) Hosts() int { return len(m.index.Hosts) }

// Index gives what the map was made of.
func (m *Map) Index() *catalog.Index { return m.index }

// number finds the number of a place.
func (m *Map) number() {
	for i, p := range m.index.Hosts {
		for len(m.first) <= int(p.Shard) {
			m.first = append(m.first, nil)
		}
		if m.first[p.Shard] == nil {
			m.first[p.Shard] = make([]int32, len(m.index.Inventory(p).Hosts))
		}
		m.first[p.Shard][p.ID] = int32(i)
	}
}

func (m *Map) at(p catalog.Place) int32 { return m.first[p.Shard][p.ID] }

// parents gives those of a host, each once, in all shards. One that is its own parent is none.
func (m *Map) parents(of monitor.ID) []monitor.ID {
	p := m.index.Hosts[of]
	var all []monitor.ID
	add := func(parent monitor.ID) {
		if parent != of && !slices.Contains(all, parent) {
			all = append(all, parent)
		}
	}
	for _, id := range m.index.Host(p).Parents {
		add(monitor.ID(m.at(catalog.Place{Shard: p.Shard, ID: id})))
	}
	for _, abroad := range m.index.ParentsAbroad(p) {
		add(monitor.ID(m.at(abroad)))
	}
	if m.orphaned[of] = len(all) == 0; m.orphaned[of] {
		for _, source := range m.feeds[int32(of)] {
			add(monitor.ID(source))
		}
	}
	return all
}

// hang gives each host its level and the parent that it hangs from. The arbiter refuses circles; where there is one all the same, while
// a reload is under way over several shards, its first host by name hangs from what is known by then.
func (m *Map) hang() {
	n := len(m.index.Hosts)
	waits, up := make([]int32, n), make([]int32, n)
	for h := range up {
		up[h] = -1
		if waits[h] = int32(len(m.graph.Parents(monitor.ID(h)))); waits[h] == 0 {
			m.order = append(m.order, int32(h))
		}
	}
	done := make([]bool, n)
	for next, stuck := 0, 0; len(m.order) < n || next < n; next++ {
		if next == len(m.order) { // a circle
			for done[stuck] || waits[stuck] == 0 {
				stuck++
			}
			waits[stuck] = 0
			m.order = append(m.order, int32(stuck))
		}
		h := m.order[next]
		done[h] = true
		for _, child := range m.graph.Children(id(h)) {
			if c := int32(child); !done[c] && waits[c] > 0 {
				if up[c] < 0 || m.level[h] > m.level[up[c]] || m.level[h] == m.level[up[c]] && h < up[c] {
					up[c], m.level[c] = h, m.level[h]+1
				}
				if waits[c]--; waits[c] == 0 {
					m.order = append(m.order, c)
				}
			}
		}
	}
	m.trunk = deptree.Build(n, func(id monitor.ID) []monitor.ID {
		if up[id] < 0 {
			return nil
		}
		return []monitor.ID{monitor.ID(up[id])}
	})
}

// sort puts roots and children into the order in which people count: rack-2 before rack-10.
func (m *Map) sort() {
	m.sorted = make([][]int32, len(m.index.Hosts))
	for h := range m.sorted {
		id := monitor.ID(h)
		for _, child := range m.trunk.Children(id) {
			m.sorted[h] = append(m.sorted[h], int32(child))
		}
		m.byName(m.sorted[h])
		if len(m.trunk.Parents(id)) == 0 {
			m.roots = append(m.roots, int32(h))
		}
	}
	m.byName(m.roots)
}

func (m *Map) byName(hosts []int32) {
	slices.SortFunc(hosts, func(a, b int32) int { return natural(m.name(a), m.name(b)) })
}

func (m *Map) name(h int32) string { return m.index.Host(m.index.Hosts[h]).Name }

func (m *Map) shard(h int32) int { return int(m.index.Hosts[h].Shard) }

// leaf says whether nothing stands behind a host, also of what hangs from another one.
func (m *Map) leaf(h int32) bool { return len(m.graph.Children(id(h))) == 0 }

// hangsFrom gives the parent that a host hangs from; false for roots.
func (m *Map) hangsFrom(h int32) (int32, bool) {
	up := m.trunk.Parents(id(h))
	if len(up) == 0 {
		return 0, false
	}
	return int32(up[0]), true
}

// find gives a host's number.
func (m *Map) find(name string) (int32, bool) {
	i, ok := m.index.Search(name)
	return int32(i), ok
}
