package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// saved is a snapshot as it lies in SNAP: the core's state once everything up to After was recorded.
type saved struct {
	After uint64
	Used  wire.Position
	State core.Snapshot
}

func (s *shard) snapshotName() string { return fmt.Sprintf("shard.%d", s.id) }

// snapshot writes the present state once everything that led to it is recorded; until then it would know of
// notifications that are not in the journal.
func (s *shard) snapshot(ctx context.Context) {
	state, used := s.core.Snapshot(), s.used
	s.journal.after(func() {
		after := s.journal.last
		go func() {
			if err := s.write(ctx, saved{After: after, Used: used, State: state}); err != nil && ctx.Err() == nil {
				s.log.Error("snapshot not written; a restart takes longer", "error", err)
			}
		}()
	})
}

// store writes a snapshot now; everything must be recorded.
func (s *shard) store(ctx context.Context, state core.Snapshot, after uint64) error {
	return s.write(ctx, saved{After: after, Used: s.used, State: state})
}

func (s *shard) write(ctx context.Context, snap saved) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := s.bus.PutBlob(ctx, bus.SNAP, s.snapshotName(), wire.Marshal(snap)); err != nil {
		return fmt.Errorf("snapshot of shard %d: %w", s.id, err)
	}
	return nil
}

// replay restores the newest snapshot and what was recorded after it, and says how many broks that were.
func (s *shard) replay(ctx context.Context) (int, error) {
	var snap saved
	data, err := s.bus.Blob(ctx, bus.SNAP, s.snapshotName())
	if err == nil {
		err = wire.Unmarshal(data, &snap)
	}
	switch {
	case errors.Is(err, bus.ErrNotFound):
	case errors.Is(err, wire.ErrVersion), err != nil && data != nil:
		s.log.Error("the snapshot is unreadable; the whole journal is replayed", "error", err)
		snap = saved{}
	case err != nil:
		return 0, fmt.Errorf("snapshot of shard %d: %w", s.id, err)
	default:
		s.core.Restore(snap.State)
		s.used = snap.Used
	}
	n := 0
	defer func() { s.journal.used, s.journal.told = s.used, s.used }()
	_, err = s.bus.Replay(ctx, uint16(s.id), snap.After, func(msgs []bus.Msg) error {
		for _, m := range msgs {
			n += s.replayRecord(m)
		}
		return nil
	})
	if err != nil {
		return n, fmt.Errorf("replaying the journal of shard %d: %w", s.id, err)
	}
	return n, nil
}

// replayRecord gives one record back to the core. One that cannot be read is counted and passed over: a shard that
// stopped for it would stop for ever.
func (s *shard) replayRecord(m bus.Msg) int {
	var broks []monitor.Brok
	var err error
	switch bus.KindOf(m.Subject) {
	case bus.KindAction:
		broks = make([]monitor.Brok, 1)
		err = s.decoder.Decode(m.Data, &broks[0])
	default:
		var used wire.Position
		if used, broks, err = wire.DecodeLedger(&s.decoder, m.Data, nil); err == nil {
			s.used = used
		}
	}
	if err != nil {
		s.unreadable(m, err)
		return 0
	}
	for i := range broks {
		s.core.Replay(&broks[i])
	}
	return len(broks)
}

func (s *shard) unreadable(m bus.Msg, err error) {
	s.meter.unreadable.Inc()
	s.log.Error("a record of the journal is unreadable and is passed over", "subject", m.Subject, "seq", m.Seq, "error", err)
}
