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
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/web"
	"github.com/onbu/onbu/modules/export/web/points"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// nasty is a name that would be markup, a path and two lines if somebody took it for that.
const nasty = "<img src=x onerror=alert(1)>/../\"'&%00\n"

// site is an engine with a few hosts, whose present a test changes.
type site struct {
	mu      sync.Mutex
	view    *view.View
	catalog *catalog.Catalog
	asked   string // of the API
	api     *http.ServeMux
}

func newSite() *site {
	inv := &monitor.Inventory{
		Shards:      1,
		Timeperiods: []monitor.Timeperiod{{Name: "always"}},
		Contacts:    []monitor.Contact{{Name: "ada"}},
		Commands:    []monitor.Command{{Name: "check_ping"}},
		Args:        [][]string{nil},
		Policies: []monitor.Policy{{
			CheckInterval: time.Minute, CheckPeriod: 0, NotificationPeriod: monitor.None, Contacts: []uint32{0},
			NotesURL: "https://wiki.example.org/?host=$HOSTNAME$", ActionURL: "javascript:alert(1)",
		}},
		Hosts: []monitor.Host{
			{Name: "web", Address: "192.0.2.1", Notes: nasty, Check: monitor.Call{Command: 0}},
			{Name: nasty, Check: monitor.Call{Command: monitor.None}},
		},
		Services: []monitor.Service{{Host: 0, Description: "disk"}, {Host: 0, Description: "load"}},
	}
	s := &site{view: view.New(), catalog: catalog.New([]*monitor.Inventory{inv}), api: http.NewServeMux()}
	s.api.HandleFunc("GET /api/explain", func(w http.ResponseWriter, r *http.Request) {
		s.asked = r.URL.RawQuery
		_, _ = w.Write([]byte(`{"why":["it is"],"check_command":"check_db!admin!secret","command_line":"check_db -u admin"}`))
	})
	return s
}

// says has an object be as a status says.
func (s *site) says(status monitor.Status) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view.Clock(monitor.At(time.Now()))
	s.view.Fill([]monitor.Status{status}, monitor.At(time.Now()))
}

func (s *site) snapshot() *view.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.Snapshot()
}

// module builds the pages of a site, with a folder for what they keep unless that is empty.
func (s *site) module(t testing.TB, folder string) *web.Module {
	t.Helper()
	settings := modules.Read(&monitor.Module{Name: "pages", Type: "web"})
	m := web.New(settings, modules.Env{Log: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet(), State: folder}, modules.Outlook{
		Catalog: func() *catalog.Catalog { return s.catalog }, View: s.snapshot, API: s.api,
	}).(*web.Module)
	if err := settings.Err(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// data asks a module for data and reads it.
func data[T any](t testing.TB, m *web.Module, path string, query ...string) (v T) {
	t.Helper()
	q := url.Values{}
	for i := 0; i < len(query); i += 2 {
		q.Set(query[i], query[i+1])
	}
	w := ask(m.Pages(), "GET", "/ui/data/"+path+"?"+q.Encode())
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%s: %v in %s", path, err, w.Body)
	}
	return v
}

// events reads what a page about an object is sent.
func events(t *testing.T, m *web.Module, host, service string) (next func() (kind string, v shown)) {
	t.Helper()
	server := httptest.NewServer(m.Pages())
	t.Cleanup(server.Close)
	r, err := http.Get(server.URL + "/ui/data/object?" + url.Values{"host": {host}, "service": {service}}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Body.Close() })
	lines := bufio.NewScanner(r.Body)
	lines.Buffer(nil, 1<<20)
	return func() (kind string, v shown) {
		for lines.Scan() {
			if k, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				kind = k
			}
			if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok && kind != "breath" {
				if err := json.Unmarshal([]byte(text), &v); err != nil {
					t.Fatal(err)
				}
				return kind, v
			}
		}
		t.Fatalf("the stream has ended: %v", lines.Err())
		return "", v
	}
}

