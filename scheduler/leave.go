package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/recall"
	"github.com/onbu/onbu/scheduler/spread"
)

// leave commits what is left, tells of the last checks, writes a snapshot and gives up the lease.
func (s *shard) leave() error {
	will := s.heir(s.id)
	if will.unsaved {
		s.journal.abandon()
		return s.release(will)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	s.act()
	s.perf.close()
	err := s.journal.settle(ctx)
	if err == nil {
		err = s.stores(ctx)
	}
	if errors.Is(err, bus.ErrFenced) || errors.Is(err, errLost) {
		return err
	}
	if err == nil && s.lease.holds() {
		snapshot := recall.AppendSnapshot(nil, s.core, &s.Noted)
		recall.Stamp(snapshot, s.journal.last)
		err = s.store(ctx, snapshot)
		s.perf.finish(ctx)
	}
	if errors.Is(err, errStalled) {
		return errors.Join(err, s.releaseWithin(stalledRelease, will))
	}
	return errors.Join(err, s.release(will))
}

// stores is an error when the bus stores nothing. A journal of which nothing was left does not show it, and a snapshot may take long where
// the bus is well.
func (s *shard) stores(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleStalled)
	defer cancel()
	for {
		err := s.lease.renew(ctx)
		if !errors.Is(err, context.DeadlineExceeded) { // also of nil
			return err
		}
		if sleep(ctx, lookEvery) != nil {
			return fmt.Errorf("shard %d: no snapshot was left: %w for %s: %w", s.id, errStalled, settleStalled, err)
		}
	}
}

// stalledRelease is how long it is tried to give a lease up on a bus that stores nothing. Else the heir waits until it is old.
const stalledRelease = time.Second

// release gives the lease up.
func (s *shard) release(w will) error { return s.releaseWithin(renewEvery, w) }

func (s *shard) releaseWithin(limit time.Duration, w will) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	err := s.lease.release(ctx, w.heir, w.leaves)
	if err == nil {
		s.gave(w)
	}
	return err
}

// will says to whom a shard goes that is given up, and why. leaves says that whoever gives it up takes no more, unsaved that what
// is not stored yet is given up, too.
type will struct {
	heir            spread.Member
	why             string
	leaves, unsaved bool
}

// gave tells that the shard was given up.
func (s *shard) gave(w will) {
	s.meter.given.Inc()
	to := "to whoever takes it"
	if w.heir != spread.Nobody {
		to = "to scheduler " + w.heir.Name
	}
	s.log.Debug("shard given up", "to", w.heir.Name, "why", w.why)
	s.chronicle.Tell(monitor.ShardHanded, fmt.Sprint("shard ", s.id), to+", because "+w.why)
}
