package standing_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/standing"
	"github.com/onbu/onbu/broker/tempo"
	"github.com/onbu/onbu/monitor/api"
)

// now is when the engine is looked at, in Unix seconds.
const now = 1000

// well is an engine without any trouble.
func well() *standing.Engine {
	return &standing.Engine{
		Now: now,
		Roles: []api.Role{
			{Node: "a", Role: "scheduler", State: "up", Mode: "M", Shards: []uint16{0, 1}},
			{Node: "a", Role: "poller", State: "up"},
			{Node: "b", Role: "scheduler", State: "up", Mode: "S"},
			{Node: "gone", Role: "poller", State: "ended", Seen: 1},
		},
		Shards:  shards(api.Shard{Shard: 0, Hosts: 3, Owner: "a", Epoch: 7}, api.Shard{Shard: 1, Owner: "a", Epoch: 8}),
		Queues:  []api.Queue{{Name: "results", Unit: "messages"}, {Name: "jobs", Of: "a", Waiting: 3, Unit: "jobs", Since: 5}},
		Exports: []api.Export{{Module: "old", Forgotten: 9, Streams: []api.Stream{}}},
		Checks:  tempo.Report{All: tempo.Module{Rate: 5210.4, Latency: tempo.Spread{P99: .012}}},
		Bus:     api.Bus{Known: true, Leader: "a", Servers: []string{"a"}},
	}
}

func shards(all ...api.Shard) (some []standing.Shard) {
	for _, s := range all {
		some = append(some, standing.Shard{Shard: s})
	}
	return some
}

func TestAnEngineThatIsWellIsOneLine(t *testing.T) {
	e := well()
	e.Judge(nil)
	want := "2 nodes, all up · 2 shards owned · 5\u2009210 checks/s, p99 12 ms late · queues short"
	if !e.Well || e.Line != want || len(e.Troubles) != 0 {
		t.Errorf("got %q, well %t, troubles %+v", e.Line, e.Well, e.Troubles)
	}
}

func TestQueuesThatHoldNothingAreEmpty(t *testing.T) {
	e := well()
	e.Queues = []api.Queue{{Name: "results"}, {Name: "jobs"}}
	if e.Judge(nil); !e.Well || !strings.HasSuffix(e.Line, " · queues empty") {
		t.Errorf("got %q, well %t", e.Line, e.Well)
	}
}

func TestChecksThatBeginLateAreSomethingToLookAt(t *testing.T) {
	for late, want := range map[float64]bool{.99: true, 1: false, 2: false} {
		e := well()
		e.Checks.All.Latency.P99 = late
		if e.Judge(nil); e.Well != want {
			t.Errorf("%v s late: well is %t", late, e.Well)
		}
	}
}

