package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler"
)

// lateness gives how late the latest check began last, and how many services were not checked in the last 15 seconds.
func (w *world) lateness(shards int) (worst time.Duration, unchecked int) {
	w.t.Helper()
	for shard := range uint16(shards) {
		for ref, st := range w.statuses(shard) {
			if ref.IsHost() {
				continue
			}
			worst = max(worst, st.Latency)
			if time.Since(st.LastCheck.Std()) > 15*time.Second {
				unchecked++
			}
		}
	}
	return worst, unchecked
}

func TestPollersServeSeveralSchedulersAlike(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var all []*monitor.Inventory
		for shard := range 6 {
			inv := inventory(20, 10, 10*time.Second)
			for i := range inv.Hosts {
				inv.Hosts[i].Name = fmt.Sprintf("h%d-%d", shard, i)
			}
			all = append(all, inv)
		}
		w.enforce(all...) // 120 checks a second of 100 ms each: 12 slots of 60
		w.fake.outcome = func(context.Context, string) (monitor.Outcome, error) {
			time.Sleep(100 * time.Millisecond)
			return monitor.Outcome{Output: "fine"}, nil
		}
		a, b, c := w.scheduler("a"), w.scheduler("b"), w.scheduler("c")
		p, q := w.poller("p", 30), w.poller("q", 30)
		time.Sleep(time.Minute)
		w.shared(time.Second, map[string]int{"a": 2, "b": 2, "c": 2})
		if worst, unchecked := w.lateness(6); worst > 200*time.Millisecond || unchecked > 0 {
			t.Errorf("with three schedulers a check is up to %s late, and %d are not checked", worst, unchecked)
		}
		for _, d := range []*daemon{p, q, a, b, c} {
			d.stop()
		}
	})
}

// slow is a connection of a scheduler that takes a second to read each message of results.
type slow struct {
	bus.Conn
	on atomic.Bool
}

func (c *slow) Read(ctx context.Context, cur bus.Cursor, handle func([]bus.Msg) error) error {
	return c.Conn.Read(ctx, cur, func(msgs []bus.Msg) error {
		if cur.Stream == bus.RES && c.on.Load() {
			time.Sleep(10 * time.Second)
		}
		return handle(msgs)
	})
}

func TestASlowSchedulerTakesNoRoomFromOthers(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var all []*monitor.Inventory
		for shard := range 4 {
			inv := inventory(20, 10, 10*time.Second)
			for i := range inv.Hosts {
				inv.Hosts[i].Name = fmt.Sprintf("h%d-%d", shard, i)
			}
			all = append(all, inv)
		}
		w.enforce(all...)
		w.fake.outcome = func(context.Context, string) (monitor.Outcome, error) {
			time.Sleep(100 * time.Millisecond)
			return monitor.Outcome{Output: "fine"}, nil
		}
		c := &slow{Conn: w.bus.Connect("z")}
		z, b, p := w.schedulerOn(c, scheduler.Options{Name: "z"}), w.scheduler("b"), w.poller("p", 40)
		time.Sleep(time.Minute)
		w.shared(time.Second, map[string]int{"z": 2, "b": 2})
		c.on.Store(true)
		time.Sleep(time.Minute)
		for shard, owner := range w.leases(4) {
			if owner != "b" {
				continue
			}
			for ref, st := range w.statuses(shard) {
				if !ref.IsHost() && (st.Latency > 200*time.Millisecond || time.Since(st.LastCheck.Std()) > 11*time.Second) {
					t.Fatalf("%s, which is b's, was checked %s late, %s ago, because z is slow", ref, st.Latency, time.Since(st.LastCheck.Std()))
				}
			}
		}
		c.on.Store(false)
		for _, d := range []*daemon{p, z, b} {
			d.stop()
		}
	})
}

func TestTotalsAreOfAllSchedulers(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		all := many(4, 10*time.Second)
		for i := range all[0].Services { // the shard of one scheduler asks, those of the other do not
			all[0].Commands[0].Line = "fake $TOTALSERVICESOK$ $TOTALSERVICESCRITICAL$"
			all[0].Services[i].Check.Command = 0
		}
		var words atomic.Value
		w.fake.outcome = func(_ context.Context, line string) (monitor.Outcome, error) {
			if !strings.HasPrefix(line, "h") {
				words.Store(line)
			}
			if strings.HasPrefix(line, "h3-1") {
				return monitor.Outcome{State: monitor.Critical, Output: "bad"}, nil
			}
			return monitor.Outcome{Output: "fine"}, nil
		}
		w.enforce(all...)
		a, b, p := w.scheduler("a"), w.scheduler("b"), w.poller("p", 100)
		w.shared(30*time.Second, map[string]int{"a": 2, "b": 2})
		time.Sleep(30 * time.Second)
		if got := words.Load(); got != "35 5" {
			t.Errorf("of 40 services, five of them CRITICAL, the macros say %q", got)
		}
		b.stop()
		time.Sleep(30 * time.Second)
		if got := words.Load(); got != "35 5" {
			t.Errorf("after b has gone the macros say %q", got)
		}
		p.stop()
		a.stop()
	})
}

// readOnly is a connection over which the journal takes nothing while it is full, and is full for all others, too, if it is.
type readOnly struct {
	bus.Conn
	full *atomic.Bool
}

func (c readOnly) Commit(ctx context.Context, f bus.Fence, batch string, records []bus.Record) (uint64, error) {
	if c.full.Load() {
		return 0, errors.New("no space left")
	}
	return c.Conn.Commit(ctx, f, batch, records)
}

func TestShardsThatCannotBeStoredGoWhereTheyCan(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(many(4, 5*time.Second)...)
		w.fake.outcome = func(context.Context, string) (monitor.Outcome, error) {
			return monitor.Outcome{State: monitor.State(time.Now().Unix() / 5 % 4), Output: "restless"}, nil
		}
		var here, everywhere atomic.Bool
		log := w.chronicle()
		a := w.schedulerOn(readOnly{readOnly{w.bus.Connect("a"), &here}, &everywhere}, scheduler.Options{Name: "a", Chronicle: log.tell})
		b := w.schedulerOn(readOnly{w.bus.Connect("b"), &everywhere}, scheduler.Options{Name: "b"})
		p := w.poller("p", 100)
		w.shared(30*time.Second, map[string]int{"a": 2, "b": 2})
		time.Sleep(10 * time.Second)

		everywhere.Store(true)
		time.Sleep(5 * time.Minute)
		if got := w.shares(4); got["a"] != 2 || got["b"] != 2 {
			t.Errorf("nobody can store anything, and the shards moved: %v", got)
		}
		everywhere.Store(false)
		time.Sleep(10 * time.Second)

		here.Store(true)
		w.shared(45*time.Second, map[string]int{"b": 4})
		time.Sleep(time.Minute)
		w.shared(0, map[string]int{"b": 4})
		if !slices.ContainsFunc(strings.Split(log.String(), "\n"), func(line string) bool {
			return strings.HasPrefix(line, monitor.ShardHanded) && strings.Contains(line, "others can store")
		}) {
			t.Errorf("cluster log of a:\n%s", log)
		}
		here.Store(false)
		w.shared(6*time.Minute, map[string]int{"a": 2, "b": 2})
		p.stop()
		a.stop()
		b.stop()
	})
}
