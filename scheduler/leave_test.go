package scheduler_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/scheduler"
)

// leaderless is a connection to a bus of which, for a time, no server leads: who writes waits.
type leaderless struct {
	bus.Conn
	mute atomic.Bool
}

func (l *leaderless) wait(ctx context.Context) error {
	if l.mute.Load() {
		<-ctx.Done()
	}
	return ctx.Err()
}

func (l *leaderless) Commit(ctx context.Context, f bus.Fence, batch string, records []bus.Record) (uint64, error) {
	if err := l.wait(ctx); err != nil {
		return 0, err
	}
	return l.Conn.Commit(ctx, f, batch, records)
}

func (l *leaderless) Put(ctx context.Context, b bus.Bucket, key string, value []byte, revision uint64) (uint64, error) {
	if err := l.wait(ctx); err != nil {
		return 0, err
	}
	return l.Conn.Put(ctx, b, key, value, revision)
}

func (l *leaderless) PutBlob(ctx context.Context, b bus.Bucket, name string, data []byte) error {
	if err := l.wait(ctx); err != nil {
		return err
	}
	return l.Conn.PutBlob(ctx, b, name, data)
}

// A snapshot and a lease are left to store where the journal has everything.
func TestTheEndOfManyShardsOnABusThatStoresNothingIsSoonAlsoWithNothingLeftInTheJournal(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		all := make([]*monitor.Inventory, 16)
		for i := range all {
			all[i] = inventory(1, 1, time.Hour)
		}
		w.enforce(all...)
		c := &leaderless{Conn: w.bus.Connect("s")}
		s := w.schedulerOn(c, scheduler.Options{Name: "s"})
		for shard := range uint16(16) {
			w.owned(shard)
		}
		time.Sleep(time.Second)
		c.mute.Store(true)
		began := time.Now()
		s.stop()
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("the end took %s", took)
		}
	})
}

// A whole site is ended at once.
func TestTheEndOnABusThatStoresNothingIsSoonAndLosesNothingThatWasAcknowledged(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(1, 1, time.Hour), inventory(1, 1, time.Hour), inventory(1, 1, time.Hour))
		c := &leaderless{Conn: w.bus.Connect("s")}
		s := w.schedulerOn(c, scheduler.Options{Name: "s"})
		for shard := range uint16(3) {
			w.owned(shard)
		}
		w.command("PROCESS_SERVICE_CHECK_RESULT;host0;service0;2;acknowledged")
		c.mute.Store(true)
		waiting, err := command.Parse("PROCESS_SERVICE_CHECK_RESULT;host0;service0;1;nobody was told", monitor.At(time.Now()))
		w.must(err)
		for shard := range uint16(3) { // something is left to store
			w.must(w.own.Append(t.Context(), bus.Commands(shard), wire.Marshal(waiting), ""))
		}
		time.Sleep(time.Second)
		began := time.Now()
		s.stop()
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("the end took %s", took)
		}
		heir := w.scheduler("heir")
		w.owned(0)
		time.Sleep(time.Second)
		if st := w.statuses(0)[service(0, 0)]; st.State != monitor.Warning {
			t.Errorf("after the command that was acknowledged, and the one that waited, the service is %s", st.StateName())
		}
		heir.stop()
	})
}
