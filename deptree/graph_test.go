package deptree_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/deptree"
	"github.com/onbu/onbu/monitor"
)

func build(parents ...[]monitor.ID) *deptree.Graph {
	return deptree.Build(len(parents), func(id monitor.ID) []monitor.ID { return parents[id] })
}

func TestChildrenAreTheParentsTurnedRound(t *testing.T) {
	g := build(nil, []monitor.ID{0}, []monitor.ID{0, 1}, nil, []monitor.ID{2, 0})
	want := [][]monitor.ID{{1, 2, 4}, {2}, {4}, {}, {}}
	for id := range monitor.ID(5) {
		if diff := cmp.Diff(want[id], append([]monitor.ID{}, g.Children(id)...)); diff != "" {
			t.Errorf("children of %d (-want +got):\n%s", id, diff)
		}
	}
	if diff := cmp.Diff([]monitor.ID{2, 0}, g.Parents(4)); diff != "" {
		t.Errorf("parents of 4 (-want +got):\n%s", diff)
	}
}

// Nagios 4, "Determining Status and Reachability of Network Hosts": DOWN if any parent is up, else UNREACHABLE.
func TestReach(t *testing.T) {
	g := build(nil, nil, []monitor.ID{0, 1})
	for _, tt := range []struct {
		name string
		id   monitor.ID
		up   map[monitor.ID]bool
		want monitor.State
	}{
		{"no parents", 0, nil, monitor.Down},
		{"all parents up", 2, map[monitor.ID]bool{0: true, 1: true}, monitor.Down},
		{"one parent up", 2, map[monitor.ID]bool{1: true}, monitor.Down},
		{"no parent up", 2, nil, monitor.Unreachable},
	} {
		if got := g.Reach(tt.id, func(id monitor.ID) bool { return tt.up[id] }); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got.HostName(), tt.want.HostName())
		}
	}
}

func TestCycle(t *testing.T) {
	for _, tt := range []struct {
		name  string
		graph *deptree.Graph
		want  []monitor.ID
	}{
		{"empty", build(), nil},
		{"a tree", build(nil, []monitor.ID{0}, []monitor.ID{0}), nil},
		{"a diamond is no circle", build(nil, []monitor.ID{0}, []monitor.ID{0}, []monitor.ID{1, 2}), nil},
		{"its own parent", build(nil, []monitor.ID{1}), []monitor.ID{1, 1}},
		{"a circle of three", build([]monitor.ID{1}, []monitor.ID{2}, []monitor.ID{0}), []monitor.ID{0, 1, 2, 0}},
		{"the way to it is left out", build([]monitor.ID{1}, []monitor.ID{2}, []monitor.ID{1}), []monitor.ID{1, 2, 1}},
	} {
		if diff := cmp.Diff(tt.want, tt.graph.Cycle()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestCycleIsAWayOfParentsOrThereIsAnOrder(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 2))
		parents := make([][]monitor.ID, 12)
		for i := range parents {
			for range r.IntN(3) {
				parents[i] = append(parents[i], monitor.ID(r.IntN(12)))
			}
		}
		path := build(parents...).Cycle()
		if sortable(parents) != (path == nil) {
			t.Fatalf("seed %d: cycle %v of %v", seed, path, parents)
		}
		for i := 1; i < len(path); i++ {
			if !has(parents[path[i-1]], path[i]) {
				t.Fatalf("seed %d: %d is no parent of %d", seed, path[i], path[i-1])
			}
		}
	}
}

// sortable says, in the slow and obvious way, whether nodes can be taken away one by one, each without parents left.
func sortable(parents [][]monitor.ID) bool {
	gone := map[monitor.ID]bool{}
	for range parents {
		for id, ps := range parents {
			left := 0
			for _, p := range ps {
				if !gone[p] {
					left++
				}
			}
			if left == 0 {
				gone[monitor.ID(id)] = true
			}
		}
	}
	return len(gone) == len(parents)
}

func has(ids []monitor.ID, id monitor.ID) bool {
	for _, i := range ids {
		if i == id {
			return true
		}
	}
	return false
}

func TestALongChainIsNoProblem(t *testing.T) {
	const n = 300_000
	g := deptree.Build(n, func(id monitor.ID) []monitor.ID {
		if id == n-1 {
			return nil
		}
		return []monitor.ID{id + 1}
	})
	if got := g.Cycle(); got != nil {
		t.Errorf("cycle %v in a chain", got)
	}
}

func BenchmarkBuild100kHosts(b *testing.B) {
	parents := make([]monitor.ID, 100_000)
	for i := range parents {
		parents[i] = monitor.ID(i / 50)
	}
	b.ReportAllocs()
	for b.Loop() {
		deptree.Build(len(parents), func(id monitor.ID) []monitor.ID { return parents[id : id+1] })
	}
}
