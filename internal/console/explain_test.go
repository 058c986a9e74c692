package console_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

func TestExplain(t *testing.T) {
	full := api.Explanation{
		Object: with(up("web", "http"), func(o *api.Object) {
			o.State, o.StateType, o.Attempt, o.Acknowledged = "CRITICAL", "SOFT", 2, true
			o.Output, o.LongOutput, o.Perfdata = "connection refused", "first\nsecond\n", "time=0.1s;1;2"
			o.CheckType, o.Module, o.Poller, o.Latency, o.Execution = "active", "http", "poller-1", 0.0124, 1.5
		}),
		Shard: 3, Epoch: 42, Command: "http!/", Line: "check_http -H web -u /", Pool: "EU", Checking: "active every 5m0s",
		Parents:   []api.Neighbour{{Host: "web", State: "UP", StateType: "HARD", LastCheck: before(5 * time.Second)}},
		DependsOn: []api.Neighbour{{Host: "db", Service: "sql", State: "CRITICAL", StateType: "HARD", LastCheck: before(5 * time.Second)}},
		Children:  []api.Neighbour{{Host: "shop", Service: "all", State: "WARNING", StateType: "HARD", LastCheck: before(5 * time.Second)}},
		Period:    "work", Why: []string{"the last 2 checks failed", "its host is UP"},
		Downtimes: []api.Downtime{
			{ID: 19, Author: "ann", Comment: "move", Start: before(time.Hour), End: before(-time.Hour), Fixed: true},
			{ID: 35, Author: "ann", Comment: "with it", Start: before(time.Hour), End: before(-time.Hour), Fixed: true, Trigger: 19},
			{ID: 51, Author: "bob", Comment: "may restart", Start: before(time.Hour), End: before(-time.Hour), Duration: 600},
		},
		CommentList: []api.Comment{{Author: "bob", Text: "seen it", Entered: before(time.Minute)}},
		Told: []api.Telling{
			{Time: before(time.Minute), Contact: "ann", Type: "PROBLEM", Number: 2, Command: "mail"},
			{Time: before(time.Hour), Contact: "bob", Type: "PROBLEM", Number: 1, Command: "page"},
		},
		Untold: []api.Untold{
			{Contact: "ann", Why: "the contact is in a downtime"},
			{Contact: "bob"},
			{Contact: "you", Why: "the contact is in a downtime"},
			{Contact: "eve", Why: "it is outside of the contact's notification period office"},
		},
	}
	underWay := api.Explanation{
		Object: with(up("gateway", ""), func(o *api.Object) { o.State = "DOWN" }), InFlight: true, Sent: before(3 * time.Second), PeriodNow: true,
		Parents:  []api.Neighbour{{Host: "core", State: "UP", StateType: "HARD", LastCheck: before(5 * time.Second)}},
		Children: []api.Neighbour{{Host: "new", State: "PENDING", StateType: "HARD"}, {Host: "far", State: "DOWN", StateType: "HARD", Shard: new(monitor.Shard)}},
	}
	for i := range 14 {
		underWay.Children = append(underWay.Children, api.Neighbour{Host: fmt.Sprint("h", i), State: "DOWN", StateType: "SOFT", LastCheck: before(time.Minute)})
	}
	underWay.Impacts, underWay.ImpactCount = underWay.Children[2:], 140
	never := api.Explanation{Object: api.Object{Host: "new", State: "PENDING", StateType: "HARD", Attempt: 1, MaxAttempts: 3}, PeriodNow: true}
	for file, c := range map[string]struct {
		e api.Explanation
		s console.Style
	}{
		"explain.txt":        {full, console.Style{Now: now}},
		"explain-colour.txt": {underWay, console.Style{Now: now, Colour: true}},
		"explain-new.txt":    {never, console.Style{Now: now}},
	} {
		var out bytes.Buffer
		console.Explain(&out, &c.e, c.s)
		golden(t, file, out.String())
	}
}
