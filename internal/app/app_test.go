package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/arbiter/objects/objectstest"
	"github.com/onbu/onbu/internal/app"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/logtest"
	"github.com/onbu/onbu/monitor/api"
)

// patience is how long anything that must happen may take on a machine that has other things to do.
const patience = 60 * time.Second

// configuration writes a small one whose checks are made every second, and gives its main file.
func configuration(t *testing.T) string {
	t.Helper()
	main, err := objectstest.Write(t.TempDir(), "main.cfg", []string{"interval_length=1"}, func(o *objectstest.Text) {
		o.Command("dummy", "/usr/lib/nagios/plugins/check_dummy $ARG1$ fine")
		o.Basis("ann", "/bin/true", "host_notifications_enabled 0", "service_notifications_enabled 0")
		o.Host("web", "ann", "address 127.0.0.1", "check_command dummy!0", "check_interval 1", "max_check_attempts 3")
		o.Service("web", "state", "dummy!1", "ann", "check_interval 1", "retry_interval 1")
	})
	if err != nil {
		t.Fatal(err)
	}
	return main
}

// process is an app at work.
type process struct {
	t      *testing.T
	log    *logtest.Log
	ended  chan struct{}
	err    error // of Run, once it has ended
	cancel context.CancelFunc
}

func run(t *testing.T, o app.Options) *process {
	t.Helper()
	p := &process{t: t, log: &logtest.Log{}, ended: make(chan struct{})}
	o.Log = slog.New(slog.NewTextHandler(p.log, nil))
	o.State, o.Name, o.CommandFile, o.Shards = t.TempDir(), "test", "-", 2
	if o.Bus == nil {
		o.Bus = membus.New().Connect("test")
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	go func() {
		defer close(p.ended)
		p.err = app.Run(ctx, o)
	}()
	t.Cleanup(func() { cancel(); <-p.ended })
	return p
}

// stop ends it and gives what Run returned.
func (p *process) stop() error {
	p.cancel()
	return p.end()
}

// end waits for the end and gives what Run returned.
func (p *process) end() error {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatal("it does not end")
	}
	return p.err
}

var listens = regexp.MustCompile(`msg=listening http=(http://\S+)`)

// url waits until the API is there and gives its address.
func (p *process) url() string {
	p.t.Helper()
	var url string
	p.eventually("it listens", func() error {
		m := listens.FindStringSubmatch(p.log.String())
		if m == nil {
			return fmt.Errorf("log: %s", p.log)
		}
		url = m[1]
		return nil
	})
	return url
}

