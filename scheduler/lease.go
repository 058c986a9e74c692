package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
)

const (
	renewEvery = 2 * time.Second
	// A lease that did not change for so long may be taken; the time is the taker's own, never a timestamp.
	leaseStale = 15 * time.Second
	knockEvery = 300 * time.Millisecond
	knocks     = 3 // so many knocks in a row that nobody answers: the owner's process is dead
)

// lease says that somebody works on a shard. It keeps two schedulers from doing the same work for long; what keeps
// them from recording it twice is the journal's fence.
type lease struct {
	bus      bus.Conn
	shard    uint16
	mine     wire.Lease
	revision uint64
}

func (l *lease) key() string { return bus.LeaseKey(l.shard) }

// take waits until the lease is free, or its owner dead or silent, and takes it.
func (l *lease) take(ctx context.Context) error {
	var seen uint64 // the revision that stays the same
	var since time.Time
	silent := 0
	for {
		held, err := l.bus.Get(ctx, bus.LEASE, l.key())
		switch {
		case errors.Is(err, bus.ErrNotFound):
			held = bus.Entry{}
		case err != nil:
			return fmt.Errorf("lease of shard %d: %w", l.shard, err)
		}
		if held.Revision != seen || since.IsZero() {
			seen, since, silent = held.Revision, time.Now(), 0
		}
		if seen == 0 || silent >= knocks || time.Since(since) > leaseStale {
			err := l.put(ctx, seen)
			if err == nil {
				return nil
			}
			if !errors.Is(err, bus.ErrConflict) {
				return err
			}
			since = time.Time{}
			continue
		}
		if l.knock(ctx) {
			silent = 0
		} else {
			silent++
		}
		if err := sleep(ctx, knockEvery); err != nil {
			return err
		}
	}
}

// answer lets others see that the owner's process is there, from now until stop is called.
func (l *lease) answer() (stop func(), err error) {
	stop, err = l.bus.Subscribe(bus.Alive(l.shard), func(m bus.Msg) {
		if m.Reply != nil {
			_ = m.Reply(nil) // a taker that gets no answer still sees that the subject is held
		}
	})
	if err != nil {
		return nil, fmt.Errorf("knocks on shard %d: %w", l.shard, err)
	}
	return stop, nil
}

// knock says whether the owner's process is there: it answers, or at least holds the subject.
func (l *lease) knock(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, knockEvery)
	defer cancel()
	_, err := l.bus.Request(ctx, bus.Alive(l.shard), nil)
	return !errors.Is(err, bus.ErrNoResponders)
}

func (l *lease) put(ctx context.Context, revision uint64) error {
	revision, err := l.bus.Put(ctx, bus.LEASE, l.key(), wire.Marshal(l.mine), revision)
	if err != nil {
		return fmt.Errorf("lease of shard %d: %w", l.shard, err)
	}
	l.revision = revision
	return nil
}

// renew keeps the lease. ErrConflict means that somebody else has it.
func (l *lease) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, renewEvery)
	defer cancel()
	return l.put(ctx, l.revision)
}

// release gives the lease up, so that another scheduler can take it at once.
func (l *lease) release(ctx context.Context) error {
	return l.bus.Delete(ctx, bus.LEASE, l.key(), l.revision)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
