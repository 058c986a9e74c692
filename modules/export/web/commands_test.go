package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/export/web"
	"github.com/onbu/onbu/modules/export/web/sign"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// desk is a module with the users ada (command), bob (read) and eve (admin), whose password is "a horse", and the commands that were
// given. Its proxy, which is believed, is where requests of tests come from.
type desk struct {
	t     *testing.T
	pages http.Handler // of the local port
	own   http.Handler // of the module's
	log   *bytes.Buffer
	api   []string // what was posted to it

	follows atomic.Int64
	mu      sync.Mutex
	lines   []string
}

func newDesk(t *testing.T, settings ...string) *desk {
	t.Helper()
	d := &desk{t: t, log: &bytes.Buffer{}}
	users := filepath.Join(t.TempDir(), "users")
	hash := sign.Hash("a horse", sign.Work{Memory: 8, Passes: 1, Threads: 1})
	if err := os.WriteFile(users, []byte("ada:command:"+hash+"\nbob:read:"+hash+"\neve:admin:"+hash+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := &monitor.Module{Name: "pages", Type: "web"}
	for _, line := range append([]string{"proxies 192.0.2.1", "proxy_header X-Remote-User", "users_file " + users}, settings...) {
		name, value, _ := strings.Cut(line, " ")
		m.Settings = append(m.Settings, monitor.Setting{Name: name, Value: value})
	}
	api := http.NewServeMux()
	api.HandleFunc("POST /api/nodes/order", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		d.api = append(d.api, r.Header.Get("Origin")+string(body))
		if strings.Contains(string(body), "gone") {
			w.WriteHeader(http.StatusConflict)
			_, _ = w.Write([]byte(`{"error":"no node is called gone"}`))
			return
		}
		_, _ = w.Write([]byte("{}\n"))
	})
	api.HandleFunc("GET /api/trace", func(_ http.ResponseWriter, r *http.Request) {
		d.follows.Add(1)
		defer d.follows.Add(-1)
		<-r.Context().Done()
	})
	known, seen := catalog.New([]*monitor.Inventory{stock()}), view.New()
	seen.Fill([]monitor.Status{
		{Ref: monitor.Ref{Host: "web"}, State: monitor.Down},
		{Ref: monitor.Ref{Host: "web", Service: "HTTP"}, State: monitor.Critical},
		{Ref: monitor.Ref{Host: "web", Service: "disk"}, State: monitor.OK},
	}, monitor.Time(1<<40))
	s := modules.Read(m)
	x := web.New(s, modules.Env{Log: slog.New(slog.NewTextHandler(d.log, nil)), Metrics: metrics.NewSet(), State: t.TempDir()}, modules.Outlook{
		Catalog: func() *catalog.Catalog { return known }, View: seen.Snapshot, API: api, Obey: d.obey,
	})
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	d.pages, d.own = x.(modules.Paged).Pages(), web.Own(x)
	return d
}

// stock has the host web with two services, and a host whose name parts words of commands.
func stock() *monitor.Inventory {
	return &monitor.Inventory{
		Generation: 1, Policies: []monitor.Policy{{}}, Timeperiods: []monitor.Timeperiod{{}}, Commands: []monitor.Command{{}}, Hosts: []monitor.Host{{Name: "web"}, {Name: "a;b"}},
		Services: []monitor.Service{{Host: 0, Description: "HTTP"}, {Host: 0, Description: "disk"}},
	}
}

func (d *desk) obey(_ context.Context, line, source string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, source+" "+line)
	if strings.Contains(line, "refuse me") {
		return errors.New("not today")
	}
	return nil
}

// send posts as somebody whom the proxy names; nobody if that is empty.
func (d *desk) send(who, path, body string, head ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "/ui/"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if who != "" {
		r.Header.Set("X-Remote-User", who)
	}
	for _, line := range head {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	d.pages.ServeHTTP(w, r)
	return w
}

// followed is how many checks are being followed.
func (d *desk) followed() int { return int(d.follows.Load()) }

// given are the commands since the last time, without the moment that differs.
func (d *desk) given() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	moment := regexp.MustCompile(`\b1[0-9]{9}\b`)
	var all []string
	for _, line := range d.lines {
		all = append(all, moment.ReplaceAllString(line, "T"))
	}
	d.lines = nil
	return all
}

