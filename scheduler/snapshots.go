package scheduler

import (
	"context"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/scheduler/recall"
)

const (
	// snapshotEvery is how long a shard goes at least from one snapshot to the next; a large installation goes longer, so
	// that no more than snapshotRate objects are written in a second.
	snapshotEvery = time.Minute
	snapshotRate  = 5000
	// snapshotAgain is when a shard asks again that came while another one was at it.
	snapshotAgain = time.Second
)

// snapshots lets the shards of a scheduler write their snapshots one after the other: at a million services those of all
// shards would take more memory than everything else.
type snapshots struct {
	free chan struct{} // holds a token while nobody writes
}

func newSnapshots() *snapshots {
	s := &snapshots{free: make(chan struct{}, 1)}
	s.free <- struct{}{}
	return s
}

// firstSnapshot spreads the shards over the time between two snapshots.
func (s *shard) firstSnapshot() time.Duration {
	all := max(s.core.Inventory().Shards, 1)
	return s.betweenSnapshots() * time.Duration(int(s.id)+1) / time.Duration(all)
}

// betweenSnapshots takes the other shards to be as large as this one.
func (s *shard) betweenSnapshots() time.Duration {
	inv := s.core.Inventory()
	return max(snapshotEvery, time.Duration(inv.Objects()*max(inv.Shards, 1)/snapshotRate)*time.Second)
}

// snap has the present state taken and written, and says when it wants to be called again.
func (s *shard) snap(ctx context.Context) time.Duration {
	select {
	case <-s.snapshots.free:
	default:
		return snapshotAgain
	}
	s.snapDue = func() { s.takeSnapshot(ctx) }
	return s.betweenSnapshots()
}

// trySnapshot takes the snapshot that is due once all that was decided is on its way to the journal: what comes later is not
// stored with it, so the snapshot can name the record up to which it holds.
func (s *shard) trySnapshot() {
	if s.snapDue != nil && !s.journal.pending() {
		due := s.snapDue
		s.snapDue = nil
		due()
	}
}

// takeSnapshot takes the present state, and has it written once everything that led to it is recorded: until then it would
// know of notifications that are not in the journal.
func (s *shard) takeSnapshot(ctx context.Context) {
	at := time.Now()
	s.snapshot = recall.AppendSnapshot(make([]byte, 0, s.snapshotSize+s.snapshotSize/16), s.core, &s.Noted)
	s.snapshotSize = len(s.snapshot)
	s.journal.after(func() {
		taken := s.snapshot
		if s.snapshot = nil; taken == nil {
			return // the shard has ended, and leaves a newer one
		}
		recall.Stamp(taken, s.journal.last)
		go func() {
			if err := s.store(ctx, taken); err == nil {
				s.covered.Store(&at)
			} else if ctx.Err() == nil {
				s.log.Error("snapshot not written; a restart takes longer", "error", err)
			}
			s.snapshots.free <- struct{}{}
		}()
	})
}

// dropSnapshot gives up a snapshot that the journal never came up to.
func (s *shard) dropSnapshot() {
	if s.snapshot != nil || s.snapDue != nil {
		s.snapshot, s.snapDue = nil, nil
		s.snapshots.free <- struct{}{}
	}
}

func (s *shard) store(ctx context.Context, snapshot []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := s.bus.PutBlob(ctx, bus.SNAP, recall.SnapshotName(s.id), snapshot); err != nil {
		return fmt.Errorf("snapshot of shard %d: %w", s.id, err)
	}
	return nil
}
