package scheduler

import (
	"context"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/bus"
	leases "github.com/onbu/onbu/internal/lease"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/scheduler/spread"
)

const (
	renewEvery = leases.RenewEvery
	holdFor    = leases.HoldFor
	leaseStale = leases.Stale
)

// lease says that this scheduler works on a shard. It keeps two schedulers from doing the same work for long; what keeps
// them from recording it twice is the journal's fence. One goroutine at a time changes it; any may ask whether it holds.
type lease struct {
	*leases.Lease
	bus   bus.Conn
	shard uint16
}

// newLease gives the lease of a shard; wrote is told of each change that was made.
func newLease(b bus.Conn, shard uint16, me spread.Member, wrote func(bus.Entry)) *lease {
	mine := wire.Lease{Owner: me.Name, Boot: me.Boot}
	return &lease{leases.New(b, bus.LeaseKey(shard), fmt.Sprint("shard ", shard), mine, wrote), b, shard}
}

// take takes a lease that has this revision, 0 for none. ErrConflict if it has changed.
func (l *lease) take(ctx context.Context, revision uint64) error { return l.Take(ctx, revision) }

// renew keeps the lease. errLost means that somebody else has it.
func (l *lease) renew(ctx context.Context) error { return l.Renew(ctx) }

// value is what the lease says.
func (l *lease) value() wire.Lease { return l.Value() }

// works has the lease say, from the next renewal on, that its holder works on the shard.
func (l *lease) works(epoch uint64) { l.Change(func(v *wire.Lease) { v.Epoch = epoch }) }

// left is how long the lease still holds: until then nobody else has it. Nothing may be committed or told afterwards, until
// it is renewed.
func (l *lease) left() time.Duration { return l.Left() }

func (l *lease) holds() bool { return l.Holds() }

// release gives the lease up, so that heir, or anybody if that is Nobody, can take it at once. leaves says that the holder takes
// no more shards.
func (l *lease) release(ctx context.Context, heir spread.Member, leaves bool) error {
	given := wire.Lease{Heir: heir.Name, HeirBoot: heir.Boot}
	if mine := l.value(); leaves {
		given.Leaver, given.LeaverBoot = mine.Owner, mine.Boot
	}
	return l.Release(ctx, given)
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