// The table is the manual of what people can do, and what comes of it.
func TestOrdersBecomeExternalCommands(t *testing.T) {
	d := newDesk(t)
	hour := time.Now().Unix() + 3600
	for _, test := range []struct{ body, want string }{
		{`"do":"acknowledge","text":"on it"`, "ACKNOWLEDGE_SVC_PROBLEM;web;HTTP;2;0;0;ada;on it"},
		{fmt.Sprintf(`"do":"acknowledge","text":"on it; really","sticky":false,"notify":true,"persistent":true,"until":%d`, hour), "ACKNOWLEDGE_SVC_PROBLEM_EXPIRE;web;HTTP;1;1;1;T;ada;on it; really"},
		{`"do":"unacknowledge"`, "REMOVE_SVC_ACKNOWLEDGEMENT;web;HTTP"},
		{fmt.Sprintf(`"do":"downtime","text":"new disk","end":%d`, hour), "SCHEDULE_SVC_DOWNTIME;web;HTTP;T;T;1;0;3600;ada;new disk"},
		{fmt.Sprintf(`"do":"downtime","text":"new disk","start":%d,"end":%d,"fixed":false,"duration":600,"impacts":true`, hour, hour+7200), "SCHEDULE_SVC_DOWNTIME;web;HTTP;T;T;0;0;600;ada;new disk"},
		{`"do":"cancel-downtime"`, "DEL_ALL_SVC_DOWNTIMES;web;HTTP"},
		{`"do":"comment","text":"a\nb\r\n\tc\u001b[2Jd\u0000"`, "ADD_SVC_COMMENT;web;HTTP;1;ada;a b c[2Jd"},
		{`"do":"comment","text":"a\u202Eb\u2066c\u200Fd\u061Ce א"`, "ADD_SVC_COMMENT;web;HTTP;1;ada;abcde א"},
		{`"do":"delete-comment"`, "DEL_ALL_SVC_COMMENTS;web;HTTP"},
		{`"do":"check"`, "SCHEDULE_FORCED_SVC_CHECK;web;HTTP;T"},
		{`"do":"notifications","on":false`, "DISABLE_SVC_NOTIFICATIONS;web;HTTP"},
		{`"do":"checks","on":true`, "ENABLE_SVC_CHECK;web;HTTP"},
	} {
		w := d.send("ada", "data/command", `{"objects":[{"host":"web","service":"HTTP"}],`+test.body+`}`)
		if diff := cmp.Diff([]string{"web ada [T] " + test.want}, d.given()); diff != "" || w.Body.String() != `{"done":1,"failed":[]}`+"\n" {
			t.Errorf("%s: %d %s (-want +got):\n%s", test.body, w.Code, w.Body, diff)
		}
	}
}

func TestOrdersForHosts(t *testing.T) {
	d := newDesk(t)
	hour := time.Now().Unix() + 3600
	for _, test := range []struct{ body, want string }{
		{`"do":"acknowledge","text":"on it"`, "ACKNOWLEDGE_HOST_PROBLEM;web;2;0;0;ada;on it"},
		{fmt.Sprintf(`"do":"downtime","text":"x","end":%d`, hour), "SCHEDULE_HOST_DOWNTIME;web;T;T;1;0;3600;ada;x"},
		{fmt.Sprintf(`"do":"downtime","text":"x","end":%d,"impacts":true`, hour), "SCHEDULE_AND_PROPAGATE_HOST_DOWNTIME;web;T;T;1;0;3600;ada;x"},
		{fmt.Sprintf(`"do":"downtime","text":"x","end":%d,"impacts":true,"fixed":false,"duration":60`, hour), "SCHEDULE_AND_PROPAGATE_TRIGGERED_HOST_DOWNTIME;web;T;T;0;0;60;ada;x"},
		{`"do":"check"`, "SCHEDULE_FORCED_HOST_CHECK;web;T"},
		{`"do":"checks","on":false`, "DISABLE_HOST_CHECK;web"},
	} {
		d.send("ada", "data/command", `{"objects":[{"host":"web"}],`+test.body+`}`)
		if diff := cmp.Diff([]string{"web ada [T] " + test.want}, d.given()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.body, diff)
		}
	}
}

