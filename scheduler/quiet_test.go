package scheduler_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler"
)

// hear sends a passive result for host0's service0.
func (w *world) hear(state monitor.State, output string) {
	w.t.Helper()
	batch := []monitor.Submission{{Ref: service(0, 0), Outcome: monitor.Outcome{State: state, Output: output}, Source: "test"}}
	w.must(w.own.Append(w.t.Context(), bus.Passive(0, "r"), wire.AppendBatch(nil, batch), ""))
	time.Sleep(time.Second)
}

// recorded counts the records in the journal of the shard: all, and those that are quiet.
func (w *world) recorded() (all, quiet int) {
	w.t.Helper()
	_, err := w.own.Replay(w.t.Context(), 0, 0, func(msgs []bus.Msg) error {
		for _, m := range msgs {
			all++
			if bus.KindOf(m.Subject) == bus.KindQuiet {
				quiet++
			}
		}
		return nil
	})
	w.must(err)
	return all, quiet
}

// restarted kills a scheduler, starts another one after a pause, and gives what that knows of the service.
func (w *world) restarted(d *daemon, pause time.Duration) (monitor.Status, *daemon) {
	w.t.Helper()
	d.kill()
	time.Sleep(pause)
	next := w.scheduler(fmt.Sprint("after", pause, time.Now().Unix()))
	w.owned(0)
	return w.statuses(0)[service(0, 0)], next
}

func TestAResultThatChangesNothingIsRecordedUntilSnapshotsHoldIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(1, 1, 0))
		s := w.scheduler("s")
		w.owned(0)
		w.hear(monitor.OK, "first")
		all, quiet := w.recorded()
		if quiet != 0 || all == 0 {
			t.Errorf("a new state: %d records, %d of them quiet", all, quiet)
		}
		for i := range 10 {
			w.hear(monitor.OK, fmt.Sprint("again", i))
		}
		if again, quiet := w.recorded(); again != all+10 || quiet != 10 {
			t.Errorf("%d records, %d of them quiet, want 10 more than %d", again, quiet, all)
		}
		got, s := w.restarted(s, 0)
		if got.Output != "again9" || got.State != monitor.OK {
			t.Errorf("before a snapshot: %+v", got)
		}
		w.hear(monitor.OK, "last")
		time.Sleep(10 * time.Minute)
		if _, quiet := w.recorded(); quiet != 0 {
			t.Errorf("%d quiet records are left", quiet)
		}
		got, s = w.restarted(s, time.Hour)
		if got.Output != "last" {
			t.Errorf("from the snapshot: %+v", got)
		}
		w.hear(monitor.Critical, "broken") // soft: each that is applied counts
		if got := w.statuses(0)[service(0, 0)]; got.Output != "broken" || got.Attempt != 1 {
			t.Errorf("the position is not what it was: %+v", got)
		}
		s.stop()
	})
}

func TestAQuietResultBesideAChangeOfItsObjectKeepsItsPlace(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(1, 1, 0))
		s := w.scheduler("s")
		w.owned(0)
		w.hear(monitor.OK, "first")
		of := func(state monitor.State, output string) monitor.Submission {
			return monitor.Submission{Ref: service(0, 0), Outcome: monitor.Outcome{State: state, Output: output}, Source: "test"}
		}
		batch := []monitor.Submission{of(monitor.OK, "quiet"), of(monitor.Critical, "bad"), of(monitor.OK, "good"), of(monitor.OK, "quiet again")}
		w.must(w.own.Append(t.Context(), bus.Passive(0, "r"), wire.AppendBatch(nil, batch), ""))
		time.Sleep(time.Second)
		before := w.statuses(0)[service(0, 0)]
		got, s := w.restarted(s, 0)
		if got.Output != "quiet again" || got.State != before.State || got.LastTimeCritical != before.LastTimeCritical {
			t.Errorf("%+v, was %+v", got, before)
		}
		s.stop()
	})
}

// noBlobs is a connection that stores no blobs while it is set.
type noBlobs struct {
	bus.Conn
	refuses *atomic.Bool
}

func (c noBlobs) PutBlob(ctx context.Context, b bus.Bucket, name string, data []byte) error {
	if c.refuses.Load() {
		return errors.New("no room")
	}
	return c.Conn.PutBlob(ctx, b, name, data)
}

func TestWithoutSnapshotsWhatWasQuietIsRecordedToLast(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(1, 1, 0))
		c := noBlobs{w.bus.Connect("s"), &atomic.Bool{}}
		d := w.start(c, scheduler.New(scheduler.Options{Name: "s", Boot: "s", Bus: c, Log: quiet()}).Run)
		w.owned(0)
		w.hear(monitor.OK, "first")
		time.Sleep(2 * time.Minute)
		c.refuses.Store(true)
		w.hear(monitor.OK, "second")
		if _, quiet := w.recorded(); quiet != 1 {
			t.Errorf("%d quiet records, want 1", quiet)
		}
		time.Sleep(20 * time.Minute)
		if _, quiet := w.recorded(); quiet != 0 {
			t.Errorf("%d quiet records are left", quiet)
		}
		got, d := w.restarted(d, time.Minute)
		if got.Output != "second" {
			t.Errorf("the snapshot is old, and the record gone: %+v", got)
		}
		d.stop()
	})
}
