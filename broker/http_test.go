package broker_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor"
)

// get asks the broker's API, which must answer with that code and JSON, and gives the text.
func (s *site) get(path string, code int, into any) string {
	s.t.Helper()
	time.Sleep(20 * time.Millisecond) // in the bubble; what is shown may be some milliseconds old
	mux := http.NewServeMux()
	s.broker.Handle(mux)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	body := w.Body.String()
	if w.Code != code {
		s.t.Errorf("%s: %d, want %d: %s", path, w.Code, code, body)
		return body
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		s.t.Errorf("%s: Content-Type %q", path, got)
	}
	if got := w.Header().Get("X-Content-Type-Options"); got != "nosniff" {
		s.t.Errorf("%s: X-Content-Type-Options %q", path, got)
	}
	if err := json.Unmarshal([]byte(body), into); err != nil {
		s.t.Errorf("%s: %v in %s", path, err, body)
	}
	return body
}

// refuses asks for something that the API refuses with words that contain hint.
func (s *site) refuses(path string, code int, hint string) {
	s.t.Helper()
	var said struct{ Error string }
	s.get(path, code, &said)
	if !strings.Contains(said.Error, hint) {
		s.t.Errorf("%s: %q, want %q", path, said.Error, hint)
	}
}

// full is a status with every field set that the API shows.
func full() monitor.Status {
	return monitor.Status{
		Ref: monitor.Ref{Host: "web", Service: "http"}, State: monitor.Critical, Type: monitor.Soft, Attempt: 2, MaxAttempts: 3,
		CheckType: monitor.Passive, Ack: monitor.AckSticky, Flapping: true, DowntimeDepth: 4,
		Switches:  monitor.Notifications | monitor.ActiveChecks | monitor.PassiveChecks,
		LastCheck: 1_700_000_000_500_000_000, NextCheck: 1_700_000_060_000_000_000, LastChange: 1_600_000_000_000_000_000,
		Latency: 1500 * time.Microsecond, Execution: 2 * time.Second, Module: "http", Poller: "p1",
		Output: "it <b>burns</b>", LongOutput: "a\nb", Perfdata: "t=1s",
	}
}

func fullJSON() map[string]any {
	return map[string]any{
		"host": "web", "service": "http", "state": "CRITICAL", "state_type": "SOFT", "attempt": 2.0, "max_attempts": 3.0,
		"output": "it <b>burns</b>", "long_output": "a\nb", "perfdata": "t=1s",
		"last_check": 1700000000.5, "next_check": 1700000060.0, "last_state_change": 1600000000.0,
		"latency": 0.0015, "execution_time": 2.0, "check_type": "passive", "module": "http", "poller": "p1",
		"acknowledged": true, "downtime_depth": 4.0, "flapping": true,
		"notifications_enabled": true, "active_checks_enabled": true, "passive_checks_enabled": true,
	}
}

func TestObjectsHaveAllTheirFields(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(1, map[string]monitor.Shard{"web": 0})
		s.own(0, status("web", monitor.Unreachable), full())
		stop := s.run()
		var services []map[string]any
		s.get("/api/services", 200, &services)
		if diff := cmp.Diff([]map[string]any{fullJSON()}, services); diff != "" {
			t.Error(diff)
		}
		var hosts []map[string]any
		s.get("/api/hosts", 200, &hosts)
		want := map[string]any{
			"host": "web", "state": "UNREACHABLE", "state_type": "HARD", "attempt": 1.0, "max_attempts": 3.0,
			"output": "", "long_output": "", "perfdata": "", "last_check": 0.0, "next_check": 0.0, "last_state_change": 0.0,
			"latency": 0.0, "execution_time": 0.0, "check_type": "active", "module": "", "poller": "",
			"acknowledged": false, "downtime_depth": 0.0, "flapping": false,
			"notifications_enabled": false, "active_checks_enabled": false, "passive_checks_enabled": false,
		}
		if diff := cmp.Diff([]map[string]any{want}, hosts); diff != "" {
			t.Error(diff)
		}
		stop()
	})
}

