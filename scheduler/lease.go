package scheduler

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/boottime"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/scheduler/spread"
)

const (
	renewEvery = 2 * time.Second
	// holdFor is how long after the beginning of the last renewal that succeeded the holder of a lease commits and tells anything.
	holdFor = 10 * time.Second
	// leaseStale is how long a lease must stay as it is before somebody else may take it. Both times are by the own clock of whoever
	// measures; between them there is room for clocks that differ by half.
	leaseStale = 15 * time.Second
)

// lease says that this scheduler works on a shard. It keeps two schedulers from doing the same work for long; what keeps
// them from recording it twice is the journal's fence. One goroutine at a time changes it; any may ask whether it holds.
type lease struct {
	bus   bus.Conn
	shard uint16
	// wrote is told of each change that was made.
	wrote func(bus.Entry)

	mu       sync.Mutex // guards what follows
	mine     wire.Lease
	revision uint64
	good     boottime.Mark // when the last try began that took or kept it
}

func newLease(b bus.Conn, shard uint16, me spread.Member, wrote func(bus.Entry)) *lease {
	return &lease{bus: b, shard: shard, wrote: wrote, mine: wire.Lease{Owner: me.Name, Boot: me.Boot}}
}

func (l *lease) key() string { return bus.LeaseKey(l.shard) }

// take takes a lease that has this revision, 0 for none. ErrConflict if it has changed.
func (l *lease) take(ctx context.Context, revision uint64) error {
	ctx, cancel := context.WithTimeout(ctx, renewEvery)
	defer cancel()
	return l.put(ctx, revision)
}

// renew keeps the lease. errLost means that somebody else has it.
func (l *lease) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, renewEvery)
	defer cancel()
	err := l.put(ctx, l.at())
	if errors.Is(err, bus.ErrConflict) {
		return l.regain(ctx)
	}
	return err
}

// regain finds out what became of the lease: an earlier renewal that got no answer may be stored, and a bucket in memory begins
// empty with its server.
func (l *lease) regain(ctx context.Context) error {
	var held wire.Lease
	e, err := l.bus.Get(ctx, bus.LEASE, l.key())
	switch {
	case errors.Is(err, bus.ErrNotFound):
		return l.put(ctx, 0)
	case err == nil:
		err = wire.Unmarshal(e.Value, &held)
	}
	if err != nil {
		return fmt.Errorf("lease of shard %d: %w", l.shard, err)
	}
	if mine := l.value(); held.Owner != mine.Owner || held.Boot != mine.Boot {
		return fmt.Errorf("%w: %s", errLost, holder(held))
	}
	return l.put(ctx, e.Revision)
}

// holder says, for people, who has a lease.
func holder(held wire.Lease) string {
	if held.Owner == "" {
		return "nobody has it"
	}
	return "scheduler " + held.Owner + " has it"
}

// value is what the lease says.
func (l *lease) value() wire.Lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mine
}

// works has the lease say, from the next renewal on, that its holder works on the shard.
func (l *lease) works(epoch uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mine.Epoch = epoch
}

func (l *lease) at() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.revision
}

func (l *lease) put(ctx context.Context, revision uint64) error {
	began, value := boottime.Now(), wire.Marshal(l.value())
	revision, err := l.bus.Put(ctx, bus.LEASE, l.key(), value, revision)
	if err != nil {
		return fmt.Errorf("lease of shard %d: %w", l.shard, err)
	}
	l.mu.Lock()
	l.revision, l.good = revision, began
	l.mu.Unlock()
	l.wrote(bus.Entry{Key: l.key(), Value: value, Revision: revision})
	return nil
}

// left is how long the lease still holds: until then nobody else has it. Nothing may be committed or told afterwards, until
// it is renewed.
func (l *lease) left() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(0, holdFor-boottime.Since(l.good))
}

func (l *lease) holds() bool { return l.left() > 0 }

// release gives the lease up, so that heir, or anybody if that is Nobody, can take it at once. leaves says that the holder takes
// no more shards.
func (l *lease) release(ctx context.Context, heir spread.Member, leaves bool) error {
	given := wire.Lease{Heir: heir.Name, HeirBoot: heir.Boot}
	if mine := l.value(); leaves {
		given.Leaver, given.LeaverBoot = mine.Owner, mine.Boot
	}
	free := wire.Marshal(given)
	revision, err := l.bus.Put(ctx, bus.LEASE, l.key(), free, l.at())
	if err != nil {
		return fmt.Errorf("giving up the lease of shard %d: %w", l.shard, err)
	}
	l.wrote(bus.Entry{Key: l.key(), Value: free, Revision: revision})
	return nil
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
