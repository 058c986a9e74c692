package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/VictoriaMetrics/metrics"
	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/web"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// engine is what the pages look at: a view that tests change, and a configuration.
type engine struct {
	mu   sync.Mutex
	view *view.View
	all  *catalog.Catalog
	m    modules.Exporter
}

func newEngine(t testing.TB, inv *monitor.Inventory) *engine {
	t.Helper()
	e := &engine{view: view.New(), all: catalog.New([]*monitor.Inventory{inv})}
	s := modules.Read(&monitor.Module{Name: "pages", Type: "web"})
	e.m = web.New(s, modules.Env{Log: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet()}, modules.Outlook{
		Catalog: func() *catalog.Catalog { return e.all },
		View: func() *view.Snapshot {
			e.mu.Lock()
			defer e.mu.Unlock()
			return e.view.Snapshot()
		},
	})
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *engine) pages() http.Handler { return e.m.(modules.Paged).Pages() }

func (e *engine) put(all ...monitor.Status) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range all {
		all[i].Type = monitor.Hard
	}
	e.view.Fill(all, monitor.Time(1<<40))
}

func (e *engine) apply(b monitor.Brok) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.view.Apply(&b)
}

// row is what tests look at of a problem.
type row struct {
	Host, Service, Alias, State, Output string
	Handled, Unsure, Flapping           bool
	Attempt, Attempts                   int
	Told                                int
	Whom                                []string
	Ack, Downtime, HostDowntime         *struct {
		By, Text string
		Until    int64
	}
	Behind   string
	Comments int
	Impacts  map[string]int
	Fit      *int
}

type list struct {
	Total                                    int
	Rows                                     []row
	States                                   map[string]int
	Open, Handled, Hosts, Services, Troubled int
	Error                                    string
}

