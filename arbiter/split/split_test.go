package split_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/onbu/onbu/arbiter/split"
	"github.com/onbu/onbu/monitor"
)

func TestHostsThatAreTiedShareAShard(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		g := random(r, 200, 120)
		plan := split.Lay(g, 16, nil)
		for _, e := range g.Edges {
			if plan.Shard[e[0]] != plan.Shard[e[1]] || plan.Pack[e[0]] != plan.Pack[e[1]] {
				t.Fatalf("hosts %v are tied but lie in shards %d and %d", e, plan.Shard[e[0]], plan.Shard[e[1]])
			}
		}
		if got, want := plan.Packs, components(len(g.Names), g.Edges); got != want {
			t.Fatalf("%d packs, want %d", got, want)
		}
	}
}

func TestLooseHostsSpreadEvenly(t *testing.T) {
	plan := split.Lay(random(rand.New(rand.NewPCG(1, 2)), 1600, 0), 16, nil)
	for shard, w := range plan.Weights {
		if w < 540 || w > 560 {
			t.Errorf("shard %d weighs %d, want about 550", shard, w)
		}
	}
}

func TestPacksStayWhereTheyWere(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	g := random(r, 500, 100)
	first := split.Lay(g, 16, nil)
	before := func(name string) (monitor.Shard, bool) {
		var i int
		_, err := fmt.Sscanf(name, "host%d", &i)
		if err != nil || i >= 500 {
			return 0, false
		}
		return first.Shard[i], true
	}
	bigger := random(rand.New(rand.NewPCG(3, 4)), 500, 100)
	for i := 500; i < 700; i++ {
		bigger.Names, bigger.Weights = append(bigger.Names, fmt.Sprint("host", i)), append(bigger.Weights, 5)
	}
	second := split.Lay(bigger, 16, before)
	for i := range 500 {
		if second.Shard[i] != first.Shard[i] {
			t.Errorf("host%d moved from shard %d to %d", i, first.Shard[i], second.Shard[i])
		}
	}
	if second.Moved != 0 {
		t.Errorf("%d moved, want none", second.Moved)
	}
}

func TestTwoPacksThatBecomeOneMeetWhereMostOfThemWas(t *testing.T) {
	g := split.Graph{Names: []string{"small", "big"}, Weights: []uint32{1, 10}, Edges: [][2]uint32{{0, 1}}}
	plan := split.Lay(g, 4, func(name string) (monitor.Shard, bool) {
		return map[string]monitor.Shard{"small": 1, "big": 3}[name], true
	})
	if plan.Shard[0] != 3 || plan.Shard[1] != 3 || plan.Moved != 1 {
		t.Errorf("got shards %v, %d moved; want both in 3 and 1 moved", plan.Shard, plan.Moved)
	}
}

func random(r *rand.Rand, hosts, edges int) split.Graph {
	var g split.Graph
	for i := range hosts {
		g.Names, g.Weights = append(g.Names, fmt.Sprint("host", i)), append(g.Weights, uint32(1+i%10))
	}
	for range edges {
		g.Edges = append(g.Edges, [2]uint32{r.Uint32N(uint32(hosts)), r.Uint32N(uint32(hosts))})
	}
	return g
}

// components counts by painting: the slow, obvious way.
func components(hosts int, edges [][2]uint32) int {
	colour := make([]int, hosts)
	for i := range colour {
		colour[i] = i
	}
	for _, e := range edges {
		from, to := colour[e[0]], colour[e[1]]
		for i := range colour {
			if colour[i] == from {
				colour[i] = to
			}
		}
	}
	seen := map[int]bool{}
	for _, c := range colour {
		seen[c] = true
	}
	return len(seen)
}