func (p *process) eventually(what string, holds func() error) {
	p.t.Helper()
	limit := time.Now().Add(patience)
	for {
		err := holds()
		if err == nil {
			return
		}
		select {
		case <-p.ended:
			p.t.Fatalf("it ended with %v before: %s", p.err, what)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(limit) {
			p.t.Fatalf("never: %s: %v", what, err)
		}
	}
}

func get(t *testing.T, url string) (code int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestAllRolesInOneProcess(t *testing.T) {
	started := make(chan string, 1)
	p := run(t, app.Options{
		Roles: app.Roles(), Main: configuration(t), HTTP: "127.0.0.1:0", EventLog: "events.ndjson",
		Started: func(addr string) { started <- addr },
	})
	url := p.url()
	p.eventually("the service is checked", func() error {
		_, body := get(t, url+"/api/services")
		var services []api.Object
		if err := json.Unmarshal([]byte(body), &services); err != nil {
			return err
		}
		if len(services) != 1 || services[0].State != "WARNING" || services[0].Module != "dummy" || services[0].Poller != "test" {
			return fmt.Errorf("services: %s", body)
		}
		return nil
	})
	if addr := <-started; "http://"+addr != url {
		t.Errorf("started at %s, listening at %s", addr, url)
	}
	code, body := get(t, url+"/healthz")
	if code != 200 {
		t.Errorf("healthz: %d %s", code, body)
	}
	var health struct {
		Healthy bool
		Parts   map[string]string
	}
	if err := json.Unmarshal([]byte(body), &health); err != nil {
		t.Error(err)
	}
	for _, part := range append(app.Roles(), "bus") {
		if health.Parts[part] != "ok" {
			t.Errorf("healthz of %s: %q", part, health.Parts[part])
		}
	}
	metrics(t, url)
	if code, body := get(t, url+"/"); code != 200 || !strings.Contains(body, "/api/hosts") {
		t.Errorf("index: %d %s", code, body)
	}
	if code, _ := get(t, url+"/nothing"); code != 404 {
		t.Errorf("a path that is not there: %d", code)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	if resp, err := http.Get(url + "/healthz"); err == nil {
		resp.Body.Close()
		t.Error("the API outlives the process")
	}
}

// metrics checks that what people watch is there: queue lengths, latency and checks by module, objects by role.
func metrics(t *testing.T, url string) {
	t.Helper()
	_, body := get(t, url+"/metrics")
	for _, name := range []string{
		`onbu_checks_total{module="dummy"}`, `onbu_check_latency_seconds_bucket{module="dummy"`, `onbu_check_execution_seconds_bucket{module="dummy"`,
		"onbu_checks_waiting", "onbu_checks_running", "onbu_scheduler_shards", `onbu_scheduler_objects{kind="host"}`, `onbu_scheduler_objects{kind="service"}`,
		"onbu_orphaned_checks_total", "onbu_pollers", "onbu_poller_running", "onbu_poller_slots", "onbu_poller_results_waiting", "onbu_poller_results_lost_total",
		"onbu_poller_command_lines", "onbu_broker_broks_total", "onbu_broker_hosts", "onbu_receiver_results_total", "onbu_actions_total",
		"process_resident_memory_bytes", "go_goroutines",
	} {
		if !strings.Contains(body, "\n"+name) && !strings.HasPrefix(body, name) {
			t.Errorf("metrics lack %s", name)
		}
	}
}

func TestHealthSaysWhenTheBusIsNotReady(t *testing.T) {
	b := membus.New()
	p := run(t, app.Options{Roles: []string{"broker"}, Bus: b.Connect("test"), HTTP: "127.0.0.1:0"})
	url := p.url()
	code, body := get(t, url+"/healthz")
	if code != 503 || !strings.Contains(body, `"healthy":false`) || strings.Contains(body, `"bus":"ok"`) {
		t.Errorf("healthz before the streams are there: %d %s", code, body)
	}
	if err := b.Connect("arbiter").Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.eventually("it is healthy", func() error {
		if code, body := get(t, url+"/healthz"); code != 200 {
			return fmt.Errorf("%d %s", code, body)
		}
		return nil
	})
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}

// full is a bus whose disk is full.
type full struct{ bus.Conn }

func (full) Healthy() error { return errors.New("its disk was full") }

func TestHealthSaysWhenTheBusDoesNotStore(t *testing.T) {
	c := membus.New().Connect("test")
	if err := c.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := run(t, app.Options{Roles: []string{"broker"}, Bus: full{c}, HTTP: "127.0.0.1:0"})
	if code, body := get(t, p.url()+"/healthz"); code != 503 || !strings.Contains(body, `"bus":"its disk was full"`) {
		t.Errorf("healthz: %d %s", code, body)
	}
	if _, body := get(t, p.url()+"/api/bus"); !strings.Contains(body, `"ill":"its disk was full"`) {
		t.Errorf("/api/bus, which `onbu status` and the page Engine read: %s", body)
	}
}

func TestARoleThatFailsEndsTheProcess(t *testing.T) {
	main := filepath.Join(t.TempDir(), "nowhere.cfg")
	p := run(t, app.Options{Roles: []string{"broker", "scheduler", "arbiter"}, Main: main, HTTP: "127.0.0.1:0"})
	if err := p.end(); err == nil || !strings.HasPrefix(err.Error(), "arbiter: "+main) {
		t.Errorf("it ended with %v", err)
	}
}

func TestWhatCannotStartSaysWhy(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for want, o := range map[string]app.Options{
		`no role is called "pollar"; there are arbiter, broker, `:       {Roles: []string{"broker", "pollar"}},
		"arbiter: needs a configuration":                                {Roles: []string{"arbiter"}},
		"choose another with --http (:0 picks a free port)":             {Roles: []string{"broker"}, HTTP: l.Addr().String()},
		"the API's address: listen tcp: address 127.0.0.1: missing por": {Roles: []string{"broker"}, HTTP: "127.0.0.1"},
	} {
		if err := run(t, o).end(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("it ended with %v, want %q", err, want)
		}
	}
}

func TestProfilesAreServedToThisMachineOnly(t *testing.T) {
	for addr, want := range map[string]int{"127.0.0.1:0": 200, "0.0.0.0:0": 404} {
		p := run(t, app.Options{Roles: []string{"broker"}, HTTP: addr})
		_, port, err := net.SplitHostPort(strings.TrimPrefix(p.url(), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/debug/pprof/", "/debug/pprof/goroutine", "/debug/pprof/cmdline"} {
			if code, _ := get(t, "http://127.0.0.1:"+port+path); code != want {
				t.Errorf("listening on %s: %s gives %d, want %d", addr, path, code, want)
			}
		}
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	}
}

func TestWithoutAnAddressThereIsNoAPI(t *testing.T) {
	started := make(chan string, 1)
	p := run(t, app.Options{Roles: app.Roles(), Main: configuration(t), Started: func(addr string) { started <- addr }})
	if addr := <-started; addr != "" {
		t.Errorf("started at %q", addr)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}

func TestTheAPIOfThisMachineHasItsNames(t *testing.T) {
	p := run(t, app.Options{Roles: []string{"broker"}, Bus: membus.New().Connect("test"), HTTP: "127.0.0.1:0"})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url()+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{"rebound.example": 403, "localhost": 200} {
		req.Host = host
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("asked as %s: got %d, want %d", host, resp.StatusCode, want)
		}
	}
}

// orders gives an order over the API.
func orders(t *testing.T, url, order string) {
	t.Helper()
	resp, err := http.Post(url+"/api/nodes/order", "application/json", strings.NewReader(order))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 200 {
		t.Fatalf("%s: %d %s", order, resp.StatusCode, body)
	}
}

func TestAWholeEngineRestsInMaintenanceAndGoesOnAfterwards(t *testing.T) {
	p := run(t, app.Options{Roles: app.Roles(), Main: configuration(t), HTTP: "127.0.0.1:0", EventLog: "events.ndjson"})
	url := p.url()
	works := func(since float64) (last float64) {
		p.eventually("the service is checked", func() error {
			_, body := get(t, url+"/api/services")
			var services []api.Object
			if err := json.Unmarshal([]byte(body), &services); err != nil {
				return fmt.Errorf("%w: %s", err, body)
			}
			if len(services) != 1 || services[0].State != "WARNING" || services[0].LastCheck <= since {
				return fmt.Errorf("services: %s", body)
			}
			last = services[0].LastCheck
			return nil
		})
		return last
	}
	all := func(state string) {
		t.Helper()
		p.eventually("all roles are in "+state, func() error {
			_, body := get(t, url+"/api/nodes")
			var roles []api.Role
			if err := json.Unmarshal([]byte(body), &roles); err != nil || len(roles) != len(app.Roles()) {
				return fmt.Errorf("%w: %s", err, body)
			}
			for _, r := range roles {
				if r.State != state {
					return fmt.Errorf("%s is %s", r.Role, r.State)
				}
			}
			return nil
		})
	}
	last := works(0)
	if code, body := get(t, url+"/api/nodes/plan?node=test&role=poller&state=maintenance&drain=1"); code != 200 || !strings.Contains(body, "what is under way is ended first") || !strings.Contains(body, "test has the last poller that works") {
		t.Errorf("what an order would do: %d %s", code, body)
	}
	if code, body := get(t, url+"/api/nodes/plan?node=nobody&state=up"); code != 404 || !strings.Contains(body, "no node is called nobody") {
		t.Errorf("an order for nobody: %d %s", code, body)
	}
	for rules, want := range map[string]string{"define piggyback_translation {\ncase lower\n}": `"problems":[]`, "cfg_file=/etc/passwd": "definitions:1: "} {
		resp, err := http.Post(url+"/api/piggyback/try", "text/plain", strings.NewReader(rules))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 || !strings.Contains(string(body), want) {
			t.Errorf("trying %q: %d %s", rules, resp.StatusCode, body)
		}
	}
	if code, body := get(t, url+"/healthz"); code != 200 || strings.Contains(body, "degraded") {
		t.Errorf("healthz while all work: %d %s", code, body)
	}
	orders(t, url, `{"node":"test","state":"maintenance","drain":true,"why":"a test"}`)
	all("maintenance")
	p.eventually("the health says what nobody does", func() error {
		if code, body := get(t, url+"/healthz"); code != 200 || !strings.Contains(body, `"degraded":["arbiter: none works: no configuration is read or changed`) || !strings.Contains(body, `no active check is made; test is in maintenance"`) {
			return fmt.Errorf("%d %s", code, body)
		}
		return nil
	})
	if code, body := get(t, url+"/healthz"); code != 200 || !strings.Contains(body, `"scheduler":"maintenance"`) {
		t.Errorf("healthz: %d %s", code, body)
	}
	if code, body := get(t, url+"/api/services"); code != 503 || !strings.Contains(body, "(maintenance): ask another node") {
		t.Errorf("the broker answers in maintenance: %d %s", code, body)
	}
	orders(t, url, `{"node":"test","state":"up"}`)
	all("up")
	works(last)
	if _, body := get(t, url+"/api/cluster/log?kind=refused,maintenance&role=broker"); !strings.Contains(body, "a test") {
		t.Errorf("the cluster log has %q", body)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}

func TestARoleShowsItselfWhileItWaitsForTheBus(t *testing.T) {
	p := run(t, app.Options{Roles: []string{"broker"}, Bus: membus.New().Connect("test"), HTTP: "127.0.0.1:0"})
	if code, body := get(t, p.url()+"/api/hosts"); code != 200 {
		t.Errorf("the broker's API before the bus is ready: %d %s", code, body)
	}
}