func (e *engine) get(t *testing.T, path string) (l list) {
	t.Helper()
	w := ask(e.pages(), "GET", "/ui/data/"+path)
	if err := json.Unmarshal(w.Body.Bytes(), &l); err != nil {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	if (l.Error == "") != (w.Code == http.StatusOK) {
		t.Errorf("%s: %d with the error %q", path, w.Code, l.Error)
	}
	return l
}

func names(rows []row) string {
	var all []string
	for _, r := range rows {
		all = append(all, strings.TrimSuffix(r.Host+"/"+r.Service, "/"))
	}
	return strings.Join(all, " ")
}

const second = monitor.Time(1e9)

// storm is a switch with two machines behind it, and a problem that somebody has taken on.
func storm(t testing.TB) *engine {
	none := monitor.Call{Command: monitor.None}
	e := newEngine(t, &monitor.Inventory{
		Generation: 1, Policies: []monitor.Policy{{}},
		Hosts: []monitor.Host{{Name: "core", Alias: "Core switch", Address: "10.0.0.1", Check: none}, {Name: "db", Check: none}, {Name: "web", Check: none}},
		Services: []monitor.Service{
			{Host: 1, Description: "raid", Check: none}, {Host: 1, Description: "sql", Check: none}, {Host: 2, Description: "http", Check: none},
		},
		HostGroups: []monitor.Group{{Name: "floor 2", Members: []monitor.ID{1}}},
	})
	e.put(
		monitor.Status{Ref: monitor.Ref{Host: "core"}, State: monitor.Down, Problem: true, Output: "no answer", ProblemID: 7, NotificationNumber: 2, LastNotification: 50 * second, Switches: monitor.Notifications},
		monitor.Status{Ref: monitor.Ref{Host: "web"}, State: monitor.Unreachable, Impact: true, Sources: []monitor.Ref{{Host: "core"}}},
		monitor.Status{Ref: monitor.Ref{Host: "web", Service: "http"}, State: monitor.Unknown, Impact: true, Sources: []monitor.Ref{{Host: "core"}}},
		monitor.Status{Ref: monitor.Ref{Host: "db"}},
		monitor.Status{Ref: monitor.Ref{Host: "db", Service: "raid"}, State: monitor.Critical, Problem: true, Ack: monitor.AckSticky, DowntimeDepth: 1},
		monitor.Status{Ref: monitor.Ref{Host: "db", Service: "sql"}},
	)
	raid := monitor.Ref{Host: "db", Service: "raid"}
	e.apply(monitor.Brok{Kind: monitor.BrokComment, Comment: &monitor.Comment{ID: 1, Ref: raid, Author: "anna", Text: "a disk is on its way", Kind: monitor.CommentAck}})
	e.apply(monitor.Brok{Kind: monitor.BrokComment, Comment: &monitor.Comment{ID: 2, Ref: raid, Author: "ben", Text: "again", Kind: monitor.CommentUser}})
	e.apply(monitor.Brok{Kind: monitor.BrokDowntime, Downtime: &monitor.Downtime{ID: 3, Ref: raid, Author: "ben", Comment: "swap", Began: second, End: 90 * second}})
	return e
}

func TestProblemsAreRootsWithWhatFollows(t *testing.T) {
	e := storm(t)
	l := e.get(t, "problems")
	if names(l.Rows) != "core" || l.Total != 1 || l.Open != 1 || l.Handled != 1 || l.Hosts != 3 || l.Services != 3 || l.Troubled != 4 {
		t.Fatalf("got %+v", l)
	}
	core := l.Rows[0]
	if core.State != "DOWN" || core.Alias != "Core switch" || core.Output != "no answer" || core.Told != 2 || core.Handled {
		t.Errorf("the switch: %+v", core)
	}
	if diff := cmp.Diff(map[string]int{"UNREACHABLE": 1, "UNKNOWN": 1}, core.Impacts); diff != "" {
		t.Error(diff)
	}
	if got := names(e.get(t, "problems/impacts?host=core").Rows); got != "web web/http" {
		t.Errorf("behind the switch are %s", got)
	}
	if l := e.get(t, "problems/impacts?host=core&offset=1&limit=1"); names(l.Rows) != "web/http" || l.Total != 2 {
		t.Errorf("the second part of what is behind: %+v", l)
	}
	if l := e.get(t, "problems/impacts?host=nobody"); l.Rows == nil || l.Total != 0 {
		t.Errorf("of what is no problem: %+v", l)
	}
}

func TestTheTallyCountsOpenRoots(t *testing.T) {
	if w := ask(storm(t).pages(), "GET", "/ui/data/tally"); w.Body.String() != `{"DOWN":1}`+"\n" {
		t.Errorf("got %s", w.Body)
	}
}

func TestWhoKnowsOfAProblemIsSaid(t *testing.T) {
	raid := storm(t).get(t, "problems?handled=handled").Rows[0]
	if raid.Ack == nil || raid.Ack.By != "anna" || raid.Ack.Text != "a disk is on its way" || raid.Comments != 1 || !raid.Handled {
		t.Errorf("acknowledged: %+v, %+v", raid, raid.Ack)
	}
	if raid.Downtime == nil || raid.Downtime.By != "ben" || raid.Downtime.Until != 90 || raid.HostDowntime != nil {
		t.Errorf("in downtime: %+v", raid.Downtime)
	}
}

func TestWhoWasToldOfThisProblemIsSaid(t *testing.T) {
	e := storm(t)
	tell := func(contact, kind string, problem uint64) {
		b := monitor.Brok{Kind: monitor.BrokNotification, Action: &monitor.Action{Ref: monitor.Ref{Host: "core"}, Contact: contact, Notice: &monitor.Notice{Type: kind, Problem: problem}}}
		if err := e.m.Export(t.Context(), []monitor.Brok{b, {Kind: monitor.BrokCheck}}); err != nil {
			t.Fatal(err)
		}
	}
	whom := func() string { return strings.Join(e.get(t, "problems").Rows[0].Whom, " ") }
	tell("old", "PROBLEM", 6)
	if got := whom(); got != "" {
		t.Errorf("of an older problem was told %q", got)
	}
	tell("anna", "PROBLEM", 7)
	tell("ben", "PROBLEM", 7)
	tell("anna", "PROBLEM", 7)
	tell("carla", "DOWNTIMESTART", 7)
	if got := whom(); got != "anna ben" {
		t.Errorf("told were %q", got)
	}
	tell("anna", "RECOVERY", 7)
	if got := whom(); got != "" {
		t.Errorf("after it was over: %q", got)
	}
}

func TestFiltersAreThoseOfThePage(t *testing.T) {
	e := storm(t)
	for query, want := range map[string]string{
		"": "core", "handled=all": "core db/raid", "handled=handled": "db/raid", "state=unreachable": "core", "state=CRITICAL,WARNING&handled=all": "db/raid",
		"q=Web": "core", "q=core+switch": "core", "q=sql": "", "hostgroup=floor+2&handled=all": "db/raid", "servicegroup=none": "", "soft=0&sort=name&handled=all": "core db/raid",
		"handled=all&sort=oldest&offset=1&limit=1": "db/raid", "offset=70": "",
	} {
		if got := names(e.get(t, "problems?"+query).Rows); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	if fit := e.get(t, "problems?q=http").Rows[0].Fit; fit == nil || *fit != 1 {
		t.Errorf("one of the impacts fits, got %v", fit)
	}
	for _, query := range []string{"state=BROKEN", "handled=perhaps", "soft=2", "sort=mood", "limit=0", "limit=501", "offset=-1", "color=red", "q=" + strings.Repeat("a", 300), "q=a+b+c+d+e+f+g+h+i"} {
		if l := e.get(t, "problems?"+query); l.Error == "" {
			t.Errorf("%s is not refused: %+v", query, l)
		}
	}
}

func TestWhatIsFineIsFound(t *testing.T) {
	e := storm(t)
	if l := e.get(t, "find?q=DB"); names(l.Rows) != "db" || l.Rows[0].State != "UP" || l.Total != 1 {
		t.Errorf("got %+v", l)
	}
	if l := e.get(t, "find?q=s&limit=1"); len(l.Rows) != 1 {
		t.Errorf("one is asked for, got %+v", l)
	}
	for _, query := range []string{"limit=0", "q=" + strings.Repeat("a", 300)} {
		if l := e.get(t, "find?"+query); l.Error == "" {
			t.Errorf("%s is not refused", query)
		}
	}
}

// Names and outputs are what somebody else wrote: they come as they are, and as data.
func TestHostileNamesAreData(t *testing.T) {
	e := storm(t)
	name := `</script><img src=x onerror=alert(1)>&host=core` + "\u2028\x00\xff"
	e.put(monitor.Status{Ref: monitor.Ref{Host: name, Service: name}, State: monitor.Critical, Problem: true, Output: strings.Repeat("ü", 5000)})
	w := ask(e.pages(), "GET", "/ui/data/problems?q=onerror")
	if strings.Contains(w.Body.String(), "<img") || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
	l := e.get(t, "problems?q=onerror")
	if len(l.Rows) != 1 || l.Rows[0].Host != strings.ToValidUTF8(name, "\ufffd") || l.Rows[0].Output != strings.Repeat("ü", 200)+"…" {
		t.Errorf("got %+v", l)
	}
	if l := e.get(t, "problems/impacts?"+url.Values{"host": {name}, "service": {name}}.Encode()); l.Total != 0 {
		t.Errorf("nothing is behind it, got %+v", l)
	}
}

// event is one that a page gets.
type event struct {
	name string
	data struct {
		Numbers *list
		Order   []string
		Rows    []row
		Empty   bool
	}
}

// follow opens a page and gives its events.
func (e *engine) follow(t *testing.T, query string) (next func() event) {
	t.Helper()
	return e.followFrom(t, "127.0.0.1", query)
}

// followFrom is follow for somebody at an address.
func (e *engine) followFrom(t *testing.T, address, query string) (next func() event) {
	t.Helper()
	pages := e.pages()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = address + ":99"
		pages.ServeHTTP(w, r)
	}))
	ctx, end := context.WithCancel(t.Context())
	t.Cleanup(func() { end(); s.Close() })
	r, err := http.NewRequestWithContext(ctx, "GET", s.URL+"/ui/data/problems/live?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("status %s", answer.Status)
	}
	lines := bufio.NewScanner(answer.Body)
	return func() (got event) {
		for lines.Scan() {
			if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				got.name = name
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && got.name != "breath" {
				if err := json.Unmarshal([]byte(data), &got.data); err != nil {
					t.Fatal(err)
				}
				return got
			}
		}
		t.Fatal("the stream ended: ", lines.Err())
		return got
	}
}

