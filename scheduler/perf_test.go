package scheduler_test

import (
	"errors"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// told gives by service when the checks were made of which PERF tells, in order.
func (w *world) told() map[monitor.Ref][]time.Time {
	w.t.Helper()
	extent, err := w.own.Extent(w.t.Context(), bus.PERF, 0)
	w.must(err)
	told, errAll := map[monitor.Ref][]time.Time{}, errors.New("that is all")
	err = w.own.Read(w.t.Context(), bus.Cursor{Stream: bus.PERF}, func(msgs []bus.Msg) error {
		for _, m := range msgs {
			var d wire.Decoder
			checks, err := wire.DecodeBatch(&d, m.Data, []monitor.Check(nil))
			w.must(err)
			for _, c := range checks {
				if !c.IsHost() {
					told[c.Ref] = append(told[c.Ref], c.Time.Std())
				}
			}
			if m.Seq >= extent.Last {
				return errAll
			}
		}
		return nil
	})
	if !errors.Is(err, errAll) {
		w.t.Fatal(err)
	}
	return told
}

// What an owner still had to tell of when it gave the shard up was lost before. What is under way in that moment is made again soon.
func TestTheLastChecksBeforeAHandOverAreToldOf(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(200, 1, 5*time.Second))
		p, owner := w.poller("p", 100), w.scheduler("a")
		for _, heir := range []string{"b", "c", "d", "e"} {
			time.Sleep(20*time.Second + 3*time.Millisecond)
			next := w.scheduler(heir)
			time.Sleep(time.Second)
			owner.stop()
			owner = next
		}
		time.Sleep(20 * time.Second)
		end := time.Now()
		told := w.told()
		if len(told) != 200 {
			t.Errorf("checks of %d services were told of, want all 200", len(told))
		}
		for ref, times := range told {
			for i, at := range append(times[1:], end) {
				if pause := at.Sub(times[i]); pause > 7*time.Second {
					t.Errorf("of %s no check was told of for %s, until %s", ref, pause, at.Format("15:04:05.000"))
				}
			}
		}
		p.stop()
		owner.stop()
	})
}
