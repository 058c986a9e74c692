package core_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// noted has a core write a comment and a downtime, and gives the two's numbers and that of the downtime's own comment, sorted.
func noted(t *testing.T, c *core.Core, now monitor.Time) []uint64 {
	t.Helper()
	var d core.Decisions
	obey(t, c, now, &d, "ADD_HOST_COMMENT;web1;1;ann;seen")
	obey(t, c, now, &d, fmt.Sprintf("SCHEDULE_HOST_DOWNTIME;web1;%d;%d;1;0;0;bob;works", now/1e9, now/1e9+600))
	var all []uint64
	for i := range d.Broks {
		switch b := &d.Broks[i]; b.Kind {
		case monitor.BrokComment:
			all = append(all, b.Comment.ID)
		case monitor.BrokDowntime:
			all = append(all, b.Downtime.ID)
		}
	}
	slices.Sort(all)
	if all = slices.Compact(all); len(all) != 3 {
		t.Fatalf("%d numbers, want those of two comments and a downtime", len(all))
	}
	return all
}

// ofShard gives a core of one of so many shards, with one host.
func ofShard(t *testing.T, shard monitor.Shard, shards int) *core.Core {
	t.Helper()
	inv := elsewhere(t, "host web1")
	inv.Shard, inv.Shards = shard, shards
	c := started(t, inv)
	c.Begin(t0)
	return c
}

// Who polls Livestatus for the number of comments and their greatest id misses one otherwise that comes as another one goes.
func TestNumbersOfNotesGrowOverAllShards(t *testing.T) {
	for _, shards := range []int{1, 2, 16, 1000, 1024} {
		high, low := ofShard(t, monitor.Shard(shards-1), shards), ofShard(t, 0, shards)
		for range 200 { // one shard has given many more
			noted(t, high, t0.Add(time.Second))
		}
		last := uint64(0)
		for i := range 100 {
			c := high
			if i%3 == 0 {
				c = low
			}
			for _, id := range noted(t, c, t0.Add(5*time.Second+time.Duration(i)*10*time.Millisecond)) {
				if id <= last {
					t.Fatalf("of %d shards, in round %d: %d came after %d", shards, i, id, last)
				}
				last = max(last, id)
			}
		}
		if last >= 1<<53 {
			t.Errorf("of %d shards: %d has no room in a JSON number", shards, last)
		}
	}
}

// The clock of the one that takes over is behind, and what had the greatest numbers is gone.
func TestNumbersAreNotGivenTwice(t *testing.T) {
	given := map[uint64]bool{}
	note := func(c *core.Core, now monitor.Time) {
		t.Helper()
		for _, id := range noted(t, c, now) {
			if given[id] || id%16 != 3 {
				t.Fatalf("%d was given twice, or is not of shard 3", id)
			}
			given[id] = true
		}
	}
	c := ofShard(t, 3, 16)
	note(c, t0.Add(time.Hour))
	note(c, t0.Add(time.Hour))
	var d core.Decisions
	obey(t, c, t0.Add(time.Hour), &d, "DEL_ALL_HOST_COMMENTS;web1")
	obey(t, c, t0.Add(time.Hour), &d, "DEL_DOWNTIME_BY_HOST_NAME;web1")
	left := c.Snapshot()
	left.Time = 0
	after := ofShard(t, 3, 16)
	after.Restore(left)
	for _, now := range []time.Duration{time.Minute, time.Hour, time.Hour, 2 * time.Hour} {
		note(after, t0.Add(now))
	}
}

// Numbers of a version that counted from 1 stay good, and a journal that has later ones is believed.
func TestOldNumbersStayGood(t *testing.T) {
	c := ofShard(t, 3, 16)
	old := monitor.Comment{ID: 5*16 + 3, Ref: monitor.Ref{Host: "web1"}, Author: "ann", Text: "old", Persistent: true}
	c.Replay(&monitor.Brok{Kind: monitor.BrokComment, Time: t0, Comment: &old})
	ahead := old
	ahead.ID = uint64(t0.Add(24*time.Hour))/1000/16*16 + 3
	c.Replay(&monitor.Brok{Kind: monitor.BrokComment, Time: t0, Comment: &ahead})
	if first := noted(t, c, t0.Add(time.Second))[0]; first != ahead.ID+16 {
		t.Errorf("after %d comes %d, want %d", ahead.ID, first, ahead.ID+16)
	}
	var d core.Decisions
	obey(t, c, t0.Add(2*time.Second), &d, fmt.Sprint("DEL_HOST_COMMENT;", old.ID))
	for _, note := range c.Snapshot().Comments {
		if note.ID == old.ID {
			t.Errorf("comment %d is still there", old.ID)
		}
	}
}