func TestAPageGetsAllOnceAndThenWhatChanges(t *testing.T) {
	e := storm(t)
	next := e.follow(t, "handled=all")
	first := next()
	if first.name != "whole" || names(first.data.Rows) != "core db/raid" || len(first.data.Order) != 2 || first.data.Numbers.Total != 2 {
		t.Fatalf("at first %+v", first)
	}
	e.put(monitor.Status{Ref: monitor.Ref{Host: "db", Service: "raid"}, State: monitor.Warning, Problem: true, Ack: monitor.AckSticky, DowntimeDepth: 1})
	if c := next(); c.name != "change" || names(c.data.Rows) != "db/raid" || c.data.Order != nil || c.data.Numbers == nil || c.data.Rows[0].State != "WARNING" {
		t.Errorf("when one has changed: %+v", c)
	}
	e.put(monitor.Status{Ref: monitor.Ref{Host: "core"}}, monitor.Status{Ref: monitor.Ref{Host: "web"}}, monitor.Status{Ref: monitor.Ref{Host: "web", Service: "http"}})
	if c := next(); len(c.data.Rows) != 0 || cmp.Diff([]string{"db\nraid"}, c.data.Order) != "" || c.data.Numbers.Troubled != 1 {
		t.Errorf("when one is gone: %+v", c)
	}
	e.put(monitor.Status{Ref: monitor.Ref{Host: "db", Service: "raid"}})
	if c := next(); !c.data.Empty || c.data.Order != nil || c.data.Numbers.Total != 0 {
		t.Errorf("when all is well: %+v", c)
	}
}

