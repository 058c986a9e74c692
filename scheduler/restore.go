package scheduler

import (
	"context"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/scheduler/core"
	"github.com/onbu/onbu/scheduler/recall"
)

// snapshot writes the present state once everything that led to it is recorded; until then it would know of
// notifications that are not in the journal.
func (s *shard) snapshot(ctx context.Context) {
	state, used := s.core.Snapshot(), s.used
	s.journal.after(func() {
		after := s.journal.last
		go func() {
			if err := s.write(ctx, recall.Saved{After: after, Used: used, State: state}); err != nil && ctx.Err() == nil {
				s.log.Error("snapshot not written; a restart takes longer", "error", err)
			}
		}()
	})
}

// store writes a snapshot now; everything must be recorded.
func (s *shard) store(ctx context.Context, state core.Snapshot, after uint64) error {
	return s.write(ctx, recall.Saved{After: after, Used: s.used, State: state})
}

func (s *shard) write(ctx context.Context, snap recall.Saved) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := s.bus.PutBlob(ctx, bus.SNAP, recall.SnapshotName(s.id), wire.Marshal(snap)); err != nil {
		return fmt.Errorf("snapshot of shard %d: %w", s.id, err)
	}
	return nil
}

// reader reads memories back.
func (s *Scheduler) reader() *recall.Reader {
	return &recall.Reader{Bus: s.bus, Log: s.log, Unreadable: s.meter.unreadable.Inc}
}

// replay brings the core to where the shard's journal ends, and lets those hosts in that came to the shard with g. What
// it decides about them is recorded first when the shard runs.
func (s *shard) replay(ctx context.Context, r *recall.Reader, g wire.Generation) (recall.Memory, error) {
	m, err := r.Shard(ctx, s.id, g, s.core, now(), &s.decided)
	s.used = m.Used
	s.journal.used, s.journal.told = s.used, s.used
	s.arrived(m.Moved)
	return m, err
}

// arrived tells of hosts that came from other shards.
func (s *shard) arrived(hosts int) {
	if hosts > 0 {
		s.log.Info("hosts came from other shards with their state", "hosts", hosts)
	}
}
