package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/web"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
	"github.com/onbu/onbu/scheduler/simulate"
)

// office is the inventories of a site: core before floor-1 and floor-2 with a server each, whose names are hostile. Where cut is set the
// second floor lies in another shard.
func office(cut bool) []*monitor.Inventory {
	base := monitor.Inventory{
		Generation: 1, Shards: 2, Args: [][]string{nil, {"arg"}}, Options: monitor.Options{Interval: time.Minute, Zone: "Europe/Berlin", HostCheckTimeout: time.Minute, ServiceCheckTimeout: time.Minute, NotificationTimeout: time.Minute},
		Commands: []monitor.Command{{Name: "check", Line: "check"}, {Name: "mail", Line: "mail $USER7$"}},
		Contacts: []monitor.Contact{{Name: "<i>ann</i>", Host: way(), Service: way()}, {Name: "boss", Host: way(), Service: way()}},
		Policies: []monitor.Policy{{
			MaxAttempts: 2, CheckInterval: time.Minute, RetryInterval: 30 * time.Second, CheckPeriod: monitor.None, NotificationPeriod: monitor.None, MaintenancePeriod: monitor.None, SnapshotPeriod: monitor.None,
			Switches: monitor.ActiveChecks | monitor.Notifications, NotificationOptions: monitor.OnDown | monitor.OnUnreachable | monitor.OnCritical | monitor.OnWarning | monitor.OnRecovery,
			NotificationInterval: 30 * time.Minute, Contacts: []uint32{0}, EventHandler: none(), Snapshot: none(), InitialState: monitor.Pending,
		}},
		Escalations: []monitor.Escalation{{First: 2, Interval: -1, Period: monitor.None, Options: monitor.OnDown | monitor.OnCritical, Contacts: []uint32{1}}},
	}
	base.Options.Program = monitor.Program{HostSwitches: ^monitor.Switch(0), ServiceSwitches: ^monitor.Switch(0)}
	host := func(name string, parents ...monitor.ID) monitor.Host {
		return monitor.Host{Name: name, Parents: parents, Check: monitor.Call{Command: 0}}
	}
	service := func(of monitor.ID) monitor.Service {
		return monitor.Service{Host: of, Description: `"quoted" <b>`, Check: monitor.Call{Command: 0, Args: 1}}
	}
	one, two := base, base
	two.Shard = 1
	escalated := []monitor.Escalated{{Object: 0, Escalations: []uint32{0}}}
	if !cut {
		one.Hosts = []monitor.Host{host("core"), host("floor-1", 0), host(`<script>"`, 1), host("floor-2", 0), host("far", 3)}
		one.Services = []monitor.Service{service(2), service(4)}
		one.Escalated = escalated
		return []*monitor.Inventory{&one, nil}
	}
	one.Hosts, one.Services, one.Escalated = []monitor.Host{host("core"), host("floor-1", 0), host(`<script>"`, 1)}, []monitor.Service{service(2)}, escalated
	two.Hosts, two.Services = []monitor.Host{host("floor-2"), host("far", 0)}, []monitor.Service{service(1)}
	two.Border, two.BorderEdges = []monitor.BorderHost{{Name: "core", Shard: 0}}, []monitor.Edge{{Child: 0, Parent: 3}}
	one.Watched = []monitor.Watched{{Host: 0, Shard: 1}}
	return []*monitor.Inventory{&one, &two}
}

func way() monitor.Way {
	return monitor.Way{Enabled: true, Period: monitor.None, Options: monitor.OnDown | monitor.OnCritical | monitor.OnWarning | monitor.OnRecovery, Commands: []monitor.Call{{Command: 1}}}
}

func none() monitor.Call { return monitor.Call{Command: monitor.None} }

// over gives the pages over a configuration, of which nothing is known but that.
func over(t *testing.T, all []*monitor.Inventory) http.Handler {
	t.Helper()
	s, c := modules.Read(&monitor.Module{Name: "pages", Type: "web"}), catalog.New(all)
	return web.New(s, modules.Env{Log: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet()}, modules.Outlook{
		Catalog: func() *catalog.Catalog { return c }, View: func() *view.Snapshot { return &view.Snapshot{} },
	}).(modules.Paged).Pages()
}

