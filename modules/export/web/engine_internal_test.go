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

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/standing"
	"github.com/onbu/onbu/broker/tempo"
	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/web/sign"
	"github.com/onbu/onbu/monitor/api"
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
	return &Module{outlook: modules.Outlook{API: mux, View: func() *view.Snapshot { return &view.Snapshot{} }}}
}

// well is what the API says of an engine without any trouble.
func well() map[string]any {
	return map[string]any{
		"/api/nodes": []api.Role{
			{Node: "a", Role: "scheduler", State: "up", Mode: "M", Shards: []uint16{0, 1}},
			{Node: "a", Role: "poller", State: "up"},
			{Node: "b", Role: "scheduler", State: "up", Mode: "S"},
			{Node: "gone", Role: "poller", State: "ended", Seen: 1},
		},
		"/api/shards":     []api.Shard{{Shard: 0, Hosts: 3, Owner: "a", Epoch: 7}, {Shard: 1, Owner: "a", Epoch: 8}},
		"/api/queues":     []api.Queue{{Name: "results", Unit: "messages"}, {Name: "jobs", Of: "a", Waiting: 3, Unit: "jobs", Since: 5}},
		"/api/exports":    []api.Export{{Module: "old", Forgotten: 9, Streams: []api.Stream{}}},
		"/api/checks":     tempo.Report{All: tempo.Module{Rate: 5210.4, Latency: tempo.Spread{P99: .012}}},
		"/api/nodes/gaps": []api.Gap{},
		"/api/bus":        api.Bus{Known: true, Leader: "a", Servers: []string{"a"}},
		"/api/summary":    map[string]any{"warnings": []string{}},
	}
}

func TestTheEngineIsPutTogetherOfItsParts(t *testing.T) {
	e := over(t, well()).lookAtEngine(t.Context(), &logFollower{})
	want := "2 nodes, all up · 2 shards owned · 5\u2009210 checks/s, p99 12 ms late · queues short"
	if !e.Well || e.Line != want || len(e.Troubles) != 0 || len(e.Missing) != 0 {
		t.Errorf("got %q, well %t, troubles %+v, missing %v", e.Line, e.Well, e.Troubles, e.Missing)
	}
}

func TestAPartThatDoesNotAnswerHoldsUpNoOther(t *testing.T) {
	answers := well()
	answers["/api/exports"] = http.StatusServiceUnavailable
	delete(answers, "/api/shards")
	answers["/api/checks"] = "rubbish"
	e := over(t, answers).lookAtEngine(t.Context(), &logFollower{})
	if e.Well || len(e.Roles) != 4 || len(e.Missing) != 3 || !strings.Contains(e.Missing["exports"], "it is away") || e.Shards == nil {
		t.Errorf("roles %v, missing %v", e.Roles, e.Missing)
	}
	said := over(t, well()).lookAtEngine(t.Context(), &logFollower{}, "the users file is wrong")
	if n := len(said.Troubles); n == 0 || said.Troubles[n-1].Text != "the users file is wrong" {
		t.Errorf("what is wrong with the pages is not among the troubles: %+v", said.Troubles)
	}
	if e := (&Module{}).lookAtEngine(t.Context(), &logFollower{}); len(e.Missing) != 8 {
		t.Errorf("without an API: missing %v", e.Missing)
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
		shards := []standing.Shard{{Shard: api.Shard{Shard: 3, Owner: "b"}}, {Shard: api.Shard{Shard: 4, Owner: "b"}}, {Shard: api.Shard{Shard: 3, Owner: "a"}}}
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
	found := got.(map[string]any)["log"].([]api.Deed)
	if len(found) != logFound || found[0].Time != 3*logFound-1 || got.(map[string]any)["more"] != true {
		t.Errorf("%d entries, the first %+v", len(found), found[0])
	}
	away := over(t, map[string]any{"/api/cluster/log": http.StatusServiceUnavailable})
	if _, err := away.engineLog(httptest.NewRequest(http.MethodGet, "/x", nil), sign.Person{}); err == nil || !strings.Contains(err.Error(), "it is away") {
		t.Errorf("a log that cannot be read: %v", err)
	}
}
