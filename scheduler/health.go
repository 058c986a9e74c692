package scheduler

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// stallLimit is how long a batch may wait to be stored before the scheduler calls itself unhealthy: longer than the election of a leader
// takes as a rule, and so short that whoever asks every second or two knows within ten.
const stallLimit = 8 * time.Second

// Healthy is nil unless a shard's journal has been unable to store anything for stallLimit: then people are told of nothing,
// although checks go on. Any goroutine may call it.
func (s *Scheduler) Healthy() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	stalled, longest, why := 0, time.Duration(0), error(nil)
	for _, sh := range s.shards {
		waited, err := sh.journal.stall.over(stallLimit)
		if waited == 0 {
			continue
		}
		stalled++
		if waited > longest {
			longest, why = waited, err
		}
	}
	if stalled == 0 {
		return nil
	}
	return fmt.Errorf("the journals of %d of %d shards have stored nothing for up to %s, and nobody is told anything meanwhile; is the disk of the bus full? %w",
		stalled, len(s.shards), longest.Round(time.Second), why)
}

// Stuck says which loop has not turned for longer than limit; nil for none. Waiting for the bus is no reason: loops go on without it.
func (s *Scheduler) Stuck(limit time.Duration) error {
	if still := s.keeper.pulse.Since(); still > limit {
		return fmt.Errorf("the loop that takes and gives shards has not turned for %s", still.Round(time.Second))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sh := range s.shards {
		if still := sh.pulse.Since(); still > limit {
			return fmt.Errorf("the loop of shard %d has not turned for %s", sh.id, still.Round(time.Second))
		}
	}
	return nil
}

// errUnanswered stands for a try that goes on.
var errUnanswered = errors.New("the bus does not answer")

// stall knows since when a batch waits to be stored, for those outside the shard's loop.
type stall struct {
	mu    sync.Mutex
	since time.Time // zero while nothing waits
	why   error
}

func (s *stall) begin() { s.set(time.Now(), errUnanswered) }

func (s *stall) end() { s.set(time.Time{}, nil) }

func (s *stall) set(since time.Time, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since, s.why = since, why
}

// failed notes why the last try came to nothing.
func (s *stall) failed(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.why = why
}

// over gives how long a batch has waited, and why, if that is at least limit; else 0.
func (s *stall) over(limit time.Duration) (time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() || time.Since(s.since) < limit {
		return 0, nil
	}
	return time.Since(s.since), s.why
}
