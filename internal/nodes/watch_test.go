package nodes_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/nodes"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor/api"
)

// watched is a site with two that watch over its nodes.
type watched struct {
	*site
	mu   sync.Mutex
	told []string
}

func (w *watched) tell(kind, about, why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = append(w.told, kind+" "+about+": "+why)
}

// take gives what was told since the last time.
func (w *watched) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	told := w.told
	w.told = nil
	return told
}

// live has nodes beat for a time.
func (w *watched) live(d time.Duration, names ...string) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(5 * time.Second) {
		for _, name := range names {
			w.beats(wire.Heartbeat{Role: "broker", Name: name})
			w.beats(wire.Heartbeat{Role: "scheduler", Name: name})
		}
	}
}

func TestTheSilenceOfANodeIsToldOnceAndItsReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watched{site: newSite(t)}
		ctx, cancel := context.WithCancel(t.Context())
		var watching sync.WaitGroup
		for range 2 {
			watcher := nodes.Watcher{Bus: w.Conn, Tell: w.tell, Log: slog.New(slog.DiscardHandler)}
			watching.Go(func() { watcher.Run(ctx) })
		}
		away := strings.Repeat("a node with a very long name ", 10)
		w.put(bus.NODE, bus.KnownKey("poller", "ended"), wire.KnownRole{Beat: wire.Heartbeat{Role: "poller", Name: "ended"}, Ended: true})
		w.put(bus.NODE, bus.KnownKey("poller", away), wire.KnownRole{Beat: wire.Heartbeat{Role: "poller", Name: away}})
		w.must(w.give(api.Order{Node: away, State: "disconnected"}))
		w.put(bus.NODE, bus.KnownKey("poller", "late"), wire.KnownRole{Beat: wire.Heartbeat{Role: "poller", Name: "late"}})
		w.live(50*time.Second, "a", "b")
		if told := w.take(); len(told) > 0 {
			t.Errorf("told while all was well: %q", told)
		}
		w.live(15*time.Second, "a", "b")
		want := []string{"node-silent node late: nothing of it is heard any more, and it did not end in order: poller"}
		if diff := cmp.Diff(want, w.take()); diff != "" {
			t.Errorf("of a node that does not come when the site starts: %s", diff)
		}
		w.live(30*time.Second, "a") // b is dead: 15 s until its heartbeats are gone, and 8 more
		toldOf := "node-silent node b: nothing of it is heard any more, and it did not end in order: broker, scheduler; it was heard last "
		if told := w.take(); len(told) != 1 || !strings.HasPrefix(told[0], toldOf+"2") {
			t.Errorf("when b is dead: %q", told)
		}
		w.live(time.Minute, "a", "b")
		if told := w.take(); len(told) != 1 || !strings.HasPrefix(told[0], "node-back node b: it is heard again, after ") {
			t.Errorf("when b came back: %q", told)
		}
		w.live(30*time.Second, "b")
		if told := w.take(); len(told) != 1 || !strings.HasPrefix(told[0], "node-silent node a") {
			t.Errorf("when a fell silent: %q", told)
		}
		w.must(nodes.Forget(t.Context(), w.Conn, w.tell, "a"))
		time.Sleep(5 * time.Second)
		if told := w.take(); len(told) != 1 || !strings.HasPrefix(told[0], "dissolved node a") {
			t.Errorf("when a was dissolved: %q", told)
		}
		if left, err := w.List(t.Context(), bus.NODE, bus.AllSilent()); err != nil || len(left) != 1 {
			t.Errorf("%v, %v are remembered as silent, want the one that is late", left, err)
		}
		cancel()
		watching.Wait()
	})
}

// door is a bus that stores nothing while it is shut.
type door struct {
	bus.Conn
	shut atomic.Bool
}

func (d *door) Put(ctx context.Context, b bus.Bucket, key string, value []byte, revision uint64) (uint64, error) {
	if d.shut.Load() {
		return 0, context.DeadlineExceeded
	}
	return d.Conn.Put(ctx, b, key, value, revision)
}

// seen gives for how long each role that is silent was not heard.
func seen(all []api.Role) (out []string) {
	for _, r := range all {
		if r.State == api.Silent {
			out = append(out, r.Node+" "+r.Role+" "+time.Since(time.Unix(int64(r.Seen), 0)).String())
		}
	}
	return out
}

func TestTheSilenceOfANodeCountsFromItsLastHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &watched{site: newSite(t)}
		ctx, cancel := context.WithCancel(t.Context())
		d := &door{Conn: w.Conn}
		watcher := nodes.Watcher{Bus: d, Tell: w.tell, Log: slog.New(slog.DiscardHandler)}
		var watching sync.WaitGroup
		watching.Go(func() { watcher.Run(ctx) })
		w.live(2*time.Minute, "a", "b")
		d.shut.Store(true)
		w.live(30*time.Second, "a")
		all := w.look()
		watcher.Refine(all)
		if diff := cmp.Diff([]string{"b broker 35s", "b scheduler 35s"}, seen(all)); diff != "" {
			t.Errorf("while nobody can note it: %s", diff)
		}
		w.live(11*time.Minute, "a")
		d.shut.Store(false)
		w.live(10*time.Second, "a")
		if told := w.take(); len(told) != 1 || !strings.Contains(told[0], "node-silent node b: ") || !strings.Contains(told[0], "; it was heard last 11m3") {
			t.Errorf("when it can be noted: %q", told)
		}
		if diff := cmp.Diff([]string{"b broker 11m45s", "b scheduler 11m45s"}, seen(w.look())); diff != "" {
			t.Errorf("once it is noted, for others: %s", diff)
		}
		w.live(10*time.Second, "a", "b")
		if told := w.take(); len(told) != 1 || !strings.HasPrefix(told[0], "node-back node b: it is heard again, after 11m4") {
			t.Errorf("when b came back: %q", told)
		}
		cancel()
		watching.Wait()
	})
}