// shown is what these tests read of what a page gets.
type shown struct {
	Missing bool
	Near    []struct{ Host, Service string }
	Object  *struct {
		Host, Service, State, Output, Notes, Address string
		Soft                                         bool
		NotesURL                                     string `json:"notes_url"`
		ActionURL                                    string `json:"action_url"`
		Contacts                                     []string
		Metrics                                      []struct {
			Label string
			Value float64
			Warn  struct{ Start, End *float64 }
		}
	}
	Services map[string]struct{ State, Output string }
	Gone     []string
}

func TestAPageOfAHostIsSentWhatChanges(t *testing.T) {
	s := newSite()
	disk := monitor.Status{Ref: monitor.Ref{Host: "web", Service: "disk"}, State: monitor.Warning, Type: monitor.Soft, Output: nasty, LastCheck: 1}
	s.says(monitor.Status{Ref: monitor.Ref{Host: "web"}, State: monitor.Up, Output: "fine", LastCheck: 1, Perfdata: "rta=0.5ms;100:;~:500 'a <b>'=1"})
	s.says(disk)
	next := events(t, s.module(t, ""), "web", "")
	kind, v := next()
	o := v.Object
	if kind != "whole" || o == nil || o.State != "UP" || o.Output != "fine" || o.Address != "192.0.2.1" || o.Notes != nasty {
		t.Fatalf("got %s %+v", kind, v)
	}
	if o.NotesURL != "https://wiki.example.org/?host=web" || o.ActionURL != "" {
		t.Errorf("links %q and %q", o.NotesURL, o.ActionURL)
	}
	if len(o.Metrics) != 2 || o.Metrics[1].Label != "a <b>" || *o.Metrics[0].Warn.Start != 100 || o.Metrics[0].Warn.End != nil {
		t.Errorf("metrics %+v", o.Metrics)
	}
	if v.Services["disk"].Output != nasty || v.Services["disk"].State != "WARNING" || v.Services["load"].State != "PENDING" {
		t.Errorf("services %+v", v.Services)
	}
	disk.State, disk.Output = monitor.Critical, "full"
	s.says(disk)
	if kind, v = next(); kind != "change" || len(v.Services) != 1 || v.Services["disk"].State != "CRITICAL" {
		t.Errorf("a change of one service: %s %+v", kind, v)
	}
	s.says(monitor.Status{Ref: monitor.Ref{Host: "web"}, State: monitor.Down, Output: "gone", LastCheck: 2})
	if kind, v = next(); kind != "change" || len(v.Services) != 0 || v.Object == nil || v.Object.State != "DOWN" {
		t.Errorf("a change of the host: %s %+v", kind, v)
	}
}

func TestNamesThatMayHaveBeenMeantAreGiven(t *testing.T) {
	s := newSite()
	for _, c := range []struct{ host, service, want string }{
		{"wbe", "", "[{web }]"},
		{"web", "dsik", "[{web disk} {web }]"},
		{"web", "something else", "[{web disk} {web load} {web }]"},
		{"nothing like it", "", "[]"},
		{nasty + nasty, "", "[{" + nasty + " }]"},
	} {
		_, v := events(t, s.module(t, ""), c.host, c.service)()
		if got := fmt.Sprint(v.Near); !v.Missing || got != c.want {
			t.Errorf("%q/%q: got %t %s, want %s", c.host, c.service, v.Missing, got, c.want)
		}
	}
	if _, v := events(t, s.module(t, ""), nasty, "")(); v.Missing || v.Object.Host != nasty || v.Object.State != "PENDING" {
		t.Errorf("a nasty name: %+v", v)
	}
}

