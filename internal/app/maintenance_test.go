package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/chronicle"
	"github.com/onbu/onbu/internal/nodes"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/api"
)

// worker is a daemon that notes in a diary what is done with it.
type worker struct {
	name  string
	diary *diary
}

func (w worker) Run(ctx context.Context) error {
	w.diary.note(w.name + " works")
	<-ctx.Done()
	if errors.Is(context.Cause(ctx), monitor.ErrGiveUp) {
		w.diary.note(w.name + " gives up")
		return context.Cause(ctx) // as a daemon may that passes it on
	}
	time.Sleep(time.Duration(w.diary.lasts.Load()))
	w.diary.note(w.name + " ends")
	return nil
}

func (w worker) Drain(ctx context.Context) {
	w.diary.note(w.name + " drains")
	select {
	case <-time.After(5 * time.Second):
	case <-ctx.Done():
	}
}

func (w worker) Resume() { w.diary.note(w.name + " resumes") }

func (w worker) Load() map[string]int64 { return map[string]int64{"running": 7} }

// node is an app in a bubble whose roles are workers.
type node struct {
	*App
	t     *testing.T
	diary diary
	boots []string
	// broken lets the next lives fail at once.
	broken atomic.Bool
}

func newNode(t *testing.T, c bus.Conn, names ...string) *node {
	t.Helper()
	return newNodeWith(t, c, func(*App) {}, names...)
}

// newNodeWith is newNode with a change to the app.
func newNodeWith(t *testing.T, c bus.Conn, change func(*App), names ...string) *node {
	t.Helper()
	if err := c.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, App: &App{o: Options{Name: "alpha", Roles: names, Log: slog.New(slog.DiscardHandler)}, bus: c, ordered: make(chan struct{}), failed: make(chan error, len(names))}}
	n.chronicle(t.Context())
	change(n.App)
	n.server = newServer(n.App)
	for _, name := range names {
		r := n.newRunning(role{name, func(p *part) (Daemon, error) {
			n.boots = append(n.boots, p.boot)
			p.metrics.NewCounter("only_once_in_a_set")
			p.serve(func(mux *http.ServeMux) { mux.HandleFunc("GET /"+name, func(http.ResponseWriter, *http.Request) {}) })
			p.closers = append(p.closers, func() error { n.diary.note(name + " is closed"); return nil })
			if n.broken.Load() {
				return member{name: name, err: errors.New("main.cfg: line 3: rubbish")}, nil
			}
			return worker{name: name, diary: &n.diary}, nil
		}})
		if err := r.build(); err != nil {
			t.Fatal(err)
		}
		n.roles = append(n.roles, r)
	}
	n.launch(t.Context())
	synctest.Wait()
	return n
}

// order gives an order and lets a second pass.
func (n *node) order(o api.Order) {
	n.t.Helper()
	o.Node = "alpha"
	if err := nodes.Give(n.t.Context(), n.bus, nil, o); err != nil {
		n.t.Fatal(err)
	}
	time.Sleep(time.Second)
}

// shows compares what others see of the roles: ROLE STATE MODE.
func (n *node) shows(when string, want ...string) {
	n.t.Helper()
	all, err := nodes.Look(n.t.Context(), n.bus)
	if err != nil {
		n.t.Fatal(err)
	}
	var got []string
	for _, r := range all {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s%s", r.Role, r.State, r.Mode, map[bool]string{true: " wanted " + r.Ordered}[r.Ordered != ""])))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		n.t.Errorf("%s: %s", when, diff)
	}
}

// did compares what happened since it was called last.
func (n *node) did(when string, want ...string) {
	n.t.Helper()
	n.diary.mu.Lock()
	got := n.diary.all
	n.diary.all = nil
	n.diary.mu.Unlock()
	if diff := cmp.Diff(want, got); diff != "" {
		n.t.Errorf("%s: %s", when, diff)
	}
}

func (n *node) serves(path string) bool {
	req, _ := http.NewRequest(http.MethodGet, path, nil)
	_, pattern := n.server.pages.Load().Handler(req)
	return pattern != ""
}

func TestARoleInMaintenanceGivesUpAtOnceAndIsBuiltAnewAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, membus.New().Connect("test"), "poller")
		time.Sleep(time.Second)
		n.shows("at the start", "poller up M")
		n.order(api.Order{State: "maintenance", Why: "kernel"})
		n.did("in maintenance", "poller works", "poller gives up", "poller is closed")
		n.shows("in maintenance", "poller maintenance")
		if n.serves("/poller") {
			t.Error("it serves its pages in maintenance")
		}
		time.Sleep(time.Hour)
		n.did("an hour later")
		n.order(api.Order{State: "up"})
		n.did("taken out", "poller works")
		n.shows("taken out", "poller up M")
		if !n.serves("/poller") || n.serves("/broker") {
			t.Error("it does not serve its pages, or others")
		}
		if len(n.boots) != 2 || n.boots[0] == n.boots[1] {
			t.Errorf("its lives are called %q", n.boots)
		}
		if err := n.stop(); err != nil {
			t.Error(err)
		}
		n.did("at the end", "poller ends", "poller is closed")
		n.shows("at the end", "poller ended")
		select {
		case err := <-n.failed:
			t.Errorf("it failed: %v", err)
		default:
		}
	})
}

func TestWithDrainARoleEndsFirstWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, membus.New().Connect("test"), "broker", "poller")
		n.order(api.Order{Role: "poller", State: "maintenance", Drain: true})
		n.shows("a second later", "broker up M", "poller draining M wanted maintenance")
		time.Sleep(5 * time.Second)
		n.shows("six seconds later", "broker up M", "poller maintenance")
		n.diary.read()
		if err := n.stop(); err != nil {
			t.Error(err)
		}
		var of []string
		for _, line := range n.diary.read() {
			if strings.HasPrefix(line, "poller") {
				of = append(of, line)
			}
		}
		if diff := cmp.Diff([]string{"poller works", "poller drains", "poller gives up", "poller is closed"}, of); diff != "" {
			t.Error(diff)
		}
	})
}

func TestADrainIsCutShortByAnOrderWithoutIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, membus.New().Connect("test"), "poller")
		n.order(api.Order{State: "maintenance", Drain: true})
		n.shows("a second later", "poller draining M wanted maintenance")
		n.order(api.Order{State: "maintenance", Drain: true, Why: "another reason"})
		n.shows("ordered again with it", "poller draining M wanted maintenance")
		n.order(api.Order{State: "maintenance"})
		n.shows("a second after the order without", "poller maintenance")
		n.did("by then", "poller works", "poller drains", "poller gives up", "poller is closed")
		if err := n.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestARoleThatIsTakenBackWhileItDrainsGoesOnAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, membus.New().Connect("test"), "poller")
		n.order(api.Order{State: "maintenance", Drain: true})
		n.order(api.Order{State: "up"})
		n.shows("a second later", "poller up M")
		n.did("by then", "poller works", "poller drains", "poller resumes")
		n.order(api.Order{State: "maintenance", Drain: true})
		time.Sleep(5 * time.Second)
		n.shows("drained another time", "poller maintenance")
		n.did("by then", "poller drains", "poller gives up", "poller is closed")
		if err := n.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestMaintenanceOutlivesTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := membus.New().Connect("test")
		n := newNode(t, c, "poller")
		n.order(api.Order{State: "maintenance"})
		if err := n.stop(); err != nil {
			t.Error(err)
		}
		n = newNode(t, c, "poller")
		time.Sleep(time.Minute)
		n.did("after a restart", "poller is closed") // it was built and never ran
		if n.serves("/poller") {
			t.Error("it serves its pages although it was never begun")
		}
		n.shows("after a restart", "poller maintenance")
		n.order(api.Order{State: "up"})
		n.did("taken out", "poller works")
		if err := n.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatIsOrderedAndDoneIsInTheClusterLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, membus.New().Connect("test"), "poller")
		o := api.Order{Node: "alpha", State: "maintenance", By: "ann", Why: "kernel"}
		if err := nodes.Give(t.Context(), n.bus, n.deeds.For(""), o); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if err := n.stop(); err != nil {
			t.Error(err)
		}
		var got []string
		err := chronicle.Read(t.Context(), n.bus, chronicle.Query{}, func(e api.Deed) error {
			got = append(got, e.Kind+": "+e.About+": "+e.Why)
			return nil
		})
		slices.Sort(got) // all are of the same moment
		want := []string{
			"maintenance: poller of alpha: ordered by ann: kernel; gave everything up in 0s",
			"ordered: node alpha: maintenance, by ann: kernel", "started: poller of alpha: version " + version(),
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
	})
}

func TestARoleThatFailsAfterMaintenanceDoesNotEndTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, membus.New().Connect("test"), "arbiter")
		n.order(api.Order{State: "maintenance"})
		n.did("before", "arbiter works", "arbiter gives up", "arbiter is closed")
		n.broken.Store(true)
		n.order(api.Order{State: "up"})
		time.Sleep(time.Minute)
		n.broken.Store(false)
		time.Sleep(buildAgain)
		if got := n.diary.read(); got[len(got)-1] != "arbiter works" {
			t.Errorf("mended: %q", got)
		}
		if err := n.stop(); err != nil || len(n.failed) > 0 {
			t.Errorf("%v, %d failures", err, len(n.failed))
		}
	})
}

func TestAnUnreadableOrderChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := membus.New().Connect("test")
		n := newNode(t, c, "poller")
		if _, err := c.Put(t.Context(), bus.NODE, bus.OrderKey("alpha"), []byte("rubbish"), 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		n.did("after rubbish", "poller works")
		if n.roles[0].is() != wire.NodeUp {
			t.Errorf("it is %s", n.roles[0].is())
		}
		if err := n.stop(); err != nil {
			t.Error(err)
		}
	})
}
