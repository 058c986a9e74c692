package scheduler

import (
	"context"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/scheduler/recall"
)

// reader reads memories back.
func (s *Scheduler) reader(from bus.Conn) *recall.Reader {
	return &recall.Reader{Bus: from, Log: s.log, Unreadable: s.meter.unreadable.Inc}
}

// replay brings the core to where the shard's journal ends, and lets those hosts in that came to the shard with g. What
// it decides about them is recorded first when the shard runs.
func (s *shard) replay(ctx context.Context, r *recall.Reader, g wire.Generation) (recall.Memory, error) {
	m, err := r.Shard(ctx, s.id, g, s.core, now(), &s.decided)
	s.Noted = m.Noted
	s.journal.used, s.journal.told = s.Used, s.Used
	s.arrived(m.Moved)
	return m, err
}

// arrived tells of hosts that came from other shards.
func (s *shard) arrived(hosts int) {
	if hosts > 0 {
		s.log.Info("hosts came from other shards with their state", "hosts", hosts)
	}
}
