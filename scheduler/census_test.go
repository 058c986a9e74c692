package scheduler

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

func down(n int) *core.Totals {
	t := &core.Totals{}
	t.Hosts[monitor.Down] = core.Count{All: n, Unhandled: n - 1}
	return t
}

func TestACensusIsOfAllShardsOrOfNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c census
		c.report(0, 1, down(2))
		if got := c.sum(2); got != nil {
			t.Errorf("one of two shards: got %v", got)
		}
		c.report(1, 2, down(2))
		if got := c.sum(2); got == nil || got.Hosts[monitor.Down] != (core.Count{All: 4, Unhandled: 2}) {
			t.Errorf("both shards: got %v", got)
		}
		c.report(1, 2, down(5))
		if got := c.sum(2).Hosts[monitor.Down].All; got != 7 {
			t.Errorf("with a shard's new count there are %d, want 7", got)
		}
		c.drop(1)
		time.Sleep(censusAge)
		c.report(0, 1, down(2))
		if c.sum(2) == nil {
			t.Error("a shard that has just gone elsewhere does not count")
		}
		time.Sleep(time.Second)
		if c.sum(2) != nil {
			t.Error("a count that is too old still counts")
		}
	})
}

func TestSchedulersTellEachOtherWhatTheyCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asks, other census
		other.report(1, 3, down(1))
		if other.told("other") != nil || other.wants() {
			t.Error("a scheduler that nobody asks tells")
		}
		asks.report(0, 1, down(4))
		asks.sum(2)
		other.hear(asks.told("asks"))
		if !other.wants() {
			t.Error("who is asked does not count")
		}
		told := other.told("other")
		asks.hear(told)
		if got := asks.sum(2); got == nil || got.Hosts[monitor.Down] != (core.Count{All: 5, Unhandled: 3}) {
			t.Errorf("the sum is %v, want 5 and 3", got)
		}
		asks.report(1, 9, down(2)) // shard 1 has come here
		asks.hear(told)
		if got := asks.sum(2).Hosts[monitor.Down].All; got != 6 {
			t.Errorf("what its former owner said counts for a shard again: %d, want 6", got)
		}
		told.Shards[0].Numbers = told.Shards[0].Numbers[1:]
		asks.hear(told)
		time.Sleep(wantedFor)
		if other.wants() || other.told("other") != nil {
			t.Error("a scheduler counts although nobody has asked for long")
		}
	})
}
