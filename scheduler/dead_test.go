package scheduler_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/poller"
)

// A third of the targets dies at once, and each of their checks hangs for ten seconds: that would need 500 slots of a
// poller that has 150. It must not matter to the others when it begins, while it lasts, nor when it is over.
func TestTheLivingAreNotLaterForTheDead(t *testing.T) {
	const tolerance = 50 * time.Millisecond
	with, without := lives(t, true), lives(t, false)
	checks := 0
	for words, all := range without {
		for i, pair := range pairs(with[words], all) {
			checks++
			if late := pair[0] - pair[1]; late > tolerance {
				t.Fatalf("check %d of %s was %s later beside the dead: at %s", i, words, late, pair[0])
			}
		}
	}
	if checks < 19*1000 {
		t.Errorf("only %d checks compared", checks)
	}
}

// pairs puts together what was done for the same time; of what was done at the first and the last moment, one list may
// hold one more than the other.
func pairs(a, b []time.Duration) (all [][2]time.Duration) {
	const near = 5 * time.Second
	for len(a) > 0 && len(b) > 0 && a[0] < b[0]-near {
		a = a[1:]
	}
	for len(a) > 0 && len(b) > 0 && b[0] < a[0]-near {
		b = b[1:]
	}
	for i := range min(len(a), len(b)) {
		all = append(all, [2]time.Duration{a[i], b[i]})
	}
	return all
}

const (
	settled      = 15 * time.Second // before, daemons find each other, in no fixed order
	diesAfter    = 30 * time.Second
	revivesAfter = 150 * time.Second
	livesUntil   = 220 * time.Second
)

// lives lets 1,500 services live, of which a third dies for a time if it is to, and gives when each of the others was checked.
func lives(t *testing.T, die bool) map[string][]time.Duration {
	out := map[string][]time.Duration{}
	inWorld(t, func(t *testing.T, w *world) {
		var dead atomic.Bool
		w.fake.outcome = func(ctx context.Context, words string) (monitor.Outcome, error) {
			if !dead.Load() || words[len(words)-1] != '0' {
				time.Sleep(5 * time.Millisecond)
				return monitor.Outcome{Output: "fine"}, nil
			}
			select {
			case <-time.After(10 * time.Second):
				return monitor.Outcome{State: monitor.Critical, Output: "no answer within 10 seconds"}, nil
			case <-ctx.Done():
				return monitor.Outcome{}, ctx.Err()
			}
		}
		set := metrics.NewSet()
		w.enforce(inventory(500, 3, 10*time.Second))
		conn := w.bus.Connect("p")
		p := w.start(conn, poller.New(poller.Options{
			Name: "p", Boot: "p", Pools: []string{""}, Slots: 150, Bus: conn, Metrics: set,
			Probes: poller.NewProbes([]modules.Check{w.fake}, noFork{}), Log: quiet(),
		}).Run)
		s := w.scheduler("s")
		w.owned(0)
		began := time.Now()
		time.Sleep(diesAfter)
		dead.Store(die)
		time.Sleep(revivesAfter - diesAfter)
		if ill := w.notOK(); die && ill != 500 || !die && ill != 0 {
			t.Errorf("%d services are ill", ill)
		}
		dead.Store(false)
		time.Sleep(livesUntil - revivesAfter)
		if ill := w.notOK(); ill != 0 {
			t.Errorf("%d services are ill after all are back", ill)
		}
		p.stop()
		s.stop()
		accounted(t, set)
		for words, starts := range w.fake.starts() {
			if words[len(words)-1] == '0' {
				continue
			}
			for _, at := range starts {
				if since := at.Sub(began); since > settled {
					out[words] = append(out[words], since)
				}
			}
		}
	})
	return out
}

func (w *world) notOK() int {
	n := 0
	for _, s := range w.statuses(0) {
		if s.State != monitor.OK && s.Service != "" {
			n++
		}
	}
	return n
}

// accounted checks that every job that an ended poller took has an end.
func accounted(t *testing.T, set *metrics.Set) {
	t.Helper()
	taken, ends := set.GetOrCreateCounter("onbu_poller_jobs_total").Get(), uint64(0)
	for _, end := range []string{"answered", "timed_out", "cancelled", "refused"} {
		ends += set.GetOrCreateCounter(fmt.Sprintf("onbu_poller_results_total{end=%q}", end)).Get()
	}
	if taken != ends || taken == 0 {
		t.Errorf("%d jobs taken and %d ended", taken, ends)
	}
}
