// Package spread knows which scheduler should have which shard. Nobody leads: every scheduler looks at the same leases and
// members and comes to the same answer, and where two differ for a moment the lease decides.
package spread

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strconv"
)

// Member is a scheduler: Boot tells one start of it from the next.
type Member struct{ Name, Boot string }

// Nobody is the owner of a shard that is free.
var Nobody Member

func compare(a, b Member) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Boot, b.Boot))
}

// worthwhile is the part of a fair share by which a move must lighten the one who gives: moves cost something, and weights
// change a little with every reload.
const worthwhile = 20

// Share says who should have each shard: members in any order, the weight of each shard, and who has it now, Nobody if it is
// free. What one has who is no member stays with him and counts for nobody. Free shards go to the one with the least, the heaviest
// first; then the one with the most gives to the one with the least as long as that is worthwhile, so that few move.
//
// It depends on its arguments alone, not on the order of members: whoever calls it with the same ones gets the same.
func Share(members []Member, weights []uint64, now []Member) []Member {
	s := newSharing(members, weights, now)
	if len(s.members) == 0 {
		return s.to
	}
	for _, shard := range s.heaviest() {
		if s.to[shard] == Nobody {
			s.give(shard, s.lightest(shard))
		}
	}
	for range weights { // each move makes it better, so that this ends by itself; it is a bound all the same
		if !s.even() {
			break
		}
	}
	return s.to
}

// sharing is a division under way.
type sharing struct {
	members []Member
	weights []uint64
	to      []Member
	load    map[Member]uint64
	total   uint64
}

func newSharing(members []Member, weights []uint64, now []Member) *sharing {
	s := &sharing{members: slices.Clone(members), weights: make([]uint64, len(weights)), to: slices.Clone(now), load: map[Member]uint64{}}
	slices.SortFunc(s.members, compare)
	s.members = slices.Compact(s.members)
	for _, m := range s.members {
		s.load[m] = 0
	}
	for shard, weight := range weights {
		s.weights[shard] = weight + 1 // an empty one is a little work, too
		owner := s.to[shard]
		if _, counts := s.load[owner]; counts {
			s.load[owner] += s.weights[shard]
		}
		if _, counts := s.load[owner]; counts || owner == Nobody {
			s.total += s.weights[shard]
		}
	}
	return s
}

// heaviest gives all shards, the heaviest first.
func (s *sharing) heaviest() []int {
	order := make([]int, len(s.weights))
	for shard := range order {
		order[shard] = shard
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.weights[b], s.weights[a]) })
	return order
}

func (s *sharing) give(shard int, to Member) {
	if from := s.to[shard]; from != Nobody {
		s.load[from] -= s.weights[shard]
	}
	s.to[shard] = to
	s.load[to] += s.weights[shard]
}

// lightest gives the member with the least; of equals the one whom the shard's number picks, so that not the same one gets
// everything first.
func (s *sharing) lightest(shard int) Member {
	return slices.MinFunc(s.members, func(a, b Member) int {
		return cmp.Or(cmp.Compare(s.load[a], s.load[b]), cmp.Compare(affinity(a, shard), affinity(b, shard)), compare(a, b))
	})
}

// affinity is a number for a member and a shard that differs from pair to pair, and is the same everywhere.
func affinity(m Member, shard int) uint64 {
	h := fnv.New64a()
	h.Write([]byte(strconv.Itoa(shard) + "/" + m.Name + "/" + m.Boot))
	return h.Sum64()
}

// even makes the best move to the one with the least, from the first of those with more for whom one is worthwhile.
func (s *sharing) even() bool {
	order := slices.SortedFunc(slices.Values(s.members), func(a, b Member) int {
		return cmp.Or(cmp.Compare(s.load[b], s.load[a]), compare(a, b))
	})
	least := order[len(order)-1]
	for _, from := range order[:len(order)-1] {
		if shard := s.best(from, least); shard >= 0 {
			s.give(shard, least)
			return true
		}
	}
	return false
}

// best gives the shard whose move from one to the other helps most, -1 if none helps enough.
func (s *sharing) best(from, to Member) int {
	best, gain := -1, s.total/uint64(len(s.members))/worthwhile
	for shard, owner := range s.to {
		if owner != from {
			continue
		}
		if lighter := s.lightens(s.weights[shard], from, to); lighter > gain {
			best, gain = shard, lighter
		}
	}
	return best
}

// lightens gives by how much the heavier of the two gets lighter if a shard of that weight goes from one to the other.
func (s *sharing) lightens(weight uint64, from, to Member) uint64 {
	apart := s.load[from] - s.load[to]
	if weight >= apart {
		return 0
	}
	return min(weight, apart-weight)
}
