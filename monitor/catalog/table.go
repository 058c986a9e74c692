package catalog

import (
	"cmp"
	"slices"

	"github.com/onbu/onbu/monitor"
)

// table holds a list for each of many objects, one behind the other.
type table struct {
	start []uint32 // of each object's list, and one more at the end; empty where nobody has any
	all   []uint32
}

// pair says that an object has something.
type pair struct {
	id   monitor.ID
	what uint32
}

// tabulate makes a table for n objects. What an object has comes in the order of pairs.
func tabulate(n int, pairs []pair) table {
	if len(pairs) == 0 {
		return table{}
	}
	t := table{start: make([]uint32, n+1), all: make([]uint32, len(pairs))}
	for _, p := range pairs {
		t.start[p.id+1]++
	}
	for i := range n {
		t.start[i+1] += t.start[i]
	}
	next := slices.Clone(t.start)
	for _, p := range pairs {
		t.all[next[p.id]] = p.what
		next[p.id]++
	}
	return t
}

func (t *table) of(id monitor.ID) []uint32 {
	if len(t.start) == 0 {
		return nil
	}
	return t.all[t.start[id]:t.start[id+1]]
}

// sort finds out how a shard's objects hang together.
func (s *shard) sort(inv *monitor.Inventory) {
	s.first = make([]uint32, len(inv.Hosts)+1)
	for i := range inv.Services {
		s.first[inv.Services[i].Host+1] = uint32(i + 1)
	}
	for i := range inv.Hosts { // those without services begin where the one before ends
		s.first[i+1] = max(s.first[i+1], s.first[i])
	}
	order := func(a, b uint32) int {
		x, y := &inv.Services[a], &inv.Services[b]
		return cmp.Or(cmp.Compare(x.Host, y.Host), cmp.Compare(x.Description, y.Description))
	}
	numbers := make([]uint32, len(inv.Services))
	for i := range numbers {
		numbers[i] = uint32(i)
	}
	if !slices.IsSortedFunc(numbers, order) {
		slices.SortFunc(numbers, order)
		s.order = numbers
	}
	var children, slaves []pair
	for id := range inv.Hosts {
		for _, parent := range inv.Hosts[id].Parents {
			children = append(children, pair{parent, uint32(id)})
		}
	}
	for i := range inv.Dependencies {
		slaves = append(slaves, pair{inv.Dependencies[i].Master, uint32(i)})
	}
	s.children, s.slaves = tabulate(len(inv.Hosts), children), tabulate(inv.Objects(), slaves)
}
