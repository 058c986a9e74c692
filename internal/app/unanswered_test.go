package app

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/chronicle"
	"github.com/onbu/onbu/internal/wire"
)

// voiceless is a bus that says nothing: two of its three servers are gone.
type voiceless struct {
	bus.Conn
	since time.Time
}

func (b *voiceless) wait(ctx context.Context) error {
	if time.Now().Before(b.since) {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

func (b *voiceless) Ready(ctx context.Context) error { return b.wait(ctx) }

func (b *voiceless) Extent(ctx context.Context, s bus.Stream, after uint64) (bus.Extent, error) {
	if err := b.wait(ctx); err != nil {
		return bus.Extent{}, err
	}
	return b.Conn.Extent(ctx, s, after)
}

func (b *voiceless) List(ctx context.Context, k bus.Bucket, key string) ([]bus.Entry, error) {
	if err := b.wait(ctx); err != nil {
		return nil, err
	}
	return b.Conn.List(ctx, k, key)
}

func (b *voiceless) Read(ctx context.Context, c bus.Cursor, handle func([]bus.Msg) error) error {
	if err := b.wait(ctx); err != nil {
		return err
	}
	return b.Conn.Read(ctx, c, handle)
}

// Standing says that two of three servers are gone.
func (*voiceless) Standing(context.Context) bus.Standing {
	return bus.Standing{Server: "alpha", Cluster: true, Leader: "alpha", Servers: []string{"alpha", "beta", "gamma"}, Behind: []bus.Replica{
		{Server: "beta", Away: true, Seen: 6 * time.Second}, {Server: "gamma", Away: true, Seen: 6 * time.Second},
	}}
}

// Request is answered by an arbiter that waits for the bus.
func (*voiceless) Request(ctx context.Context, _ bus.Subject, _ []byte) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// asked is the API of a node whose bus is voiceless.
type asked struct {
	*httpServer
	t *testing.T
}

func newAsked(t *testing.T, since time.Time) *asked {
	t.Helper()
	c := membus.New().Connect("test")
	if err := c.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := &App{
		bus: &voiceless{Conn: c, since: since}, o: Options{Name: "alpha", Roles: []string{"broker"}, Log: slog.New(slog.DiscardHandler)},
		busState: newBusState(nil, metrics.NewSet()),
	}
	a.deeds = chronicle.NewWriter(chronicle.Options{Bus: c, Node: "alpha", Log: a.o.Log})
	return &asked{newServer(a), t}
}

// lose has the App notice what has become of the bus.
func (a *asked) lose() {
	a.app.busState.note((*voiceless)(nil).Standing(a.t.Context()), time.Now())
}

// says compares an answer, and how long it may take.
func (a *asked) says(method, path string, most time.Duration, want ...string) {
	a.t.Helper()
	began, w := time.Now(), httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	if took := time.Since(began); w.Code != http.StatusServiceUnavailable || took > most {
		a.t.Errorf("%s: %d after %s", path, w.Code, took)
	}
	for _, part := range want {
		if !strings.Contains(w.Body.String(), part) {
			a.t.Errorf("%s: %s lacks %q", path, w.Body, part)
		}
	}
}

const startThem = "1 of the 3 servers of its cluster answers, and more than half have to: start beta or gamma"

func TestWithoutAMajorityTheLogAndAReloadAreRefusedSoonAndSayWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsked(t, time.Now())
		a.app.deeds.For("").Tell("bus-lost", "bus", "two are away")
		a.says(http.MethodGet, "/api/cluster/log", 8*time.Second, "the bus does not answer: it elects a leader", `"kind":"bus-lost"`)
		a.lose()
		a.says(http.MethodGet, "/api/cluster/log", 8*time.Second, "the bus: nothing is stored for 14s: "+startThem)
		time.Sleep(15 * time.Second)
		a.says(http.MethodGet, "/api/cluster/log", 0, "the bus: nothing is stored for 29s: "+startThem, `"kind":"bus-lost"`)
		a.says(http.MethodGet, "/api/cluster/log?follow=1", 0, startThem)
		a.says(http.MethodPost, "/api/reload", 0, "the bus: nothing is stored for 29s: "+startThem)
	})
}

func TestAReloadEndsWhenTheBusIsLostMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsked(t, time.Now().Add(time.Second))
		time.AfterFunc(2*time.Second, a.lose)
		a.says(http.MethodPost, "/api/reload", 10*time.Second, "the bus: nothing is stored for 10s: "+startThem)
	})
}

func TestWithoutAMajorityTheListOfNodesIsTheLastKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAsked(t, time.Now().Add(time.Second))
		beat := wire.Heartbeat{Role: "poller", Name: "beta"}
		if _, err := a.app.bus.Put(t.Context(), bus.HB, bus.BeatKey(beat.Role, beat.Name), wire.Marshal(beat), 0); err != nil {
			t.Fatal(err)
		}
		a.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/api/nodes", nil))
		time.Sleep(time.Second)
		a.says(http.MethodGet, "/api/nodes", 8*time.Second, "the bus does not answer: it elects a leader", `"nodes":[{"node":"beta"`, `"asked":946684800`)
		a.lose()
		for _, path := range []string{"/api/nodes", "/api/nodes/plan?node=beta&state=up", "/api/nodes/gaps"} {
			a.says(http.MethodGet, path, 8*time.Second, startThem)
		}
		a.says(http.MethodPost, "/api/nodes/forget?node=beta", 8*time.Second, startThem)
	})
}