func TestOrdersThatAreRefusedAsAWhole(t *testing.T) {
	d := newDesk(t)
	one := `"objects":[{"host":"web"}]`
	for _, test := range []struct {
		who, body, kind string
		code            int
		says            string
	}{
		{"", `{"do":"check",` + one + `}`, "application/json", 401, "sign in first"},
		{"bob", `{"do":"check",` + one + `}`, "application/json", 403, "bob may read; this takes the role command"},
		{"ada", `{"do":"check",` + one + `}`, "text/plain", 415, "send JSON"},
		{"ada", `do=check`, "application/x-www-form-urlencoded", 415, "send JSON"},
		{"ada", ``, "application/json", 400, "empty"},
		{"ada", `{"do":"check"}`, "application/json", 400, "choose a host or service"},
		{"ada", `{"do":"check","objects":[` + strings.Repeat(`{"host":"web"},`, 1000) + `{"host":"web"}]}`, "application/json", 400, "at most 1000"},
		{"ada", `{"do":"reboot",` + one + `}`, "application/json", 400, "nothing to do that is called \\\"reboot\\\""},
		{"ada", `{"do":"check","author":"eve",` + one + `}`, "application/json", 400, "unknown field"},
		{"ada", `{"do":"check",` + one + `}{}`, "application/json", 400, "more behind"},
		{"ada", `{"do":"acknowledge","text":" \n ",` + one + `}`, "application/json", 400, "write why"},
		{"ada", `{"do":"comment","text":"` + strings.Repeat("x", 5000) + `",` + one + `}`, "application/json", 400, "more than 4096"},
		{"ada", `{"do":"downtime","text":"x","start":100,"end":50,` + one + `}`, "application/json", 400, "ends before it begins"},
		{"ada", `{"do":"downtime","text":"x","start":100,"end":200,` + one + `}`, "application/json", 400, "over already"},
		{"ada", `{"do":"downtime","text":"x","end":99999999999,` + one + `}`, "application/json", 400, "five years"},
		{"ada", `{"do":"cancel-downtime","id":3,"objects":[{"host":"web"},{"host":"web"}]}`, "application/json", 400, "of one object"},
		{"ada", `{"do":"check","text":"` + strings.Repeat("x", 2<<20) + `",` + one + `}`, "application/json", 413, "longer than 1048576"},
	} {
		w := d.send(test.who, "data/command", test.body, "Content-Type: "+test.kind)
		if w.Code != test.code || !strings.Contains(w.Body.String(), test.says) || d.given() != nil {
			t.Errorf("%s %.80s: got %d %s, want %d %s", test.who, test.body, w.Code, w.Body, test.code, test.says)
		}
	}
}

func TestWhatFailsIsToldObjectByObject(t *testing.T) {
	d := newDesk(t)
	w := d.send("ada", "data/command", `{"do":"acknowledge","text":"x","objects":[{"host":"web","service":"HTTP"},{"host":"web","service":"disk"},{"host":"nowhere"},{"host":"a;b"},{"host":"web","service":"none"}]}`)
	var got struct {
		Done   int
		Failed []struct{ Host, Service, Error string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Done != 1 || len(got.Failed) != 4 {
		t.Fatalf("%v: %s", err, w.Body)
	}
	for i, want := range []string{"no problem any more", "no such host", "semicolon", "no such host"} {
		if !strings.Contains(got.Failed[i].Error, want) {
			t.Errorf("%+v, want %q", got.Failed[i], want)
		}
	}
	if w := d.send("ada", "data/command", `{"do":"comment","text":"refuse me","objects":[{"host":"web"}]}`); !strings.Contains(w.Body.String(), `"done":0,"failed":[{"host":"web","error":"not today"}]`) {
		t.Errorf("got %s", w.Body)
	}
	if w := d.send("ada", "data/command", `{"do":"delete-comment","id":77,"objects":[{"host":"web"}]}`); !strings.Contains(w.Body.String(), "no such comment any more") {
		t.Errorf("got %s", w.Body)
	}
	if !strings.Contains(d.log.String(), "who=ada from=192.0.2.1 do=acknowledge") {
		t.Errorf("the log: %s", d.log)
	}
}

func TestARequestThatIsSentTwiceIsCarriedOutOnce(t *testing.T) {
	d := newDesk(t)
	body := `{"do":"check","once":"abc","objects":[{"host":"web"}]}`
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			if w := d.send("ada", "data/command", body); w.Code != 200 || !strings.Contains(w.Body.String(), `"done":1`) {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
		})
	}
	work.Wait()
	d.send("eve", "data/command", body) // somebody else's is another one
	d.send("ada", "data/command", strings.Replace(body, "abc", "def", 1))
	if got := d.given(); len(got) != 3 {
		t.Errorf("got %q", got)
	}
}

func TestOrdersForNodesAreForAdmins(t *testing.T) {
	d := newDesk(t)
	body := `{"node":"alpha","state":"maintenance","drain":true,"why":"new\nkernel"}`
	if w := d.send("ada", "data/node", body); w.Code != http.StatusForbidden || len(d.api) != 0 {
		t.Errorf("ada: %d %s", w.Code, w.Body)
	}
	if w := d.send("eve", "data/node", body, "Origin: http://example.com"); w.Code != http.StatusOK {
		t.Errorf("eve: %d %s", w.Code, w.Body)
	}
	if w := d.send("eve", "data/node", `{"node":"gone","state":"up"}`); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "no node is called gone") {
		t.Errorf("gone: %d %s", w.Code, w.Body)
	}
	if w := d.send("eve", "data/node", `{"node":"alpha","state":"up","by":"ada"}`); w.Code != http.StatusBadRequest {
		t.Errorf("by somebody else: %d %s", w.Code, w.Body)
	}
	want := []string{
		`{"node":"alpha","state":"maintenance","drain":true,"why":"new kernel","by":"eve"}`,
		`{"node":"gone","state":"up","by":"eve"}`,
	}
	if diff := cmp.Diff(want, d.api); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
