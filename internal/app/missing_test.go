package app

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/dial"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/nodes"
	"github.com/onbu/onbu/internal/nodes/cover"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor/api"
)

func TestAServerOfTheBusCountsAsMissingFromItsGoodByeUntilItHasEverything(t *testing.T) {
	n3 := func(r bus.Replica) []bus.Replica { r.Server = "n3"; return []bus.Replica{r} }
	goodBye, silent, lags, begins := n3(bus.Replica{Away: true, Left: true}), n3(bus.Replica{Away: true}), n3(bus.Replica{Lag: 5}), n3(bus.Replica{Begins: true})
	for name, steps := range map[string][]struct {
		behind []bus.Replica
		want   int64
	}{ // one a second
		"it ends in order and comes back":   {{nil, 0}, {goodBye, 1}, {goodBye, 1}, {lags, 1}, {lags, 1}, {nil, 0}},
		"it is killed":                      {{nil, 0}, {silent, 0}, {silent, 0}, {silent, 1}, {lags, 1}, {nil, 0}},
		"a connection is made anew":         {{nil, 0}, {silent, 0}, {nil, 0}, {silent, 0}, {silent, 0}, {nil, 0}},
		"it lags for a moment, under load":  {{nil, 0}, {lags, 0}, {lags, 0}, {lags, 0}, {nil, 0}},
		"it has begun and is not there yet": {{begins, 1}, {begins, 1}, {nil, 0}},
	} {
		s := newBusState(nil, metrics.NewSet())
		for second, step := range steps {
			now := time.Unix(1e9+int64(second), 0)
			s.note(bus.Standing{Server: "n1", Cluster: true, Leader: "n1", Servers: []string{"n1", "n2", "n3"}, Behind: step.behind}, now)
			note, err := s.health(now)
			if n, _ := s.missing(); n != step.want || err != nil || strings.Contains(note, "server n3") != (step.want > 0) {
				t.Errorf("%s: after %d s %d are missing, want %d; health says %q, %v", name, second, n, step.want, note, err)
			}
		}
	}
}

// stood is a bus of a cluster that says how it is.
type stood struct {
	bus.Conn
	is atomic.Pointer[bus.Standing]
}

func (s *stood) Standing(context.Context) bus.Standing { return *s.is.Load() }

func (s *stood) say(behind ...bus.Replica) {
	s.is.Store(&bus.Standing{Server: "alpha", Cluster: true, Leader: "alpha", Servers: []string{"alpha", "beta", "gamma"}, Behind: behind})
}

// warned says whether somebody who asks the bus is warned of stopping a node.
func (n *node) warned() bool {
	n.t.Helper()
	p, err := nodes.PlanOf(n.t.Context(), n.bus, api.Order{Node: "alpha", State: "maintenance"})
	if err != nil {
		n.t.Fatal(err)
	}
	return strings.Contains(strings.Join(p.Warnings, "\n"), "the bus lacks 1 of its servers")
}

// out says whether a node that is taken out of maintenance is out of it.
func (n *node) out() bool {
	all, err := nodes.Look(n.t.Context(), n.bus)
	if err != nil {
		n.t.Fatal(err)
	}
	return nodes.Done(all, api.Order{Node: "alpha", State: "up"})
}

func TestWhoOrdersSeesAtOnceThatTheBusLacksAServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &stood{Conn: membus.New().Connect("alpha")}
		b.say()
		n := newNodeWith(t, b, func(a *App) {
			a.o.Serve, a.busState = dial.Serve{Cluster: "127.0.0.1:6222"}, newBusState(nil, metrics.NewSet())
		}, "arbiter", "scheduler")
		ctx, end := context.WithCancel(t.Context())
		defer end()
		go n.busState.watch(ctx, b)
		time.Sleep(7 * time.Second)
		if n.warned() {
			t.Error("it is warned of nothing")
		}
		b.say(bus.Replica{Server: "gamma", Away: true, Left: true})
		if n.lookAtBus(ctx) != 1 {
			t.Error("a broker that is asked does not look")
		}
		time.Sleep(100 * time.Millisecond) // the heart beats at once
		if !n.warned() {
			t.Error("nobody is warned when a server has said good-bye")
		}
		b.say()
		time.Sleep(1100 * time.Millisecond)
		n.order(api.Order{State: "maintenance"})
		b.say(bus.Replica{Server: "alpha", Begins: true})
		time.Sleep(1100 * time.Millisecond)
		n.order(api.Order{State: "up"})
		if n.roles[0].is() != wire.NodeUp || n.out() || !n.warned() {
			t.Error("it is out of maintenance before its server of the bus has everything")
		}
		b.say()
		time.Sleep(1100 * time.Millisecond)
		if !n.out() || n.warned() {
			t.Error("it stays in maintenance though its server of the bus has everything")
		}
		if err := n.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestTheEndOfAProcessWithAServerOfTheBusCountsFromItsBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &stood{Conn: membus.New().Connect("alpha")}
		b.say()
		n := newNodeWith(t, b, func(a *App) {
			a.o.Serve, a.busState = dial.Serve{Cluster: "127.0.0.1:6222"}, newBusState(nil, metrics.NewSet())
		}, "arbiter", "scheduler")
		n.busState.look(t.Context(), b)
		n.diary.lasts.Store(int64(3 * time.Second)) // of each role
		ended := make(chan error)
		go func() { ended <- n.stop() }()
		for range 20 {
			time.Sleep(500 * time.Millisecond)
			all, err := nodes.Look(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			if p, err := nodes.For(append(all, api.Role{Node: "beta", Role: "poller", State: "up"}), cover.Needs{}, api.Order{Node: "beta", State: "maintenance"}); err != nil || !strings.Contains(strings.Join(p.Warnings, "\n"), "the bus lacks") {
				t.Fatalf("it is not warned: %+v, %v", all, err)
			}
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		time.Sleep(15 * time.Second) // others see by themselves whether it is there
		if all, err := nodes.Look(t.Context(), b); err != nil || all[0].Load != nil {
			t.Errorf("long after: %+v, %v", all, err)
		}
	})
}

func TestHealthNamesTheServersThatTheFirstStartWaitsFor(t *testing.T) {
	s := newBusState(nil, metrics.NewSet())
	for second := range int64(11) {
		s.note(bus.Standing{Server: "n1", Cluster: true, Bare: true, Unjoined: "gamma:6222"}, time.Unix(1e9+second, 0))
	}
	if _, err := s.health(time.Unix(1e9+11, 0)); err == nil || !strings.HasSuffix(err.Error(), "; not there: gamma:6222") {
		t.Errorf("it says %v", err)
	}
}
