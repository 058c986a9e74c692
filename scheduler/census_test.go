package scheduler

import (
	"testing"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

func TestACensusIsOfAllShardsOrOfNone(t *testing.T) {
	var c census
	one := &core.Totals{}
	one.Hosts[monitor.Down] = core.Count{All: 2, Unhandled: 1}
	if got := c.report(0, one, 2); got != nil {
		t.Errorf("one of two shards: got %v", got)
	}
	got := c.report(1, one, 2)
	if got == nil || got.Hosts[monitor.Down] != (core.Count{All: 4, Unhandled: 2}) {
		t.Errorf("both shards: got %v", got)
	}
	if c.report(1, new(core.Totals), 2).Hosts[monitor.Down].All != 2 {
		t.Error("a shard's new count does not replace its old one")
	}
	if c.drop(0); c.report(1, one, 2) != nil {
		t.Error("a shard that is gone still counts")
	}
}
