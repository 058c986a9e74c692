package receiver_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/receiver"
)

// moody is a bus that takes no passive results at times. What it takes while it is deaf is stored, and nobody is told.
type moody struct {
	bus.Conn
	full, deaf atomic.Bool
	slow       atomic.Int64 // what it takes for a message, a time.Duration
}

func (m *moody) Append(ctx context.Context, s bus.Subject, data []byte, id string) error {
	if m.full.Load() {
		return bus.ErrFull
	}
	time.Sleep(time.Duration(m.slow.Load()))
	err := m.Conn.Append(ctx, s, data, id)
	if m.deaf.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	return err
}

// spooling gives a receiver with a spool in a folder, and what ends it.
func spooling(t *testing.T, c bus.Conn, dir, boot string) (r *receiver.Receiver, end func()) {
	t.Helper()
	r = receiver.New(receiver.Options{Boot: boot, Name: "test", Bus: c, Spool: dir, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- r.Run(ctx) }()
	return r, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func configured(t *testing.T, c bus.Conn, hosts map[string]monitor.Shard) {
	t.Helper()
	must(t, c.Prepare(t.Context()))
	must(t, c.PutBlob(t.Context(), bus.CFG, wire.DirectoryName(1), wire.Marshal(monitor.Directory{Generation: 1, Shards: 2, Hosts: hosts})))
	_, err := c.Put(t.Context(), bus.CFG, "current", wire.Marshal(wire.Generation{Number: 1, Shards: 2}), 0)
	must(t, err)
}

func submit(t *testing.T, r *receiver.Receiver, host string, from, n int) {
	t.Helper()
	for i := range n {
		receipt, err := r.Submit(t.Context(), []monitor.Submission{{Ref: monitor.Ref{Host: host}, Outcome: monitor.Outcome{Output: fmt.Sprint(from + i)}}})
		if err != nil || receipt.Stored != 1 {
			t.Fatalf("%+v, %v", receipt, err)
		}
	}
}

// outputs gives what is stored for each host, in order, once n results are.
func outputs(t *testing.T, c bus.Conn, n int) map[string][]string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got, count := map[string][]string{}, 0
	_ = c.Read(ctx, bus.Cursor{Stream: bus.PASSIVE, Durable: "owner"}, func(msgs []bus.Msg) error {
		for _, m := range msgs {
			var d wire.Decoder
			all, err := wire.DecodeBatch(&d, m.Data, []monitor.Submission(nil))
			must(t, err)
			for _, s := range all {
				got[s.Host] = append(got[s.Host], s.Output)
				count++
			}
		}
		if count >= n {
			cancel()
		}
		return nil
	})
	return got
}

// inOrder wants the numbers from 0 on, each once, for both hosts.
func inOrder(t *testing.T, got map[string][]string, n int) {
	t.Helper()
	for _, host := range []string{"web", "db"} {
		if len(got[host]) != n {
			t.Errorf("%d results of %s are stored, want %d: %v", len(got[host]), host, n, got[host])
			continue
		}
		for i, output := range got[host] {
			if output != fmt.Sprint(i) {
				t.Errorf("result %d of %s says %s", i, host, output)
			}
		}
	}
}

func TestWhatTheBusRefusesIsSpooledAndComesInOrder(t *testing.T) {
	for name, trouble := range map[string]func(*moody) *atomic.Bool{
		"full": func(m *moody) *atomic.Bool { return &m.full },
		"deaf": func(m *moody) *atomic.Bool { return &m.deaf },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &moody{Conn: membus.New().Connect("test")}
				configured(t, m, map[string]monitor.Shard{"web": 1, "db": 0})
				dir := t.TempDir()
				r, end := spooling(t, m, dir, "one")
				submit(t, r, "web", 0, 3)
				submit(t, r, "db", 0, 3)
				trouble(m).Store(true)
				submit(t, r, "web", 3, 10)
				submit(t, r, "db", 3, 10)
				end()
				r, end = spooling(t, m, dir, "two")
				submit(t, r, "web", 13, 5)
				trouble(m).Store(false)
				submit(t, r, "web", 18, 5)
				submit(t, r, "db", 13, 10)
				inOrder(t, outputs(t, m, 46), 23)
				end()
			})
		})
	}
}

