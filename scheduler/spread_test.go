package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler"
)

// many gives inventories of shards with two hosts and their services each.
func many(shards int, interval time.Duration) (all []*monitor.Inventory) {
	for shard := range shards {
		inv := inventory(2, 5, interval)
		for i := range inv.Hosts {
			inv.Hosts[i].Name = fmt.Sprintf("h%d-%d", shard, i)
		}
		all = append(all, inv)
	}
	return all
}

// leases gives who works on which shard; one that nobody works on is not in it.
func (w *world) leases(shards int) map[uint16]string {
	w.t.Helper()
	owners := map[uint16]string{}
	for shard := range uint16(shards) {
		e, err := w.own.Get(w.t.Context(), bus.LEASE, bus.LeaseKey(shard))
		if errors.Is(err, bus.ErrNotFound) {
			continue
		}
		w.must(err)
		var l wire.Lease
		w.must(wire.Unmarshal(e.Value, &l))
		if l.Epoch != 0 {
			owners[shard] = l.Owner
		}
	}
	return owners
}

// shares counts the shards of each scheduler.
func (w *world) shares(shards int) map[string]int {
	w.t.Helper()
	n := map[string]int{}
	for _, owner := range w.leases(shards) {
		n[owner]++
	}
	return n
}

// shared wants each of so many shards to be worked on, as these counts say, within a time; it returns how long that took.
func (w *world) shared(within time.Duration, want map[string]int) time.Duration {
	w.t.Helper()
	began, shards := time.Now(), 0
	for _, n := range want {
		shards += n
	}
	for {
		got := w.shares(shards)
		if same(got, want) {
			return time.Since(began)
		}
		if time.Since(began) >= within {
			w.t.Fatalf("after %s the shards are shared as %v, want %v", within, got, want)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// same says whether two counts are the same, whoever has which; each has to be of the same schedulers.
func same(a, b map[string]int) bool {
	return slices.Equal(slices.Sorted(maps.Keys(a)), slices.Sorted(maps.Keys(b))) && slices.Equal(slices.Sorted(maps.Values(a)), slices.Sorted(maps.Values(b)))
}

// moves watches who has which shard.
type moves struct {
	mu    sync.Mutex
	held  map[string]wire.Lease
	free  map[string]time.Time // since when
	count int
	gaps  []time.Duration // how long nobody worked on a shard that had an owner before
	most  int             // on their way at a time
}

func (w *world) watchMoves(ctx context.Context) *moves {
	m := &moves{held: map[string]wire.Lease{}, free: map[string]time.Time{}}
	go func() { _ = w.own.Watch(ctx, bus.LEASE, bus.AllLeases(), m.changed) }()
	return m
}

func (m *moves) changed(e bus.Entry) {
	var l wire.Lease
	_ = wire.Unmarshal(e.Value, &l)
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.held[e.Key]
	if l.Owner == "" {
		m.free[e.Key] = time.Now()
		m.most = max(m.most, len(m.free))
	}
	if l.Epoch == 0 {
		return
	}
	if was.Owner != "" && was.Owner != l.Owner {
		m.count++
		if since, seen := m.free[e.Key]; seen { // else it went so fast that only the end is told
			m.gaps = append(m.gaps, time.Since(since))
		}
	}
	delete(m.free, e.Key)
	m.held[e.Key] = l
}

// take gives what was seen since it was last asked.
func (m *moves) take() (count, most int, longest time.Duration) {
	synctest.Wait() // the watch may be behind what the test has seen by itself
	m.mu.Lock()
	defer m.mu.Unlock()
	count, most = m.count, m.most
	if len(m.gaps) > 0 {
		longest = slices.Max(m.gaps)
	}
	m.count, m.most, m.gaps = 0, 0, nil
	return count, most, longest
}

func TestSchedulersShareTheShards(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(many(16, time.Minute)...)
		p, m := w.poller("p", 1000), w.watchMoves(t.Context())
		a := w.scheduler("a")
		w.shared(time.Second, map[string]int{"a": 16})

		b := w.scheduler("b")
		w.shared(20*time.Second, map[string]int{"a": 8, "b": 8})
		if count, most, longest := m.take(); count != 8 || most > 1 || longest > time.Second {
			t.Errorf("when b joined %d shards moved, %d at a time, for up to %s; want 8, one at a time, within a second", count, most, longest)
		}
		c := w.scheduler("c")
		w.shared(20*time.Second, map[string]int{"a": 6, "b": 5, "c": 5})
		if count, most, longest := m.take(); count != 5 || most > 2 || longest > time.Second {
			t.Errorf("when c joined %d shards moved, %d at a time, for up to %s; want 5, one of each owner at a time, within a second", count, most, longest)
		}
		time.Sleep(time.Minute)
		if count, _, _ := m.take(); count != 0 {
			t.Errorf("%d shards moved although nobody came or went", count)
		}

		began := time.Now()
		had := w.shares(16)["b"]
		b.stop()
		w.shared(time.Second, map[string]int{"a": 8, "c": 8})
		if count, _, longest := m.take(); count != had || longest > time.Second || time.Since(began) > time.Second {
			t.Errorf("when b was ended %d shards moved, for up to %s, in %s in all; want its %d within a second", count, longest, time.Since(began), had)
		}
		time.Sleep(time.Minute)
		c.kill()
		took := w.shared(3*time.Second, map[string]int{"a": 16})
		t.Logf("a killed owner's 8 shards were taken over in %s", took)
		if count, _, _ := m.take(); count != 8 {
			t.Errorf("when c was killed %d shards moved, want its 8", count)
		}
		p.stop()
		a.stop()
	})
}

func TestHeavyShardsAreSharedByWeight(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		all := many(5, time.Minute)
		all[2] = inventory(8, 5, time.Minute) // as much as the others together
		w.gen.Weights = []uint64{12, 12, 48, 12, 12}
		w.enforce(all...)
		a := w.scheduler("a")
		time.Sleep(time.Second)
		b := w.scheduler("b")
		time.Sleep(20 * time.Second)
		of := map[string][]uint16{}
		for shard, owner := range w.leases(5) {
			of[owner] = append(of[owner], shard)
		}
		if len(of["a"])*len(of["b"]) != 4 || len(of["a"]) == 1 && of["a"][0] != 2 || len(of["b"]) == 1 && of["b"][0] != 2 {
			t.Errorf("the shards are shared as %v, want shard 2 against the four others", of)
		}
		a.stop()
		b.stop()
	})
}

