package spread_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/onbu/onbu/scheduler/spread"
)

func member(name string) spread.Member { return spread.Member{Name: name, Boot: name} }

func members(names ...string) (all []spread.Member) {
	for _, name := range names {
		all = append(all, member(name))
	}
	return all
}

// owners reads "a a . b": a word for each shard, a dot for nobody.
func owners(words ...string) (all []spread.Member) {
	for _, word := range words {
		if word == "." {
			all = append(all, spread.Nobody)
		} else {
			all = append(all, member(word))
		}
	}
	return all
}

func repeat(word string, n int) []string { return slices.Repeat([]string{word}, n) }

func counts(to []spread.Member) map[string]int {
	n := map[string]int{}
	for _, m := range to {
		n[m.Name]++
	}
	return n
}

func moved(from, to []spread.Member) (n int) {
	for i := range from {
		if from[i] != spread.Nobody && from[i] != to[i] {
			n++
		}
	}
	return n
}

func equal(n int) []uint64 { return slices.Repeat([]uint64{100}, n) }

func TestShardsAreSharedFairlyAndFewMove(t *testing.T) {
	for _, tt := range []struct {
		name    string
		members []spread.Member
		now     []spread.Member
		moves   int
		most    int // shards of one member
	}{
		{"one takes all", members("a"), owners(repeat(".", 16)...), 0, 16},
		{"three begin", members("a", "b", "c"), owners(repeat(".", 16)...), 0, 6},
		{"a second joins", members("a", "b"), owners(repeat("a", 16)...), 8, 8},
		{"a third joins two", members("a", "b", "c"), owners(slices.Concat(repeat("a", 8), repeat("b", 8))...), 5, 6},
		{"one of three leaves", members("a", "b"), owners(slices.Concat(repeat("a", 6), repeat("b", 5), repeat(".", 5))...), 0, 8},
		{"what is even stays", members("a", "b", "c"), owners(slices.Concat(repeat("a", 6), repeat("b", 5), repeat("c", 5))...), 0, 6},
		{"what a stranger has stays with him", members("a", "b"), owners(slices.Concat(repeat("x", 8), repeat("a", 8))...), 4, 8},
		{"more members than shards", members("a", "b", "c", "d"), owners("a", "a", "."), 1, 1},
	} {
		to := spread.Share(tt.members, equal(len(tt.now)), tt.now)
		if slices.Contains(to, spread.Nobody) {
			t.Errorf("%s: a shard is nobody's", tt.name)
		}
		if got := moved(tt.now, to); got != tt.moves {
			t.Errorf("%s: %d moves, want %d", tt.name, got, tt.moves)
		}
		for name, n := range counts(to) {
			if n > tt.most {
				t.Errorf("%s: %s has %d shards, want at most %d", tt.name, name, n, tt.most)
			}
		}
	}
}

func TestWithoutMembersNothingChanges(t *testing.T) {
	now := owners("a", ".", "b")
	if to := spread.Share(nil, equal(3), now); !slices.Equal(to, now) {
		t.Errorf("got %v", to)
	}
}

func TestHeavyShardsCountForMore(t *testing.T) {
	to := spread.Share(members("a", "b"), []uint64{1000, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100}, owners(repeat(".", 11)...))
	if got := counts(to); got["a"]*got["b"] != 10 {
		t.Errorf("one heavy and ten light shards are shared as %v, want one against ten", got)
	}
}

func TestAMoveThatGainsLittleIsNotMade(t *testing.T) {
	now := owners("a", "a", "b")
	if to := spread.Share(members("a", "b"), []uint64{1000, 30, 990}, now); moved(now, to) != 0 {
		t.Errorf("a shard moves to spare 20 of 1,010: %v", to)
	}
}

// Whoever works it out gets the same, and the one that has most never has more than the fair share and one shard.
func TestEverybodyComesToTheSameFairShare(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 1))
		var names []string
		for i := range 1 + r.IntN(7) {
			names = append(names, fmt.Sprint("s", i))
		}
		n := 1 + r.IntN(64)
		weights, now := make([]uint64, n), make([]spread.Member, n)
		var sum, heaviest uint64
		for i := range n {
			weights[i] = r.Uint64N(1000)
			heaviest = max(heaviest, weights[i]+1)
			sum += weights[i] + 1
			if r.IntN(3) > 0 {
				now[i] = member(names[r.IntN(len(names))])
			}
		}
		all := members(names...)
		to := spread.Share(all, weights, now)
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if again := spread.Share(all, weights, now); !slices.Equal(to, again) {
			t.Fatalf("seed %d: in another order of members it is %v, not %v", seed, again, to)
		}
		if again := spread.Share(all, weights, to); !slices.Equal(to, again) {
			t.Fatalf("seed %d: what was shared is shared again", seed)
		}
		load := map[string]uint64{}
		for i, m := range to {
			load[m.Name] += weights[i] + 1
		}
		fair := sum / uint64(len(names))
		for name, has := range load {
			if has > fair+heaviest+fair/10 {
				t.Errorf("seed %d: %s has %d, a fair share is %d and the heaviest shard %d", seed, name, has, fair, heaviest)
			}
		}
	}
}