func TestFilters(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(1, map[string]monitor.Shard{"a": 0, "b": 0})
		s.own(0,
			status("a", monitor.Up), status("a/1", monitor.OK), status("a/2", monitor.Warning),
			status("b", monitor.Down), status("b/1", monitor.Critical), status("b/2", monitor.Pending),
		)
		stop := s.run()
		for path, want := range map[string]string{
			"/api/hosts":                               "a b",
			"/api/hosts?problems=1":                    "b",
			"/api/hosts?problems=0":                    "a b",
			"/api/hosts?problems=false":                "a b",
			"/api/hosts?host=a":                        "a",
			"/api/hosts?host=nobody":                   "",
			"/api/hosts?state=down":                    "b",
			"/api/hosts?state=CRITICAL":                "",
			"/api/services":                            "a/1 a/2 b/1 b/2",
			"/api/services?problems=1":                 "a/2 b/1",
			"/api/services?host=b&state=PENDING":       "b/2",
			"/api/services?state=WARNING&problems=yes": "refused",
			"/api/services?problems=1&host=a":          "a/2",
		} {
			var objects []struct{ Host, Service string }
			if want == "refused" {
				s.refuses(path, 400, "problems=1")
				continue
			}
			if body := s.get(path, 200, &objects); !strings.HasPrefix(body, "[") {
				t.Errorf("%s gives %s, want an array", path, body)
			}
			var names []string
			for _, o := range objects {
				names = append(names, monitor.Ref{Host: o.Host, Service: o.Service}.String())
			}
			if got := strings.Join(names, " "); got != want {
				t.Errorf("%s gives %q, want %q", path, got, want)
			}
		}
		s.refuses("/api/hosts?hsot=a", 400, "unknown filter hsot; use host=, state= or problems=1")
		s.refuses("/api/services?state=critcal", 400, "no state is called critcal")
		var tally struct{ Hosts, Services map[string]int }
		s.get("/api/summary", 200, &tally)
		if diff := cmp.Diff(map[string]int{"OK": 1, "WARNING": 1, "CRITICAL": 1, "PENDING": 1}, tally.Services); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(map[string]int{"UP": 1, "DOWN": 1}, tally.Hosts); diff != "" {
			t.Error(diff)
		}
		stop()
	})
}

func TestEmptyListsAreArrays(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		stop := s.run()
		for _, path := range []string{"/api/hosts", "/api/services", "/api/downtimes", "/api/comments"} {
			var list []any
			if body := s.get(path, 200, &list); body != "[]\n" {
				t.Errorf("%s gives %q", path, body)
			}
		}
		var tally map[string]any
		if body := s.get("/api/summary", 200, &tally); body != `{"hosts":{},"services":{},"warnings":[],"piggyback":{"sources":0,"orphans":0,"waiting":{}}}`+"\n" {
			t.Errorf("summary: %s", body)
		}
		stop()
	})
}