// told is one notification of an answer.
type told struct {
	At                                  float64
	Type, Host, Service, State, Contact string
	Number                              uint32
	Escalated                           bool
}

// answered is of an answer what tests compare.
type answered struct {
	Start, Tellings, Fallen, Problems int
	Offset                            int
	Told                              []told
	Dark                              []struct {
		Host, Service string
		Spans         []struct{ State string }
	}
	Roots  []struct{ Host string }
	Shards []int
}

func simulated(t *testing.T, h http.Handler, question string) (a answered, code int, text string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/ui/data/simulate", strings.NewReader(question)))
	text = w.Body.String()
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var one struct{ Foreseen *answered }
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		if one.Foreseen != nil {
			a = *one.Foreseen
		}
	}
	return a, w.Code, text
}

// What the page shows is what onbu simulate reports of the same configuration; a pack that is cut is played as a whole one.
func TestASimulationIsThatOfTheCommand(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	whole := office(false)[0]
	script, err := simulate.WhatIf("core", simulate.Frame{Inventory: whole, Zone: zone, Start: time.Date(2026, 3, 1, 3, 0, 0, 0, zone)})
	if err != nil {
		t.Fatal(err)
	}
	report, err := simulate.Run(context.Background(), whole, script, simulate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, n := range report.Notifications {
		want = append(want, fmt.Sprintf("%.3f %s %s/%s %s %s %d", time.Duration(n.At).Seconds(), n.Type, n.Host, n.Service, n.State, n.Contact, n.Number))
	}
	if len(want) < 5 {
		t.Fatalf("only %q: this shows nothing", want)
	}
	for _, cut := range []bool{false, true} {
		a, code, text := simulated(t, over(t, office(cut)), `{"host":"core","start":"2026-03-01T03:00"}`)
		if code != http.StatusOK {
			t.Fatalf("cut %v: %d %s", cut, code, text)
		}
		var got []string
		for _, n := range a.Told {
			got = append(got, fmt.Sprintf("%.3f %s %s/%s %s %s %d", n.At, n.Type, n.Host, n.Service, n.State, n.Contact, n.Number))
			if n.Escalated != (n.Contact == "boss") {
				t.Errorf("cut %v: %s is told by escalation: %v", cut, n.Contact, n.Escalated)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" && !cut {
			t.Errorf("notifications (-want +got)\n%s", diff)
		}
		if cut && (len(got) != len(want) || len(a.Shards) != 2) {
			t.Errorf("cut: shards %v, told %q, want %d as %q", a.Shards, got, len(want), want)
		}
		if a.Problems != report.Problems || len(a.Roots) != 1 || a.Roots[0].Host != "core" {
			t.Errorf("cut %v: %d problems, want %d; roots %v", cut, a.Problems, report.Problems, a.Roots)
		}
		if a.Offset != 3600 || a.Start != int(script.Start().Unix()) {
			t.Errorf("cut %v: begins at %d with %d, want %v", cut, a.Start, a.Offset, script.Start())
		}
	}
}

func TestSeveralHostsThatFailTogetherAreRootsEachAndWhatIsBehindThemIsNot(t *testing.T) {
	for _, cut := range []bool{false, true} {
		a, code, text := simulated(t, over(t, office(cut)), `{"host":"floor-1","also":[{"host":"floor-2"},{"host":"floor-1"},{"host":"far","service":"\"quoted\" <b>"},{"host":"floor-2"}],"lasts":600,"look":3600}`)
		if code != http.StatusOK {
			t.Fatalf("cut %v: %d %s", cut, code, text)
		}
		var roots []string
		for _, r := range a.Roots {
			roots = append(roots, r.Host)
		}
		slices.Sort(roots)
		if diff := cmp.Diff([]string{"floor-1", "floor-2"}, roots); diff != "" {
			t.Errorf("cut %v: roots %s", cut, diff)
		}
		if !strings.Contains(text, `"also":[{"host":"floor-2","service":""},{"host":"far","service":"\"quoted\" \u003cb\u003e"}]`) {
			t.Errorf("cut %v: the answer does not say what failed too, each once: %s", cut, text)
		}
		if last := a.Dark[0].Spans[len(a.Dark[0].Spans)-1]; last.State != "UP" {
			t.Errorf("cut %v: it ends as %s", cut, last.State)
		}
	}
}

func TestASimulationOfAServiceWithAHostileNameInADowntimeTellsNobody(t *testing.T) {
	const service = `"host":"<script>\"","service":"\"quoted\" <b>","state":"warning","lasts":600,"look":3600`
	h := over(t, office(false))
	a, code, text := simulated(t, h, "{"+service+"}")
	if code != http.StatusOK || a.Tellings != 2 || a.Told[0].State != "WARNING" || a.Told[1].Type != "RECOVERY" || a.Fallen != 1 || a.Dark[0].Host != `<script>"` {
		t.Errorf("%d: %s", code, text)
	}
	problem := func(n told) bool { return n.Type == "PROBLEM" }
	if a, _, text := simulated(t, h, "{"+service+`,"downtime":3600}`); slices.ContainsFunc(a.Told, problem) || a.Problems != 1 {
		t.Errorf("in a downtime: %s", text)
	}
	if strings.Contains(text, "USER7") {
		t.Errorf("the answer has command lines in it, which may have passwords: %s", text)
	}
}

func TestSimulationsThatCannotBe(t *testing.T) {
	far := office(true)
	far[1].Contacts = nil
	huge := office(false)
	huge[0].Policies[0].CheckInterval = time.Second
	for _, tt := range []struct {
		name, question string
		all            []*monitor.Inventory
		code           int
		says           string
	}{
		{"no JSON", `{"host`, office(false), http.StatusBadRequest, "no JSON"},
		{"no such host", `{"host":"<b>"}`, office(false), http.StatusConflict, `there is no host`},
		{"no such service", `{"host":"core","service":"x"}`, office(false), http.StatusBadRequest, `no service`},
		{"no such other host", `{"host":"core","also":[{"host":"<b>"}]}`, office(false), http.StatusConflict, `there is no host`},
		{"too many", `{"host":"core","also":[` + strings.Repeat(`{"host":"far"},`, 49) + `{"host":"far"}]}`, office(false), http.StatusBadRequest, "at most 50"},
		{"no such state", `{"host":"core","state":"PENDING"}`, office(false), http.StatusBadRequest, "WARNING, CRITICAL or UNKNOWN"},
		{"no date", `{"host":"core","start":"soon"}`, office(false), http.StatusBadRequest, "no beginning"},
		{"too long", `{"host":"core","look":99999999}`, office(false), http.StatusBadRequest, "no further than 14 days"},
		{"too short", `{"host":"core","lasts":-1}`, office(false), http.StatusBadRequest, "-1 seconds"},
		{"too much", `{"host":"core","look":1209600}`, huge, http.StatusRequestEntityTooLarge, "8 million times"},
		{"a reload is under way", `{"host":"core"}`, far, http.StatusConflict, "try again in some seconds"},
	} {
		if _, code, text := simulated(t, over(t, tt.all), tt.question); code != tt.code || !strings.Contains(text, tt.says) {
			t.Errorf("%s: got %d %s, want %d with %q", tt.name, code, text, tt.code, tt.says)
		}
	}
}

func TestASimulationEndsWithItsPage(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/ui/data/simulate", strings.NewReader(`{"host":"core","look":1209600}`)).WithContext(ctx)
	over(t, office(false)).ServeHTTP(w, r)
	if strings.Contains(w.Body.String(), "foreseen") {
		t.Errorf("it went on to the end: %d bytes", w.Body.Len())
	}
}

func TestAnotherSitesPageCannotSimulate(t *testing.T) {
	r := httptest.NewRequest("POST", "/ui/data/simulate", strings.NewReader(`{"host":"core"}`))
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	over(t, office(false)).ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}