func TestSoManyDifferentFiltersAndNoMore(t *testing.T) {
	e := storm(t)
	for i := range 128 {
		e.followFrom(t, fmt.Sprint("127.0.0.", 2+i/48), fmt.Sprintf("q=%d", i))()
	}
	e.follow(t, "q=5")() // which somebody has open already
	s := httptest.NewServer(e.pages())
	defer s.Close()
	answer, err := http.Get(s.URL + "/ui/data/problems/live?q=another")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %s", answer.Status)
	}
}

// large is a site of 100,000 services, 10,000 of which are problems.
func large(b testing.TB) *engine {
	inv := &monitor.Inventory{Generation: 1, Policies: []monitor.Policy{{}}}
	var all []monitor.Status
	for h := range 10000 {
		host := fmt.Sprintf("host-%05d", h)
		inv.Hosts = append(inv.Hosts, monitor.Host{Name: host, Alias: "machine " + host})
		all = append(all, monitor.Status{Ref: monitor.Ref{Host: host}})
		for n := range 10 {
			inv.Services = append(inv.Services, monitor.Service{Host: monitor.ID(h), Description: fmt.Sprintf("service-%d", n)})
			s := monitor.Status{Ref: monitor.Ref{Host: host, Service: fmt.Sprintf("service-%d", n)}}
			if n == 5 {
				s.State, s.Problem, s.LastChange, s.Output = monitor.Critical, true, monitor.Time(h)*second, "CRITICAL - 4711 of 9999 wait in the queue, the oldest since 3 hours"
			}
			all = append(all, s)
		}
	}
	e := newEngine(b, inv)
	e.put(all...)
	return e
}

func BenchmarkProblems(b *testing.B) {
	h := large(b).pages()
	for _, query := range []string{"", "limit=500", "q=host-07+queue"} {
		b.Run(query, func(b *testing.B) {
			size := 0
			for b.Loop() {
				size = ask(h, "GET", "/ui/data/problems?"+query).Body.Len()
			}
			b.ReportMetric(float64(size), "bytes")
		})
	}
}