func TestWhatIsNotWellIsNamedWorstFirst(t *testing.T) {
	e := well()
	e.Roles = []api.Role{
		{Node: "a", Role: "scheduler", State: "silent", Seen: 100}, {Node: "b", Role: "scheduler", State: "maintenance"}, {Node: "b", Role: "broker", State: "up", Troubles: []string{"module web does not work: the port is taken"}}, {Node: "c", Role: "arbiter", State: "up", Load: map[string]int64{"files_differ": 1}},
	}
	e.Gaps = []api.Gap{{Role: "scheduler", Lost: "nothing is checked", Idle: []string{"a is silent", "b is in maintenance"}}, {Role: "poller", Tag: "dmz", Lost: "no check with it is made"}}
	e.Shards = shards(api.Shard{Shard: 0, Hosts: 3, Unanswered: 60}, api.Shard{Shard: 1, Hosts: 2, Unanswered: 50}, api.Shard{Shard: 2, Unanswered: 40})
	e.Queues = []api.Queue{{Name: "results", Waiting: 12000, Unit: "messages", Oldest: 90, Since: 10, Late: true}}
	e.Exports = []api.Export{
		{Module: "carbon", Broker: "a", Failing: 7, Error: "refused", Streams: []api.Stream{{Stream: "PERF", LimitUsed: .9}}},
		{Module: "idle"},
		{Module: "pages", Own: true, Broker: "a"},
		{Module: "pages", Own: true, Last: "b"},
		{Module: "live", Own: true, Last: "b"},
	}
	e.Bus = api.Bus{Known: true, Mute: 20, Why: "it does not answer", Ill: "its disk was full", Behind: []api.BusServer{{Server: "c", Since: 3, Why: "it lacks 5 changes"}}}
	e.Judge([]string{"no scheduler looks after 5 of 9 hosts: …", "notifications are turned off for all hosts"})
	var got []string
	for _, x := range e.Troubles {
		got = append(got, fmt.Sprintf("%s %s: %s %v", x.State, x.What, x.Text, x.Since))
	}
	want := []string{
		"CRITICAL bus: nothing is stored: it does not answer 20",
		"CRITICAL bus: its disk was full 0",
		"CRITICAL scheduler of a: is silent 100",
		"CRITICAL scheduler: none works: nothing is checked; a is silent, b is in maintenance 0",
		"CRITICAL poller_tag dmz: no poller that works serves it: no check with it is made 0",
		"CRITICAL shards: no scheduler looks after 2 shards with 5 hosts 50",
		"CRITICAL module carbon: is so far behind that PERF loses messages soon: 90 % of what it may hold wait 0",
		"WARNING bus server c: it lacks 5 changes 3",
		"WARNING broker of b: module web does not work: the port is taken 0",
		"WARNING arbiter of c: its files are not those in force: onbu reload 0",
		"WARNING results of checks, for schedulers: 12\u2009000 messages wait, the oldest for 1m30s 10",
		"WARNING module carbon: takes nothing: refused 7",
		"WARNING module idle: no broker works with it 0",
		"WARNING module live: no broker works with it 0",
		"WARNING configuration: notifications are turned off for all hosts 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if line := "1 of 3 nodes not up in every role, 1 in maintenance · 0 of 3 shards owned · 5\u2009210 checks/s, p99 12 ms late · 1 queue is not short"; e.Well || e.Line != line {
		t.Errorf("got %q", e.Line)
	}
}

// Somebody ordered it, and others do the work, so all is well: the line must not read as if something were broken.
func TestMaintenanceIsCalledSo(t *testing.T) {
	e := well()
	e.Roles = []api.Role{
		{Node: "a", Role: "scheduler", State: "up"},
		{Node: "a", Role: "poller", State: "up"},
		{Node: "b", Role: "scheduler", State: "maintenance"},
		{Node: "b", Role: "poller", State: "up"},
	}
	e.Judge(nil)
	if want := "1 of 2 nodes in maintenance · "; !e.Well || !strings.HasPrefix(e.Line, want) {
		t.Errorf("got %q, well %t, want %q…", e.Line, e.Well, want)
	}
}

func TestAShardThatIsHandedOverIsNoTrouble(t *testing.T) {
	e := well()
	e.Shards = shards(api.Shard{Shard: 0, Hosts: 3, Owner: "a", Unanswered: now - 3})
	e.Judge(nil)
	if !e.Well || e.Shards[0].Unanswered != 0 || !strings.Contains(e.Line, "1 shard owned") {
		t.Errorf("%q, %+v", e.Line, e.Troubles)
	}
}

func TestWhatIsNotKnownIsNotWell(t *testing.T) {
	e := well()
	e.Missing = map[string]string{"gaps": "it is away"}
	if e.Judge(nil); e.Well || len(e.Troubles) != 0 {
		t.Errorf("well %t, %+v", e.Well, e.Troubles)
	}
}

func TestNoListIsLongerThanAPageCanShow(t *testing.T) {
	e := well()
	e.Queues, e.Roles = make([]api.Queue, 5*standing.MostRows), make([]api.Role, 5*standing.MostRows)
	for i := range e.Roles {
		e.Roles[i] = api.Role{Node: fmt.Sprint("n", i), Role: "poller", State: "silent"}
	}
	e.Judge(nil)
	if len(e.Queues) != standing.MostRows || len(e.Roles) != standing.MostRows || len(e.Troubles) != standing.MostRows || e.Gaps == nil || e.Log == nil {
		t.Errorf("%d queues, %d roles, %d troubles", len(e.Queues), len(e.Roles), len(e.Troubles))
	}
}
