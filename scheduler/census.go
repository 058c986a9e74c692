package scheduler

import (
	"sync"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// censusEvery is how old the figures of $TOTALHOSTSUP$ and its kin may be.
const censusEvery = 5 * time.Second

// census adds up what the shards of this scheduler count, for macros that count the whole engine. It gives a sum only
// while all shards run here: with several schedulers none of them knows it, and a part would be taken for the whole.
type census struct {
	mu     sync.Mutex
	counts map[monitor.Shard]*core.Totals
}

// report takes a shard's count and gives the sum of all of that many shards, nil if some are not known.
func (c *census) report(id monitor.Shard, t *core.Totals, shards int) *core.Totals {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[monitor.Shard]*core.Totals{}
	}
	c.counts[id] = t
	if len(c.counts) < shards {
		return nil
	}
	sum := new(core.Totals)
	for _, t := range c.counts {
		sum.Add(t)
	}
	return sum
}

// drop forgets a shard that does not run here any more.
func (c *census) drop(id monitor.Shard) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.counts, id)
}

// takeCensus gives the core the figures that its configuration asks for.
func (s *shard) takeCensus(at time.Time) {
	if !s.core.WantsTotals() || at.Sub(s.counted) < censusEvery {
		return
	}
	s.counted = at
	s.core.SetTotals(s.census.report(s.id, s.core.Totals(), max(s.core.Inventory().Shards, 1)))
}
