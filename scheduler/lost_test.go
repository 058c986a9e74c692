package scheduler

import (
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// A server of the bus that ends takes messages with it. A batch between two that came is missed at once, and one at the end after
// underWayMost; what came, and what has its answer, is not issued again, and nothing is twice.
func TestJobsOfABatchThatNeverCameAreIssuedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var again []monitor.ID
		d := newDispatcher("s1", mailbox{}, slog.New(slog.DiscardHandler), func(_ monitor.Shard, keys []core.JobKey) {
			for _, k := range keys {
				again = append(again, k.Object)
			}
		})
		base := uint64(0)
		says := func(last uint64, missed ...wire.Span) {
			h := map[string]wire.Heard{"s1": {Last: base + last}}
			for _, m := range missed {
				h["s1"] = wire.Heard{Last: base + last, Missed: append(h["s1"].Missed, wire.Span{From: base + m.From, To: base + m.To})}
			}
			d.want(bus.Msg{Data: wire.Marshal(wire.Want{Poller: "p1", Boot: "1", Window: 100, Heard: h})})
		}
		says(0)
		base = d.pollers["p1"].batches.base
		for i := range monitor.ID(5) {
			d.offer([]monitor.Job{{Object: i, Seq: 1}})
		}
		d.answered([]monitor.Result{{Object: 0, Seq: 1}})
		gap := wire.Span{From: 1, To: 2}
		says(4, gap)
		if want := []monitor.ID{1}; !slices.Equal(again, want) {
			t.Fatalf("after batches 1 and 2 were missed, of which the first has its answer, %v were issued again, want %v", again, want)
		}
		time.Sleep(underWayMost)
		says(4, gap) // what was sent is noted
		d.offer([]monitor.Job{{Object: 6, Seq: 1}})
		time.Sleep(underWayMost)
		says(4, gap)
		if want := []monitor.ID{1, 4}; !slices.Equal(again, want) {
			t.Fatalf("the fifth batch never came and %v were issued again, want %v: the sixth has time yet", again, want)
		}
		says(6, gap, wire.Span{From: 5, To: 5})
		time.Sleep(2 * underWayMost)
		says(6)
		says(6)
		if len(again) != 2 {
			t.Errorf("what came late, or was told before, was issued again: %v", again)
		}
	})
}

// Who speaks of batches that we never sent, or of none, changes nothing.
func TestAWordOfBatchesThatWereNeverSentIsPassedOver(t *testing.T) {
	d := newDispatcher("s1", mailbox{}, slog.New(slog.DiscardHandler), func(monitor.Shard, []core.JobKey) { t.Error("something was issued again") })
	says := func(h wire.Heard) {
		d.want(bus.Msg{Data: wire.Marshal(wire.Want{Poller: "p1", Boot: "1", Window: 100, Heard: map[string]wire.Heard{"s1": h}})})
	}
	says(wire.Heard{})
	d.offer([]monitor.Job{{Object: 1, Seq: 1}})
	base := d.pollers["p1"].batches.base
	for _, h := range []wire.Heard{{}, {Last: 1, Missed: []wire.Span{{From: 0, To: 1 << 63}}}, {Last: base + 2}, {Last: base + 1, Missed: []wire.Span{{From: base + 1, To: base}, {From: 0, To: base + 1}, {From: base + 1, To: 1 << 63}}}} {
		says(h)
	}
}

// A poller that joins anew may lose the first batches of all; what it heard of an earlier count says nothing of this one.
func TestTheFirstBatchesThatNeverCameAreIssuedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		counts bool
		heard  func(base uint64) map[string]wire.Heard
		after  time.Duration
		want   []monitor.ID
	}{
		"the third came first": {true, func(base uint64) map[string]wire.Heard {
			return map[string]wire.Heard{"s1": {First: base + 3, Last: base + 3}}
		}, 0, []monitor.ID{0, 1}},
		"none came":                            {true, func(uint64) map[string]wire.Heard { return nil }, underWayMost, []monitor.ID{0, 1, 2}},
		"only those of an earlier count came":  {true, func(uint64) map[string]wire.Heard { return map[string]wire.Heard{"s1": {First: 3, Last: 5}} }, underWayMost, []monitor.ID{0, 1, 2}},
		"they have their time yet":             {true, func(uint64) map[string]wire.Heard { return nil }, underWayMost - 1, nil},
		"the poller is of a release before it": {false, func(uint64) map[string]wire.Heard { return nil }, underWayMost, nil},
		"the first that came is not told":      {true, func(base uint64) map[string]wire.Heard { return map[string]wire.Heard{"s1": {Last: base + 3}} }, underWayMost, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var again []monitor.ID
				d := newDispatcher("s1", mailbox{}, slog.New(slog.DiscardHandler), func(_ monitor.Shard, keys []core.JobKey) {
					for _, k := range keys {
						again = append(again, k.Object)
					}
				})
				says := func(heard map[string]wire.Heard) {
					d.want(bus.Msg{Data: wire.Marshal(wire.Want{Poller: "p1", Boot: "2", Window: 100, Heard: heard, Counts: c.counts})})
				}
				says(nil)
				for i := range monitor.ID(3) {
					d.offer([]monitor.Job{{Object: i, Seq: 1}})
				}
				heard := c.heard(d.pollers["p1"].batches.base)
				time.Sleep(underWayMost)
				says(heard)
				time.Sleep(c.after)
				says(heard)
				slices.Sort(again)
				if !slices.Equal(again, c.want) {
					t.Errorf("issued again: %v, want %v", again, c.want)
				}
			})
		})
	}
}
