package split_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/arbiter/split"
	"github.com/onbu/onbu/monitor"
)

// network gives a tree of hosts with up to ten children each, of which some have a second parent and some depend on each other.
func network(r *rand.Rand, hosts int) split.Graph {
	var g split.Graph
	for i := range hosts {
		g.Names, g.Weights = append(g.Names, fmt.Sprint("host", i)), append(g.Weights, uint32(1+r.IntN(10)))
		if i == 0 {
			continue
		}
		g.Parents = append(g.Parents, [2]uint32{uint32(i), uint32((i - 1) / 10)})
		if r.IntN(10) == 0 {
			g.Parents = append(g.Parents, [2]uint32{uint32(i), uint32(max((i-1)/10-1, 0))})
		}
		if r.IntN(20) == 0 {
			g.Edges = append(g.Edges, [2]uint32{uint32(i), uint32(max(i-1, 0))})
		}
	}
	return g
}

func where(g split.Graph, p split.Plan) func(string) (monitor.Shard, bool) {
	at := map[string]monitor.Shard{}
	for i, name := range g.Names {
		at[name] = p.Shard[i]
	}
	return func(name string) (monitor.Shard, bool) { s, ok := at[name]; return s, ok }
}

func total(g split.Graph) (sum uint64) {
	for _, w := range g.Weights {
		sum += uint64(w)
	}
	return sum
}

func TestAHeavyPackIsCutEvenlyAndOnlyBehindParents(t *testing.T) {
	for seed := range uint64(20) {
		g := network(rand.New(rand.NewPCG(seed, 1)), 20_000)
		p := split.Lay(g, 16, nil)
		if len(p.Cuts) != 1 || p.Packs != 1 || p.Cuts[0].Shards != 16 || p.Cuts[0].Top != 0 {
			t.Fatalf("seed %d: %d packs, cuts %+v; want one, cut into 16 shards", seed, p.Packs, p.Cuts)
		}
		fair := total(g) / 16
		for shard, w := range p.Weights {
			if w < fair*3/4 || w > fair*5/4 {
				t.Errorf("seed %d: shard %d weighs %d, want about %d", seed, shard, w, fair)
			}
		}
		for _, e := range g.Edges {
			if p.Shard[e[0]] != p.Shard[e[1]] || p.Pack[e[0]] != p.Pack[e[1]] {
				t.Fatalf("seed %d: %v depend on each other and are parted", seed, e)
			}
		}
		if p.Cuts[0].Border > 200 {
			t.Errorf("seed %d: %d of 20000 hosts have children in other shards", seed, p.Cuts[0].Border)
		}
	}
}

// What hosts are behind one parent without any branch that is heavy itself.
func TestAFlatPackIsCutWithOneBorderHost(t *testing.T) {
	g := split.Graph{Names: []string{"core"}, Weights: []uint32{1}}
	for i := range 30_000 {
		g.Names, g.Weights = append(g.Names, fmt.Sprint("host", i)), append(g.Weights, 1)
		g.Parents = append(g.Parents, [2]uint32{uint32(i + 1), 0})
	}
	p := split.Lay(g, 16, nil)
	want := split.Cut{Hosts: 30_001, Weight: 30_001, Shards: 16, Border: 1, Solid: 1, SolidHost: 1, Limit: 5000}
	if diff := cmp.Diff([]split.Cut{want}, p.Cuts); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatIsNotHeavyStaysWhole(t *testing.T) {
	g := network(rand.New(rand.NewPCG(1, 1)), 700)
	for _, shards := range []int{1, 16} {
		if p := split.Lay(g, shards, nil); len(p.Cuts) > 0 {
			t.Errorf("a pack of %d is cut: %+v", total(g), p.Cuts)
		}
	}
	g = network(rand.New(rand.NewPCG(1, 1)), 20_000)
	if p := split.Lay(g, 1, nil); len(p.Cuts) > 0 {
		t.Errorf("for one shard it is cut: %+v", p.Cuts)
	}
	if g.Whole = true; len(split.Lay(g, 16, nil).Cuts) > 0 {
		t.Error("it is cut although none is to be")
	}
}

func TestWhatCannotBeCutIsReported(t *testing.T) {
	g := network(rand.New(rand.NewPCG(1, 1)), 20_000)
	for i := 1000; i < 3000; i++ {
		g.Edges = append(g.Edges, [2]uint32{uint32(i), 1000})
	}
	c := split.Lay(g, 16, nil).Cuts[0]
	if c.Solid <= c.Limit || c.SolidHost > 1000 {
		t.Errorf("%+v: want a part that is too heavy by itself, with host 1000 in it", c)
	}
}

func TestACutPackStaysWhereItIs(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	g := network(r, 20_000)
	first := split.Lay(g, 16, nil)
	again := split.Lay(g, 16, where(g, first))
	if diff := cmp.Diff(first.Shard, again.Shard); diff != "" {
		t.Fatal("the same hosts lie elsewhere at the second time")
	}
	// Some are gone, and some are new.
	bigger := network(rand.New(rand.NewPCG(3, 4)), 20_500)
	second := split.Lay(bigger, 16, where(g, first))
	if second.Moved > 40 { // those that depend on hosts of other shards now
		t.Errorf("%d hosts move when some are new", second.Moved)
	}
	fair := total(bigger) / 16
	for shard, w := range second.Weights {
		if w > fair*3/2 {
			t.Errorf("shard %d weighs %d, want about %d", shard, w, fair)
		}
	}
	smaller := network(rand.New(rand.NewPCG(3, 4)), 800) // below the limit, but not by much
	if p := split.Lay(smaller, 16, where(g, first)); p.Moved > 0 || len(p.Cuts) != 1 {
		t.Errorf("%d hosts move when the pack is a little lighter; cuts %+v", p.Moved, p.Cuts)
	}
}

// An installation that was laid before packs were cut, or with cut_packs=never.
func TestAPackThatBecameTooHeavyLeavesPartOfItselfWhereItWas(t *testing.T) {
	g := network(rand.New(rand.NewPCG(1, 1)), 20_000)
	p := split.Lay(g, 16, func(string) (monitor.Shard, bool) { return 5, true })
	fair := total(g) / 16
	if w := p.Weights[5]; w < fair*3/4 || w > fair*5/4 {
		t.Errorf("shard 5 weighs %d, want about %d", w, fair)
	}
	if p.Shard[0] != 5 {
		t.Errorf("the top moves to %d, want that it stays in 5", p.Shard[0])
	}
	again := split.Lay(g, 16, where(g, p))
	if again.Moved > 0 {
		t.Errorf("%d move at the next time", again.Moved)
	}
}
