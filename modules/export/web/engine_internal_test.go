package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/web/sign"
)

// hostile is a name that somebody chose who means harm.
const hostile = "<img src=x onerror=alert(1)>\"'&\u2028"

// over gives a module over an API that answers with values, or for a number with that status.
func over(t *testing.T, answers map[string]any) *Module {
	t.Helper()
	mux := http.NewServeMux()
	for path, v := range answers {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			if code, failed := v.(int); failed {
				w.WriteHeader(code)
				v = map[string]string{"error": "it is away"}
			}
			if text, raw := v.(string); raw {
				_, _ = w.Write([]byte(text))
				return
			}
			_ = json.NewEncoder(w).Encode(v)
		})
	}
	return &Module{outlook: modules.Outlook{API: mux}}
}

// well is what the API says of an engine without any trouble.
func well() map[string]any {
	return map[string]any{
		"/api/nodes": []role{
			{Node: "a", Role: "scheduler", State: "up", Mode: "M", Shards: []uint16{0, 1}},
			{Node: "a", Role: "poller", State: "up"},
			{Node: "b", Role: "scheduler", State: "up", Mode: "S"},
			{Node: "gone", Role: "poller", State: "ended", Seen: 1},
		},
		"/api/shards":  []shard{{Shard: 0, Hosts: 3, Owner: "a", Epoch: 7}, {Shard: 1, Owner: "a", Epoch: 8}},
		"/api/queues":  []queue{{Name: "results", Unit: "messages"}, {Name: "jobs", Of: "a", Waiting: 3, Unit: "jobs", Since: 5}},
		"/api/exports": []export{{Module: "old", Forgotten: 9, Streams: []exportStream{}}},
		"/api/checks":  checks{All: module{Rate: 5210.4, Latency: spread{P99: .012}}},
		"/api/bus":     busSeen{Known: true, Leader: "a", Servers: []string{"a"}},
		"/api/summary": map[string]any{"warnings": []string{}},
	}
}

func TestAnEngineThatIsWellIsOneLine(t *testing.T) {
	e := over(t, well()).lookAtEngine(t.Context(), &logFollower{})
	want := "2 nodes, all up · 2 shards owned · 5\u2009210 checks/s, p99 12 ms late · queues empty"
	if !e.Well || e.Line != want || len(e.Troubles) != 0 || len(e.Missing) != 0 {
		t.Errorf("got %q, well %t, troubles %+v, missing %v", e.Line, e.Well, e.Troubles, e.Missing)
	}
}

func TestWhatIsNotWellIsNamedWorstFirst(t *testing.T) {
	answers := well()
	answers["/api/nodes"] = []role{
		{Node: "a", Role: "scheduler", State: "silent", Seen: 100}, {Node: "b", Role: "scheduler", State: "maintenance"}, {Node: hostile, Role: "arbiter", State: "up", Load: map[string]int64{"files_differ": 1}},
	}
	answers["/api/shards"] = []shard{{Shard: 0, Hosts: 3, Unanswered: 60}, {Shard: 1, Hosts: 2, Unanswered: 50}, {Shard: 2, Unanswered: 40}}
	answers["/api/queues"] = []queue{{Name: "results", Waiting: 12000, Unit: "messages", Oldest: 90, Since: 10, Late: true}}
	answers["/api/exports"] = []export{
		{Module: "carbon", Broker: "a", Failing: 7, Error: hostile, Streams: []exportStream{{Stream: "PERF", LimitUsed: .9}}}, {Module: "idle"},
	}
	answers["/api/bus"] = busSeen{Known: true, Mute: 20, Why: "it does not answer", Behind: []busServer{{Server: "c", Since: 3, Why: "it lacks 5 changes"}}}
	answers["/api/summary"] = map[string]any{"warnings": []string{"no scheduler looks after 5 of 9 hosts: …", "notifications are turned off for all hosts"}}
	e := over(t, answers).lookAtEngine(t.Context(), &logFollower{})
	var got []string
	for _, x := range e.Troubles {
		got = append(got, fmt.Sprintf("%s %s: %s %v", x.State, x.What, x.Text, x.Since))
	}
	want := []string{
		"CRITICAL bus: nothing is stored: it does not answer 20",
		"CRITICAL scheduler of a: is silent 100",
		"CRITICAL scheduler: none works: nothing is checked, and nobody is told anything 0",
		"CRITICAL shards: no scheduler looks after 2 shards with 5 hosts 50",
		"CRITICAL module carbon: is so far behind that PERF loses messages soon: 90 % of what it may hold wait 0",
		"WARNING bus server c: it lacks 5 changes 3",
		"WARNING arbiter of " + hostile + ": its files are not those in force: onbu reload 0",
		"WARNING results of checks, for schedulers: 12\u2009000 messages wait, the oldest for 1m30s 10",
		"WARNING module carbon: takes nothing: " + hostile + " 7",
		"WARNING module idle: no broker works with it 0",
		"WARNING configuration: notifications are turned off for all hosts 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if line := "1 of 3 nodes not up in every role, 1 in maintenance · 0 of 3 shards owned · 5\u2009210 checks/s, p99 12 ms late · 1 queue is not empty"; e.Well || e.Line != line {
		t.Errorf("got %q", e.Line)
	}
}

