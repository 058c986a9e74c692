package poller_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/poller"
)

// machine makes a thousand checks a second, however many are under way: each takes a millisecond for each of these.
type machine struct{ under, done, most atomic.Int64 }

func (m *machine) look(ctx context.Context, _ string) (monitor.Outcome, error) {
	n := m.under.Add(1)
	defer m.under.Add(-1)
	m.most.Store(max(m.most.Load(), n))
	select {
	case <-time.After(time.Duration(n) * time.Millisecond):
	case <-ctx.Done():
		return monitor.Outcome{}, ctx.Err()
	}
	m.done.Add(1)
	return monitor.Outcome{}, nil
}

func (m *machine) busy() bool { return m.under.Load() > 100 }

// always is the least that may be under way.
func always() int { return 512 * runtime.GOMAXPROCS(0) }

// openPressed starts a poller with many slots.
func openPressed(t *testing.T, check func(context.Context, string) (monitor.Outcome, error), busy func() bool) *room {
	return openAs(t, poller.Options{
		Slots: 32 * always(), Busy: busy, Probes: poller.NewProbes([]modules.Check{doing{check}}, noFork{}),
	})
}

func TestAMachineThatIsOfferedMoreThanItCanDoBeginsAsMuchAsItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{}
		r := openPressed(t, m.look, m.busy)
		sent := 0
		before := int64(0)
		for tick := range 1500 { // of 20 ms
			if more := int(r.window()) - (sent - int(m.done.Load())); more > 0 {
				r.give("s1", jobs("look t", sent, more)...)
				sent += more
			}
			time.Sleep(20 * time.Millisecond)
			if tick == 1000 {
				before = m.done.Load()
				m.most.Store(0)
			}
		}
		done, most := m.done.Load()-before, m.most.Load()
		if bound := int64(max(always(), 500)) * 2; most > bound {
			t.Errorf("%d were under way at once, want at most %d", most, bound)
		}
		if done < 8000 {
			t.Errorf("%d were done in ten seconds, of 10000", done)
		}
		if n := r.count("onbu_poller_cut_short_total"); n > 0 {
			t.Errorf("%d were cut short by a machine that was slow itself", n)
		}
		r.stop()
	})
}

func TestTargetsThatHangDoNotKeepABusyMachineFromOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTargets("dead")
		r := openPressed(t, x.look, func() bool { return true })
		time.Sleep(time.Second)
		if got := int(r.window()); got != always() {
			t.Fatalf("the window is %d, want %d", got, always())
		}
		r.give("s1", jobs("look dead", 0, always())...)
		time.Sleep(time.Second)
		if got := int(r.window()); got != always() {
			t.Errorf("with all of it hanging for a second the window is %d, want %d", got, always())
		}
		time.Sleep(2 * time.Second)
		if got := int(r.window()); got != 2*always() {
			t.Errorf("after three seconds the window is %d, want room for as many again: %d", got, 2*always())
		}
		r.stop()
	})
}

func TestAMachineThatKeepsUpBeginsAllThatThereAreSlotsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTargets()
		x.patient = 30 * time.Second
		r := openPressed(t, x.look, func() bool { return false })
		sent := 0
		for range 20 {
			if more := int(r.window()) - sent; more > 0 {
				r.give("s1", jobs("look t", sent, more)...)
				sent += more
			}
			time.Sleep(500 * time.Millisecond)
		}
		if want := 32 * always(); sent < want*99/100 || len(r.refused()) > 0 {
			t.Errorf("%d under way, want %d", sent, want)
		}
		r.stop()
	})
}
