package scheduler

import (
	"context"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

const (
	// censusEvery is how often shards are counted for $TOTALHOSTSUP$ and its kin, and told to other schedulers.
	censusEvery = 5 * time.Second
	// censusAge is how old a shard's count may be. It outlives the way of a shard from one scheduler to the next.
	censusAge = 3 * censusEvery
	// wantedFor is how long schedulers count for one that has said that it wants to know.
	wantedFor = 6 * censusEvery
)

// census adds up what all shards count, for macros that count the whole engine. It gives a sum only while the count of
// each shard is known and young: a part would be taken for the whole. Schedulers tell each other over the bus, as long as
// the configuration of any of their shards asks.
type census struct {
	mu     sync.Mutex // guards everything that follows
	counts map[monitor.Shard]count
	// asked is when a shard here last asked for a sum, wanted when another scheduler said that one of its shards does.
	asked, wanted time.Time
}

// count is what a shard counted.
type count struct {
	*core.Totals
	epoch monitor.Epoch
	at    time.Time
	here  bool // by this scheduler
}

// wants says whether somebody wants shards to be counted.
func (c *census) wants() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return young(c.asked) || young(c.wanted)
}

// young says whether somebody who asked at a time is still to be told.
func young(asked time.Time) bool { return !asked.IsZero() && time.Since(asked) < wantedFor }

// report takes the count of a shard that runs here.
func (c *census) report(id monitor.Shard, epoch monitor.Epoch, t *core.Totals) {
	c.put(id, count{t, epoch, time.Now(), true})
}

// put takes a count unless there is one by a later owner.
func (c *census) put(id monitor.Shard, n count) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[monitor.Shard]count{}
	}
	if n.epoch >= c.counts[id].epoch {
		c.counts[id] = n
	}
}

// sum gives what all of that many shards count, nil if that is not known of some.
func (c *census) sum(shards int) *core.Totals {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = time.Now()
	sum := new(core.Totals)
	for id := range monitor.Shard(shards) {
		n := c.counts[id]
		if n.Totals == nil || time.Since(n.at) > censusAge {
			return nil
		}
		sum.Add(n.Totals)
	}
	return sum
}

// drop forgets that a shard runs here. Its count stays good until it is too old, or its next owner tells a newer one.
func (c *census) drop(id monitor.Shard) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n, known := c.counts[id]; known {
		n.here = false
		c.counts[id] = n
	}
}

// told gives what this scheduler tells the others; nil for nothing.
func (c *census) told(from string) *wire.Census {
	c.mu.Lock()
	defer c.mu.Unlock()
	asks := young(c.asked)
	if !asks && !young(c.wanted) {
		return nil
	}
	told := &wire.Census{From: from, Asks: asks}
	for id, n := range c.counts {
		if n.here {
			told.Shards = append(told.Shards, wire.ShardCount{Shard: id, Epoch: n.epoch, Numbers: n.Numbers()})
		}
	}
	return told
}

// hear takes what another scheduler counts.
func (c *census) hear(told *wire.Census) {
	if told.Asks {
		c.mu.Lock()
		c.wanted = time.Now()
		c.mu.Unlock()
	}
	for _, s := range told.Shards {
		if t := core.TotalsOf(s.Numbers); t != nil {
			c.put(s.Shard, count{Totals: t, epoch: s.Epoch, at: time.Now()})
		}
	}
}

// exchangeCounts tells other schedulers what the shards here count, and takes what they tell, until ctx ends. What gets lost is
// told again.
func (s *Scheduler) exchangeCounts(ctx context.Context) error {
	stop, err := s.bus.Subscribe(bus.Counts(), func(m bus.Msg) {
		var told wire.Census
		if wire.Unmarshal(m.Data, &told) != nil {
			s.meter.unreadable.Inc()
		} else if told.From != s.name {
			s.census.hear(&told)
		}
	})
	if err != nil {
		return err
	}
	defer stop()
	for sleep(ctx, censusEvery) == nil {
		if told := s.census.told(s.name); told != nil {
			_ = s.bus.Publish(bus.Counts(), wire.Marshal(*told))
		}
	}
	return nil
}

// takeCensus counts the shard, if anybody wants to know, and gives the core the figures that its configuration asks for.
func (s *shard) takeCensus(at time.Time) {
	asks := s.core.WantsTotals()
	if at.Sub(s.counted) < censusEvery || !asks && !s.census.wants() {
		return
	}
	s.counted = at
	s.census.report(s.id, s.epoch, s.core.Totals())
	if asks {
		s.core.SetTotals(s.census.sum(max(s.core.Inventory().Shards, 1)))
	}
}
