package scheduler_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/poller"
	"github.com/onbu/onbu/scheduler"
)

// dam is a poller's connection on which results wait while it is closed.
type dam struct {
	bus.Conn
	mu   sync.Mutex
	open chan struct{} // closed while results pass
}

func (d *dam) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open = make(chan struct{})
}

func (d *dam) passes() chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open
}

// Append implements bus.Streams.
func (d *dam) Append(ctx context.Context, subject bus.Subject, data []byte, id string) error {
	if strings.HasPrefix(string(subject), "res.") {
		<-d.passes()
		ctx = context.WithoutCancel(ctx) // it was on its way all the time
	}
	return d.Conn.Append(ctx, subject, data, id)
}

// bygone is a shard with a problem in every service, whose owner is killed, and what its heir makes of the results that were for him.
type bygone struct {
	*world
	dam    *dam
	poller *daemon
	owner  *daemon
	heirs  *metrics.Set
	ill    atomic.Bool
}

func newBygone(w *world) *bygone {
	b := &bygone{world: w, heirs: metrics.NewSet(), dam: &dam{Conn: w.bus.Connect("p"), open: make(chan struct{})}}
	close(b.dam.open)
	w.enforce(inventory(20, 10, time.Minute))
	w.fake.outcome = func(context.Context, string) (monitor.Outcome, error) {
		if b.ill.Load() {
			return monitor.Outcome{State: monitor.Critical, Output: "bad"}, nil
		}
		return monitor.Outcome{Output: "fine"}, nil
	}
	b.poller = w.start(b.dam, poller.New(poller.Options{
		Name: "p", Boot: "p", Pools: []string{""}, Slots: 1000, Bus: b.dam,
		Probes: poller.NewProbes([]modules.Check{w.fake}, noFork{}), Log: quiet(),
	}).Run)
	b.owner = w.scheduler("owner")
	time.Sleep(3 * time.Minute)
	w.fake.starts()
	return b
}

// succeed kills the owner, and returns once its heir works.
func (b *bygone) succeed() *daemon {
	b.owner.kill()
	heir := b.schedulerWith(scheduler.Options{Name: "heir", Metrics: b.heirs})
	b.owned(0)
	return heir
}

// late is how many results the heir found that nobody waited for.
func (b *bygone) late() uint64 { return b.heirs.GetOrCreateCounter("onbu_results_late_total").Get() }

// first checks that every service that was ever found to be ill has its first attempt, and gives those.
func (b *bygone) first(t *testing.T) map[monitor.Ref]monitor.Status {
	t.Helper()
	ill := map[monitor.Ref]monitor.Status{}
	for ref, st := range b.statuses(0) {
		if ref.IsHost() || st.State == monitor.OK {
			continue
		}
		if ill[ref] = st; st.State != monitor.Critical || st.Attempt != 1 || st.Type != monitor.Soft {
			t.Errorf("%v: %s attempt %d, want the first soft CRITICAL", ref, st.StateName(), st.Attempt)
		}
	}
	return ill
}

// Row 24 of the fault list: results are held back, the owner is killed, its heir works, and the results come.
func TestResultsForAnOwnerOfBeforeAreMadeAgainAndCountedOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		b := newBygone(w)
		b.ill.Store(true)
		b.dam.shut()
		time.Sleep(5 * time.Second)
		held := w.fake.starts()
		heir := b.succeed()
		close(b.dam.passes())
		time.Sleep(10 * time.Second) // no retry is due yet: they are 12 s apart
		ill, late := b.first(t), b.late()
		for words := range held {
			host, service, _ := strings.Cut(words, " ")
			if _, found := ill[monitor.Ref{Host: host, Service: service}]; !found {
				t.Errorf("%s was under way when its owner died, and is not made again by the heir", words)
			}
		}
		if len(held) < 10 || late != uint64(len(held)) {
			t.Errorf("%d results were under way, of which the heir saw %d", len(held), late)
		}
		b.poller.stop()
		heir.stop()
	})
}

// Results that the owner recorded lie in the stream for some seconds more, and its heir reads them again.
func TestResultsThatAnOwnerUsedAreNotCountedAgainByItsHeir(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		b := newBygone(w)
		b.ill.Store(true)
		time.Sleep(7 * time.Second)
		recorded := b.first(t)
		heir := b.succeed()
		after := b.first(t)
		for ref := range recorded {
			if _, still := after[ref]; !still {
				t.Errorf("%v: what was recorded is not known to the heir", ref)
			}
		}
		if len(recorded) < 10 || b.late() == 0 {
			t.Errorf("%d problems were recorded, and the heir read %d of the results again", len(recorded), b.late())
		}
		b.poller.stop()
		heir.stop()
	})
}