func TestExplainShowsWhatTheOwnerSays(t *testing.T) {
	inSite(t, func(t *testing.T, s *site) {
		s.enforce(1, map[string]monitor.Shard{"web": 0})
		o, _ := s.own(0)
		o.explain = &monitor.Explanation{
			Status: full(), Shard: 3, Epoch: 77, Command: "check_http!/", Line: "check_http -H web", Pool: "EU", Checking: "active every 5m0s",
			InFlight: true, Sent: 5e9, Period: "work", PeriodNow: true, Why: []string{"its host is down"},
			Parents:  []monitor.Neighbour{{Ref: monitor.Ref{Host: "gw"}, State: monitor.Down, Type: monitor.Hard, Check: 4e9}},
			Children: []monitor.Neighbour{{Ref: monitor.Ref{Host: "shop", Service: "all"}, State: monitor.Critical, Type: monitor.Soft, Check: 4e9}},
			Masters:  []monitor.Neighbour{{Ref: monitor.Ref{Host: "db", Service: "sql"}, State: monitor.Unknown, Type: monitor.Hard, Check: 4e9}},
			Roots:    []monitor.Neighbour{{Ref: monitor.Ref{Host: "gw"}, State: monitor.Down, Type: monitor.Hard, Check: 4e9}},
			Impacts:  []monitor.Neighbour{{Ref: monitor.Ref{Host: "lan"}, State: monitor.Unreachable, Type: monitor.Hard, Check: 4e9}}, ImpactCount: 101,
			Told:      []monitor.Telling{{Time: 3e9, Contact: "ann", Type: "PROBLEM", Number: 2, Command: "mail"}},
			Downtimes: []monitor.Downtime{{ID: 1, Ref: monitor.Ref{Host: "web", Service: "http"}, Start: 1e9}},
			Comments:  []monitor.Comment{{ID: 2, Ref: monitor.Ref{Host: "web"}, Text: "x"}},
			Untold:    []monitor.Untold{{Contact: "ann"}, {Contact: "bob", Why: "away"}},
		}
		stop := s.run()
		var got map[string]any
		s.get("/api/explain?host=web&service=http", 200, &got)
		want := fullJSON()
		for name, value := range map[string]any{
			"shard": 3.0, "epoch": 77.0, "check_command": "check_http!/", "command_line": "check_http -H web", "poller_tag": "EU",
			"checking": "active every 5m0s", "check_under_way": true, "check_sent": 5.0, "check_period": "work", "in_check_period": true,
			"parents":      []any{map[string]any{"host": "gw", "state": "DOWN", "state_type": "HARD", "last_check": 4.0}},
			"children":     []any{map[string]any{"host": "shop", "service": "all", "state": "CRITICAL", "state_type": "SOFT", "last_check": 4.0}},
			"depends_on":   []any{map[string]any{"host": "db", "service": "sql", "state": "UNKNOWN", "state_type": "HARD", "last_check": 4.0}},
			"roots":        []any{map[string]any{"host": "gw", "state": "DOWN", "state_type": "HARD", "last_check": 4.0}},
			"impacts":      []any{map[string]any{"host": "lan", "state": "UNREACHABLE", "state_type": "HARD", "last_check": 4.0}},
			"impact_count": 101.0,
			"why":          []any{"its host is down"},
			"told":         []any{map[string]any{"time": 3.0, "contact": "ann", "type": "PROBLEM", "number": 2.0, "command": "mail"}},
			"downtimes": []any{map[string]any{
				"id": 1.0, "host": "web", "service": "http", "author": "", "comment": "", "start": 1.0, "end": 0.0, "fixed": false, "duration": 0.0, "began": 0.0,
			}},
			"comments": []any{map[string]any{"id": 2.0, "host": "web", "author": "", "text": "x", "entered": 0.0, "persistent": false}},
			"contacts": []any{map[string]any{"contact": "ann"}, map[string]any{"contact": "bob", "not_told_because": "away"}},
		} {
			want[name] = value
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		o.set(func() { o.explain = &monitor.Explanation{Status: status("web", monitor.Up)} })
		body := s.get("/api/explain?host=web", 200, &got)
		if strings.Contains(body, "null") {
			t.Errorf("a null in %s", body)
		}
		asked := o.questions()
		if ref := asked[len(asked)-1].Ref; ref != (monitor.Ref{Host: "web"}) {
			t.Errorf("the owner was asked about %v", ref)
		}
		stop()
	})
}

func TestExplainSaysWhyItCannot(t *testing.T) {
	inSite(t, func(_ *testing.T, s *site) {
		stop := s.run()
		s.refuses("/api/explain?host=web1", 503, "no configuration yet")
		s.enforce(2, map[string]monitor.Shard{"web1": 0, "web2": 0, "db": 1})
		s.own(0)
		time.Sleep(time.Second)
		s.refuses("/api/explain", 400, "?host=HOST")
		s.refuses("/api/explain?host=WEB", 404, "no host is called WEB; there are web1, web2")
		s.refuses("/api/explain?host=mail", 404, "no host is called mail")
		s.refuses("/api/explain?host=web1&service=nix", 404, "web1 has no service called nix")
		s.refuses("/api/explain?host=web1", 503, "has not loaded it yet")
		s.refuses("/api/explain?host=db", 503, "no scheduler owns")
		stopSilent, err := s.bus.Subscribe(bus.Ask(1), func(bus.Msg) {})
		s.must(err)
		s.refuses("/api/explain?host=db", 502, "asking the owner of shard 1")
		stopSilent()
		stop()
	})
}