// bystander is a connection of a process that can be stopped and continued, as by SIGSTOP: while it is, nothing goes out and
// nothing comes in.
type bystander struct {
	bus.Conn
	stopped atomic.Pointer[chan struct{}]
}

func (c *bystander) stop() {
	stopped := make(chan struct{})
	c.stopped.Store(&stopped)
}

func (c *bystander) goOn() { close(*c.stopped.Swap(nil)) }

func (c *bystander) pass() {
	if stopped := c.stopped.Load(); stopped != nil {
		<-*stopped
	}
}

func (c *bystander) Publish(s bus.Subject, data []byte) error {
	c.pass()
	return c.Conn.Publish(s, data)
}

func (c *bystander) Subscribe(s bus.Subject, deliver func(bus.Msg)) (func(), error) {
	return c.Conn.Subscribe(s, func(m bus.Msg) {
		c.pass()
		deliver(m)
	})
}

func (c *bystander) Put(_ context.Context, b bus.Bucket, key string, value []byte, revision uint64) (uint64, error) {
	c.pass()
	return c.Conn.Put(context.Background(), b, key, value, revision)
}

func (c *bystander) Commit(ctx context.Context, f bus.Fence, batch string, records []bus.Record) (uint64, error) {
	c.pass()
	return c.Conn.Commit(ctx, f, batch, records)
}

func (c *bystander) Watch(ctx context.Context, b bus.Bucket, key string, changed func(bus.Entry)) error {
	return c.Conn.Watch(ctx, b, key, func(e bus.Entry) {
		c.pass()
		changed(e)
	})
}

// A process that is stopped, as by SIGSTOP, for a minute: nobody can know that it will go on.
func TestAStoppedOwnerLosesItsShardsAndSaysNothingMore(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(many(4, 10*time.Second)...)
		w.fake.outcome = func(context.Context, string) (monitor.Outcome, error) {
			return monitor.Outcome{State: monitor.State(time.Now().Unix() / 10 % 4), Output: "restless"}, nil
		}
		p := w.poller("p", 1000)
		zombie := &bystander{Conn: w.bus.Connect("z")}
		var frozen atomic.Pointer[chan struct{}]
		told := w.chronicle()
		z := w.schedulerOn(zombie, scheduler.Options{Name: "z", Chronicle: told.tell, BeforeStep: func(monitor.Shard) {
			if c := frozen.Load(); c != nil {
				<-*c
			}
		}})
		w.shared(time.Second, map[string]int{"z": 4})
		time.Sleep(2 * time.Minute)
		stopped := make(chan struct{})
		frozen.Store(&stopped)
		zombie.stop()
		b := w.scheduler("b")
		took := w.shared(16*time.Second, map[string]int{"b": 4})
		t.Logf("a stopped owner's shards were taken over in %s", took)
		if took < 13*time.Second {
			t.Errorf("a stopped owner lost its shards after %s; its last renewal may be 2 s old, and it holds them for 15 s", took)
		}
		time.Sleep(45 * time.Second)
		p.stop()
		time.Sleep(time.Second)
		after, err := w.own.Extent(t.Context(), bus.EV, 0)
		w.must(err)
		frozen.Store(nil)
		close(stopped)
		zombie.goOn()
		time.Sleep(5 * time.Second)
		end, err := w.own.Extent(t.Context(), bus.EV, 0)
		w.must(err)
		if end.Last != after.Last {
			t.Errorf("%d records were written when the zombie went on", end.Last-after.Last)
		}
		if lost := told.count(monitor.ShardLost); lost != 4 {
			t.Errorf("the zombie lost %d shards, want 4: %s", lost, told)
		}
		w.shared(time.Second, map[string]int{"b": 4})
		w.shared(30*time.Second, map[string]int{"b": 2, "z": 2})
		z.stop()
		b.stop()
	})
}

// diary is a cluster log.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (w *world) chronicle() *diary { return &diary{} }

func (d *diary) tell(kind, about, why string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, kind+" "+about+": "+why)
}

func (d *diary) count(kind string) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, line := range d.lines {
		if strings.HasPrefix(line, kind+" ") {
			n++
		}
	}
	return n
}

func (d *diary) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.lines, "\n")
}