// Somebody ordered it, so all is well: the line must not read as if something were broken.
func TestMaintenanceIsCalledSo(t *testing.T) {
	answers := well()
	answers["/api/nodes"] = []role{
		{Node: "a", Role: "scheduler", State: "up"},
		{Node: "a", Role: "poller", State: "up"},
		{Node: "b", Role: "scheduler", State: "maintenance"},
		{Node: "b", Role: "poller", State: "up"},
	}
	e := over(t, answers).lookAtEngine(t.Context(), &logFollower{})
	if want := "1 of 2 nodes in maintenance · "; !e.Well || !strings.HasPrefix(e.Line, want) {
		t.Errorf("got %q, well %t, want %q…", e.Line, e.Well, want)
	}
}

func TestAShardThatIsHandedOverIsNoTrouble(t *testing.T) {
	answers := well()
	answers["/api/shards"] = []shard{{Shard: 0, Hosts: 3, Owner: "a", Unanswered: float64(time.Now().Unix() - 3)}}
	e := over(t, answers).lookAtEngine(t.Context(), &logFollower{})
	if !e.Well || e.Shards[0].Unanswered != 0 || !strings.Contains(e.Line, "1 shard owned") {
		t.Errorf("%q, %+v", e.Line, e.Troubles)
	}
}

func TestAPartThatDoesNotAnswerHoldsUpNoOther(t *testing.T) {
	answers := well()
	answers["/api/exports"] = http.StatusServiceUnavailable
	delete(answers, "/api/shards")
	answers["/api/checks"] = "rubbish"
	e := over(t, answers).lookAtEngine(t.Context(), &logFollower{})
	if len(e.Roles) != 4 || len(e.Missing) != 3 || !strings.Contains(e.Missing["exports"], "it is away") || e.Shards == nil {
		t.Errorf("roles %v, missing %v", e.Roles, e.Missing)
	}
	if e := (&Module{}).lookAtEngine(t.Context(), &logFollower{}); len(e.Missing) != 7 {
		t.Errorf("without an API: missing %v", e.Missing)
	}
}

func TestNoListOfTheEngineIsLongerThanAPageCanShow(t *testing.T) {
	answers := well()
	answers["/api/queues"] = make([]queue, 5*mostRows)
	many := make([]role, 5*mostRows)
	for i := range many {
		many[i] = role{Node: fmt.Sprint(hostile, i), Role: "poller", State: "silent"}
	}
	answers["/api/nodes"] = many
	e := over(t, answers).lookAtEngine(t.Context(), &logFollower{})
	if len(e.Queues) != mostRows || len(e.Roles) != mostRows || len(e.Troubles) != mostRows {
		t.Errorf("%d queues, %d roles, %d troubles", len(e.Queues), len(e.Roles), len(e.Troubles))
	}
}

// followed is an API whose cluster log stays open.
func followed(lines ...string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/cluster/log", func(w http.ResponseWriter, r *http.Request) {
		for _, line := range lines {
			fmt.Fprintln(w, line)
		}
		if r.URL.Query().Get("follow") == "1" {
			<-r.Context().Done()
		}
	})
	return mux
}

func TestTheClusterLogIsFollowedAndSaysWhyShardsMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &Module{outlook: modules.Outlook{API: followed(
			`{"time":10,"node":"a","role":"scheduler","kind":"shard-taken","about":"shard 3","why":"it was free"}`, "rubbish", `{"time":9}`,
			`{"time":20,"node":"b","role":"scheduler","kind":"shard-taken","about":"shard 3","why":"its owner was silent"}`,
			`{"time":15,"node":"b","kind":"started","about":"`+"x"+`","why":""}`,
		)}}
		ctx, cancel := context.WithCancel(t.Context())
		log := &logFollower{}
		log.begin(ctx, m)
		synctest.Wait()
		shards := []shard{{Shard: 3, Owner: "b"}, {Shard: 4, Owner: "b"}, {Shard: 3, Owner: "a"}}
		log.explain(shards)
		if shards[0].Moved != 20 || shards[0].Why != "its owner was silent" || shards[1].Moved != 0 || shards[2].Moved != 0 {
			t.Errorf("shards %+v", shards)
		}
		var times []float64
		for _, d := range log.newest(2) {
			times = append(times, d.Time)
		}
		if diff := cmp.Diff([]float64{20, 15}, times); diff != "" {
			t.Error(diff)
		}
		cancel()
		synctest.Wait()
	})
}

func TestTheClusterLogIsSearched(t *testing.T) {
	var lines []string
	for i := range 3 * logFound {
		lines = append(lines, fmt.Sprintf(`{"time":%d,"node":"a","kind":"started","about":"x","why":"y"}`, i))
	}
	m := &Module{outlook: modules.Outlook{API: followed(lines...)}}
	got, err := m.engineLog(httptest.NewRequest(http.MethodGet, "/ui/data/engine/log?since=1h&follow=1", nil), sign.Person{})
	if err != nil {
		t.Fatal(err)
	}
	found := got.(map[string]any)["log"].([]deed)
	if len(found) != logFound || found[0].Time != 3*logFound-1 || got.(map[string]any)["more"] != true {
		t.Errorf("%d entries, the first %+v", len(found), found[0])
	}
	away := over(t, map[string]any{"/api/cluster/log": http.StatusServiceUnavailable})
	if _, err := away.engineLog(httptest.NewRequest(http.MethodGet, "/x", nil), sign.Person{}); err == nil || !strings.Contains(err.Error(), "it is away") {
		t.Errorf("a log that cannot be read: %v", err)
	}
}
