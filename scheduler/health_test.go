package scheduler

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// diskFull is a journal that stores nothing until it has room.
type diskFull struct {
	bus.Journal
	room chan struct{}
}

func (d diskFull) Commit(ctx context.Context, _ bus.Fence, _ string, _ []bus.Record) (uint64, error) {
	select {
	case <-d.room:
		return 1, nil
	case <-ctx.Done():
		return 0, errors.Join(errors.New("no space left"), ctx.Err())
	}
}

func TestASchedulerWhoseJournalStoresNothingIsNotHealthy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := diskFull{room: make(chan struct{})}
		j := newJournal(d, slog.New(slog.DiscardHandler), bus.Fence{Shard: 3}, "boot", held)
		s := &Scheduler{shards: map[monitor.Shard]*shard{3: {journal: j}}}
		if err := s.Healthy(); err != nil {
			t.Errorf("before anything is to be stored: %v", err)
		}
		j.at(wire.Position{Commands: 1})
		j.flush()
		time.Sleep(stallLimit - time.Second)
		if err := s.Healthy(); err != nil {
			t.Errorf("after %s: %v", stallLimit-time.Second, err)
		}
		time.Sleep(15*time.Second - (stallLimit - time.Second))
		if err := s.Healthy(); err == nil || !strings.Contains(err.Error(), "1 of 1 shards") || !strings.Contains(err.Error(), "15s") ||
			!strings.Contains(err.Error(), "no space left") {
			t.Errorf("after 15 s: %v", err)
		}
		close(d.room)
		if err := j.landed(<-j.done); err != nil {
			t.Fatal(err)
		}
		if err := s.Healthy(); err != nil {
			t.Errorf("once it is stored: %v", err)
		}
		j.abandon()
	})
}