// Whoever may only read sees why, and not how it is asked.
func TestReadersSeeNoCommandLines(t *testing.T) {
	s := newSite()
	got := data[map[string]any](t, s.module(t, ""), "explain", "host", nasty, "service", "disk")
	want := map[string]any{"why": []any{"it is"}, "check_command": "check_db"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if q, err := url.ParseQuery(s.asked); err != nil || q.Get("host") != nasty || q.Get("service") != "disk" {
		t.Errorf("the API was asked for %q", s.asked)
	}
}

func TestWhatIsAskedInAWrongWayIsRefusedInWords(t *testing.T) {
	m := newSite().module(t, t.TempDir())
	for _, path := range []string{
		"object", "history", "points", "object-sources", "history?host=web&from=x", "history?host=web&from=10&to=5", "history?host=web&from=2&to=99999999999",
		"history?host=web&from=-9223372036854775808&to=9223372036854775807", "object?service=x",
	} {
		if w := ask(m.Pages(), "GET", "/ui/data/"+path); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `"error"`) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// past is what these tests read of a timeline.
type past struct {
	Kept                bool
	Bands               []stretch
	Flapping, Downtimes []stretch
	Lines               []struct{ Kind, What, Who, Text, Service, State string }
}

type stretch struct {
	From, To float64
	State    string
	Soft     bool
}

// text gives stretches as 10-20 DOWN, in seconds since some time.
func text(all []stretch, since time.Time) string {
	var words []string
	for _, b := range all {
		words = append(words, strings.TrimSpace(fmt.Sprintf("%v-%v %s", b.From-float64(since.Unix()), b.To-float64(since.Unix()), b.State)))
		if b.Soft {
			words[len(words)-1] += " soft"
		}
	}
	return strings.Join(words, ", ")
}

// happens writes lines of the log, some seconds after a time each.
func happens(t *testing.T, m *web.Module, since time.Time, lines map[int]string) {
	t.Helper()
	for after, line := range lines {
		b := monitor.Brok{Kind: monitor.BrokAlert, Time: monitor.At(since.Add(time.Duration(after) * time.Second)), Text: line}
		if strings.Contains(line, "NOTIFICATION") {
			b.Kind = monitor.BrokNotification
		}
		if err := m.Export(t.Context(), []monitor.Brok{b}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestATimelineIsDrawnFromTheLog(t *testing.T) {
	hour := time.Now().Add(-time.Hour).Truncate(time.Second)
	log := map[int]string{
		-500: "HOST ALERT: other;DOWN;HARD;3;it",
		0:    "SERVICE ALERT: web;disk;WARNING;SOFT;1;nearly",
		100:  "SERVICE ALERT: web;disk;CRITICAL;HARD;3;full",
		101:  "SERVICE NOTIFICATION: ada;web;disk;CRITICAL;mail;full",
		200:  "SERVICE FLAPPING ALERT: web;disk;STARTED; much",
		250:  "SERVICE DOWNTIME ALERT: web;disk;STARTED; work",
		300:  "SERVICE ALERT: web;disk;OK;HARD;1;" + nasty,
		350:  "SERVICE DOWNTIME ALERT: web;disk;STOPPED; done",
		400:  "SERVICE FLAPPING ALERT: web;disk;STOPPED; quiet",
		450:  "HOST ALERT: web;DOWN;HARD;1;gone",
	}
	for _, c := range []struct {
		name                       string
		from, to                   int
		bands, flapping, downtimes string
		lines                      int
	}{
		{"all", -600, 500, "-500-0 OK, 0-100 WARNING soft, 100-300 CRITICAL, 300-500 OK", "200-400", "250-350", 8},
		{"from the middle", 260, 500, "260-300 CRITICAL, 300-500 OK", "260-400", "260-350", 3},
		{"up to the middle", 50, 270, "50-100 WARNING soft, 100-270 CRITICAL", "200-270", "250-270", 4},
		{"before anything is known", -700, -600, "", "", "", 0},
		{"after all", 460, 470, "460-470 OK", "", "", 0},
	} {
		s := newSite()
		m := s.module(t, t.TempDir())
		happens(t, m, hour, log)
		s.says(monitor.Status{Ref: monitor.Ref{Host: "web", Service: "disk"}, State: monitor.OK, LastChange: monitor.At(hour.Add(300 * time.Second))})
		at := func(n int) string { return fmt.Sprint(hour.Unix() + int64(n)) }
		p := data[past](t, m, "history", "host", "web", "service", "disk", "from", at(c.from), "to", at(c.to))
		if got := text(p.Bands, hour); got != c.bands {
			t.Errorf("%s: bands %s, want %s", c.name, got, c.bands)
		}
		if got := text(p.Flapping, hour); got != c.flapping {
			t.Errorf("%s: flapping %s, want %s", c.name, got, c.flapping)
		}
		if got := text(p.Downtimes, hour); got != c.downtimes {
			t.Errorf("%s: downtimes %s, want %s", c.name, got, c.downtimes)
		}
		if len(p.Lines) != c.lines {
			t.Errorf("%s: %d lines: %v", c.name, len(p.Lines), p.Lines)
		}
	}
}

func TestAHostTellsOfItsServicesToo(t *testing.T) {
	s := newSite()
	m := s.module(t, t.TempDir())
	hour := time.Now().Add(-time.Hour).Truncate(time.Second)
	happens(t, m, hour, map[int]string{0: "HOST ALERT: web;DOWN;HARD;1;gone", 10: "SERVICE ALERT: web;disk;OK;HARD;1;" + nasty, 20: "HOST ALERT: db;DOWN;HARD;1;gone"})
	p := data[past](t, m, "history", "host", "web", "to", fmt.Sprint(hour.Unix()+100))
	if len(p.Lines) != 2 || p.Lines[0].Service != "disk" || text(p.Bands, hour) != "0-100 DOWN" {
		t.Errorf("got %+v", p)
	}
}

// A command may have a password among its arguments.
func TestCommandsAreNamedWithoutTheirArguments(t *testing.T) {
	m := newSite().module(t, t.TempDir())
	for i, line := range []string{"CHANGE_CUSTOM_SVC_VAR;web;disk;_PASSWORD;secret", "ADD_SVC_COMMENT;web;disk;1;ada;I; look", "PROCESS_SERVICE_CHECK_RESULT;web;disk;0;fine"} {
		b := monitor.Brok{Kind: monitor.BrokCommand, Time: monitor.At(time.Now().Add(time.Duration(i-10) * time.Second)), Text: "EXTERNAL COMMAND: [17] " + line}
		if err := m.Export(t.Context(), []monitor.Brok{b}); err != nil {
			t.Fatal(err)
		}
	}
	p := data[past](t, m, "history", "host", "web", "service", "disk")
	if got, want := fmt.Sprint(p.Lines), "[{comment ADD_SVC_COMMENT ada I; look disk } {command CHANGE_CUSTOM_SVC_VAR   disk }]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Nobody is behind what an older release wrote; what other ways bring has the name that it claims, and the way.
func TestThePastSaysWhoGaveACommand(t *testing.T) {
	m := newSite().module(t, t.TempDir())
	const downtime = "SCHEDULE_SVC_DOWNTIME;web;disk;1;2;1;0;60;bob;new disk"
	const seen = "EXTERNAL COMMAND: [17] ACKNOWLEDGE_SVC_PROBLEM;web;disk;2;0;1;anna;seen: refused: nobody may"
	said := []struct{ by, text, want, answer string }{
		{"web anna", seen, "command anna seen: refused: nobody may acknowledged it ", monitor.AnswerDone},
		{"web anna", seen + ": refused: it is late", "command anna seen: refused: nobody may  it is late", monitor.AnswerRefused + "it is late"},
		{"web anna", "EXTERNAL COMMAND: [17] DISABLE_SVC_NOTIFICATIONS;web;disk", "command anna  turned off notifications ", ""},
		{"web anna", "EXTERNAL COMMAND: [17] SCHEDULE_FORCED_SVC_CHECK;web;disk;17", "command anna  had it checked ", ""},
		{"livestatus 192.0.2.7:4021", "EXTERNAL COMMAND: [17] " + downtime, "command bob new disk planned a downtime livestatus 192.0.2.7:4021", ""},
		{"web anna", "EXTERNAL COMMAND: [17] " + downtime, "command anna new disk planned a downtime ", ""},
		{"web anna", "SERVICE DOWNTIME ALERT: web;disk;CANCELLED; gone", "downtime anna gone  ", ""},
		{"", "EXTERNAL COMMAND: [17] DISABLE_SVC_CHECK;web;disk", "command   turned off checks ", ""},
		{"web anna", "EXTERNAL COMMAND: [17] DEL_ALL_SVC_DOWNTIMES;web;disk", "command anna  cancelled its downtimes ", ""},
		{"web anna", "EXTERNAL COMMAND: [17] REMOVE_SVC_ACKNOWLEDGEMENT;web;disk: refused: it is not acknowledged", "command anna   it is not acknowledged", ""},
	}
	var want []string
	for i, s := range said {
		b := monitor.Brok{Kind: monitor.BrokLog, By: s.by, Answer: s.answer, Time: monitor.At(time.Now().Add(time.Duration(i-20) * time.Second)), Text: s.text}
		if strings.HasPrefix(s.text, "EXTERNAL") {
			b.Kind = monitor.BrokCommand
		}
		if err := m.Export(t.Context(), []monitor.Brok{b}); err != nil {
			t.Fatal(err)
		}
		want = append([]string{s.want}, want...)
	}
	var got []string
	p := data[struct {
		Lines []struct{ Kind, Who, Text, Did, Way, Refused string }
	}](t, m, "history", "host", "web", "service", "disk")
	for _, l := range p.Lines {
		got = append(got, fmt.Sprint(l.Kind, " ", l.Who, " ", l.Text, " ", l.Did, " ", l.Way+l.Refused))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNothingIsKeptWithoutAFolder(t *testing.T) {
	m := newSite().module(t, "")
	if err := m.Export(t.Context(), []monitor.Brok{{Kind: monitor.BrokAlert, Time: 1, Text: "HOST ALERT: web;DOWN;HARD;1;gone"}}); err != nil {
		t.Fatal(err)
	}
	if p := data[past](t, m, "history", "host", "web"); p.Kept || len(p.Lines) != 0 {
		t.Errorf("got %+v", p)
	}
}

// Once a minute it is looked at what was measured; what nobody measured since is not measured again.
func TestWhatWasMeasuredIsKept(t *testing.T) {
	s := newSite()
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m := s.module(t, folder)
		ended := make(chan error)
		ctx, end := context.WithCancel(t.Context())
		go func() { ended <- m.Serve(ctx) }()
		time.Sleep(30 * time.Second) // between two looks
		for n := range 30 {
			if n < 10 || n >= 25 {
				now := monitor.At(time.Now())
				s.says(monitor.Status{Ref: monitor.Ref{Host: "web", Service: "disk"}, State: monitor.OK, LastCheck: now, LastUpdate: now, Perfdata: fmt.Sprintf("used=%d%%", n)})
			}
			time.Sleep(time.Minute)
		}
		type picture struct {
			Series []struct {
				Label     string
				Low, High float64
				All       []*float64
			}
		}
		p := data[picture](t, m, "points", "host", "web", "service", "disk")
		if len(p.Series) != 1 || p.Series[0].Label != "used" {
			t.Fatalf("got %+v", p)
		}
		var words []string
		for _, v := range p.Series[0].All[points.Slots-7:] {
			if v == nil {
				words = append(words, "-")
				continue
			}
			words = append(words, fmt.Sprint(*v))
		}
		if got, want := strings.Join(words, " "), "1.5 6 9 - - 26.5 29"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		end()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		m.Close()
	})
}