// Results that have ids of their own are a message each. A busy cluster stores ten of a shard a second, so that what was spooled in some
// seconds takes a minute: it has to come to an end all the same, and each host's results come in their order.
func TestASpoolThatTakesLongIsEmptiedByASlowBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &moody{Conn: membus.New().Connect("test")}
		configured(t, m, map[string]monitor.Shard{"web": 1, "db": 0})
		m.full.Store(true)
		r, end := spooling(t, m, t.TempDir(), "one")
		const each = 200
		for i := range each {
			for _, host := range []string{"web", "db"} {
				one := monitor.Submission{Ref: monitor.Ref{Host: host}, ID: fmt.Sprint(i), Outcome: monitor.Outcome{Output: fmt.Sprint(i)}}
				if receipt, err := r.Submit(t.Context(), []monitor.Submission{one}); err != nil || receipt.Stored != 1 {
					t.Fatalf("%+v, %v", receipt, err)
				}
			}
		}
		m.slow.Store(int64(100 * time.Millisecond))
		m.full.Store(false)
		time.Sleep(each*100*time.Millisecond + 10*time.Second)
		extent, err := m.Extent(t.Context(), bus.PASSIVE, 0)
		must(t, err)
		if n := extent.Last - extent.First + 1; n != 2*each {
			t.Fatalf("%d of %d are stored", n, 2*each)
		}
		inOrder(t, outputs(t, m, 2*each), each)
		end()
	})
}

// A receiver that was stopped takes up what its sender gave to another one meanwhile, and that one has no way to the bus: each brings
// what it has in order, and what both have counts once, where it came first. So the oldest, which one of them alone has, comes last.
func TestWhatTwoReceiversHaveCountsOnceAndEachKeepsItsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := membus.New()
		away, near := &moody{Conn: b.Connect("away")}, &moody{Conn: b.Connect("near")}
		configured(t, near, map[string]monitor.Shard{"web": 1})
		away.full.Store(true)
		first, endFirst := spooling(t, away, t.TempDir(), "one")
		second, endSecond := spooling(t, near, t.TempDir(), "two")
		give := func(to *receiver.Receiver, n int) {
			one := monitor.Submission{Ref: monitor.Ref{Host: "web"}, ID: fmt.Sprint(n), Time: 1, Outcome: monitor.Outcome{Output: fmt.Sprint(n)}}
			if receipt, err := to.Submit(t.Context(), []monitor.Submission{one}); err != nil || receipt.Stored != 1 {
				t.Fatalf("%+v, %v", receipt, err)
			}
		}
		for n := range 4 {
			give(first, n)
		}
		for n := 1; n < 6; n++ {
			give(second, n)
		}
		away.full.Store(false)
		time.Sleep(10 * time.Second)
		extent, err := near.Extent(t.Context(), bus.PASSIVE, 0)
		must(t, err)
		if n := extent.Last - extent.First + 1; n != 6 {
			t.Errorf("%d are stored, want each of 6 once", n)
		}
		if diff := cmp.Diff([]string{"1", "2", "3", "4", "5", "0"}, outputs(t, near, 6)["web"]); diff != "" {
			t.Error(diff)
		}
		endFirst()
		endSecond()
	})
}

func TestLagInTheSpoolIsToldOf(t *testing.T) {
	m := &moody{Conn: membus.New().Connect("test")}
	configured(t, m, map[string]monitor.Shard{"web": 1})
	r, end := spooling(t, m, t.TempDir(), "one")
	defer end()
	submit(t, r, "web", 0, 1)
	if err := r.Healthy(); err != nil {
		t.Errorf("with an empty spool: %v", err)
	}
	m.full.Store(true)
	submit(t, r, "web", 1, 1)
	if err := r.HealthyWithin(0); !errors.Is(err, bus.ErrFull) {
		t.Errorf("with a result in it: %v", err)
	}
}
