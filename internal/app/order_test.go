package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus/membus"
)

// diary remembers what happened in which order.
type diary struct {
	mu       sync.Mutex
	all      []string
	troubles []string // of a worker
	// lasts is how long a worker takes to end, in nanoseconds.
	lasts atomic.Int64
}

func (d *diary) note(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, text)
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.all)
}

// member is a daemon that takes a while to end, or does not end at all.
type member struct {
	name  string
	diary *diary
	takes time.Duration
	err   error
}

func (p member) Run(ctx context.Context) error {
	if p.err != nil {
		return p.err
	}
	<-ctx.Done()
	time.Sleep(p.takes)
	p.diary.note(p.name)
	return nil
}

// working gives an app at work on these daemons.
func working(t *testing.T, parts ...member) *App {
	t.Helper()
	c := membus.New().Connect("test")
	if err := c.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := &App{o: Options{Name: "test", Log: slog.New(slog.DiscardHandler)}, bus: c, ordered: make(chan struct{}), failed: make(chan error, len(parts))}
	a.chronicle(t.Context())
	a.server = newServer(a)
	for _, p := range parts {
		r := a.newRunning(role{p.name, func(*part) (Daemon, error) { return p, nil }})
		if err := r.build(); err != nil {
			t.Fatal(err)
		}
		a.roles = append(a.roles, r)
	}
	a.launch(t.Context())
	synctest.Wait()
	return a
}

func TestRolesEndFromTheLastToTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		a := working(t, member{name: "first", diary: &d}, member{name: "second", diary: &d, takes: time.Second}, member{name: "third", diary: &d, takes: 5 * time.Second})
		for i := range 2 {
			a.closers = append(a.closers, func() error { d.note(fmt.Sprint("closer ", i)); return nil })
		}
		if err := a.stop(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"third", "second", "first", "closer 1", "closer 0"}, d.read()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestARoleThatDoesNotEndHoldsUpTheOthersForAWhileOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		a := working(t, member{name: "good", diary: &d}, member{name: "stuck", diary: &d, takes: time.Hour})
		began := time.Now()
		err := a.stop()
		if err == nil || err.Error() != "stuck did not end within 15s" {
			t.Errorf("it ended with %v", err)
		}
		if took := time.Since(began); took != stopWait {
			t.Errorf("the end took %s, want %s", took, stopWait)
		}
		if !slices.Contains(d.read(), "good") {
			t.Error("the other role was not ended")
		}
		time.Sleep(time.Hour)
	})
}

func TestAFailureNamesItsRole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := working(t, member{name: "good", diary: &diary{}}, member{name: "bad", err: errors.New("no luck")})
		if err := <-a.failed; err.Error() != "bad: no luck" {
			t.Errorf("it failed with %q", err)
		}
		if err := a.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestRolesStartInTheOrderOfTheTable(t *testing.T) {
	a := &App{o: Options{Log: slog.New(slog.DiscardHandler), Bus: membus.New().Connect("test"), Roles: []string{"poller", "arbiter", "broker", "poller"}}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.start(ctx); err == nil || err.Error() != "arbiter: needs a configuration: the path of its main file" {
		t.Errorf("without a configuration: %v", err)
	}
	if want := []string{"arbiter", "broker", "reactionner", "scheduler", "poller", "receiver"}; !slices.Equal(Roles(), want) {
		t.Errorf("roles: %v, want %v", Roles(), want)
	}
}

func TestPools(t *testing.T) {
	for _, c := range []struct{ asked, all, want []string }{
		{nil, nil, []string{""}},
		{nil, []string{"EU", "US"}, []string{"", "EU", "US"}},
		{[]string{"EU"}, []string{"EU", "US"}, []string{"EU"}},
		{[]string{"None", "EU", "EU"}, nil, []string{"", "EU"}},
	} {
		if got := pools(served(c.asked, c.all)); !slices.Equal(got, c.want) {
			t.Errorf("asked for %q of %q: %q, want %q", c.asked, c.all, got, c.want)
		}
	}
}

func TestSlotsLeaveRoomForTheRest(t *testing.T) {
	for limit, want := range map[int]int{0: 64, 256: 64, 1024: 824, 10000: 9000, 1 << 20: 1 << 16} {
		if got := slotsFor(limit); got != want {
			t.Errorf("%d files: %d slots, want %d", limit, got, want)
		}
	}
}
