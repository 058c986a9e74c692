package scheduler_test

import (
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
)

// Checks that wait for room when the configuration changes are not forgotten until they are overdue.
func TestChecksThatWaitDuringAReloadAreMadeAsSoonAsThereIsRoom(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(10, 5, time.Minute))
		s := w.scheduler("s1")
		time.Sleep(90 * time.Second) // all is due, and nobody is there
		w.enforce(inventory(10, 5, time.Minute))
		time.Sleep(time.Second)
		p := w.poller("p1", 1000)
		time.Sleep(5 * time.Second)
		if ran := w.fake.starts(); len(ran) < 50 {
			t.Errorf("%d of 50 services that were due before the reload have been checked", len(ran))
		}
		p.stop()
		s.stop()
	})
}

// A shard that did not change goes on as it is, and says that it has the new generation.
func TestAShardThatDidNotChangeIsNotSwapped(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(1, 1, time.Minute))
		s := w.scheduler("s1")
		time.Sleep(time.Second)
		w.gen.Stands = []uint64{w.gen.Number}
		w.must(w.own.DeleteBlob(t.Context(), bus.CFG, wire.InventoryName(w.gen.Number, 0)))
		w.gen.Number++
		e, err := w.own.Get(t.Context(), bus.CFG, "current")
		w.must(err)
		_, err = w.own.Put(t.Context(), bus.CFG, "current", wire.Marshal(w.gen), e.Revision)
		w.must(err)
		time.Sleep(time.Second)
		data, err := w.own.Request(t.Context(), bus.Ask(0), wire.Marshal(wire.Question{Kind: wire.AskStatuses}))
		w.must(err)
		var a wire.Answer
		w.must(wire.Unmarshal(data, &a))
		if a.Generation != w.gen.Number || len(a.Statuses) != 2 {
			t.Errorf("generation %d with %d objects answers, want %d with 2", a.Generation, len(a.Statuses), w.gen.Number)
		}
		s.stop()
	})
}

func TestAConfigurationThatCannotBeReadIsReadAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(1, 1, time.Minute))
		s := w.scheduler("s1")
		time.Sleep(time.Second)
		next := inventory(2, 1, time.Minute)
		name := wire.InventoryName(2, 0)
		w.late = func() { w.must(w.own.DeleteBlob(t.Context(), bus.CFG, name)) }
		w.enforce(next)
		time.Sleep(20 * time.Second)
		w.must(w.own.PutBlob(t.Context(), bus.CFG, name, wire.Marshal(next)))
		time.Sleep(20 * time.Second)
		if n := len(w.statuses(0)); n != 4 {
			t.Errorf("%d objects are known, want 4", n)
		}
		s.stop()
	})
}
