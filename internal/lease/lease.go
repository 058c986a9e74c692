// Package lease knows how daemons settle which one of them does what only one may do: by a key in LEASE that its holder keeps
// writing, and that others take when it is free, when the holder's process is dead, or when it did not change for long. A lease
// keeps two from doing the same work for long. That nothing is recorded twice is the business of a fence in what is written.
package lease

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/boottime"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
)

const (
	// RenewEvery is how often a holder writes its lease again.
	RenewEvery = 2 * time.Second
	// HoldFor is how long after the beginning of the last renewal that succeeded the holder does anything as such.
	HoldFor = 10 * time.Second
	// Stale is how long a lease must stay as it is before somebody else may take it. Both times are by the own clock of whoever
	// measures; between them there is room for clocks that differ by half.
	Stale = 15 * time.Second
)

// ErrLost is returned, wrapped, when somebody else has the lease.
var ErrLost = errors.New("somebody else has the lease")

// Lease is a key of LEASE as one daemon knows it. One goroutine at a time changes it; any may ask whether it holds.
type Lease struct {
	bus       bus.Store
	key, what string
	// wrote is told of each change that was made; nil for nobody.
	wrote func(bus.Entry)

	mu       sync.Mutex // guards what follows
	mine     wire.Lease
	revision uint64
	good     boottime.Mark // when the last try began that took or kept it
}

// New gives a lease that is not taken. what names it for people, as in "shard 3"; mine is what is written.
func New(b bus.Store, key, what string, mine wire.Lease, wrote func(bus.Entry)) *Lease {
	return &Lease{bus: b, key: key, what: what, mine: mine, wrote: wrote}
}

// Take takes a lease that has this revision, 0 for none. ErrConflict if it has changed.
func (l *Lease) Take(ctx context.Context, revision uint64) error {
	ctx, cancel := context.WithTimeout(ctx, RenewEvery)
	defer cancel()
	return l.put(ctx, revision)
}

// Renew keeps the lease. ErrLost means that somebody else has it; after other errors it may be tried again.
func (l *Lease) Renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, RenewEvery)
	defer cancel()
	err := l.put(ctx, l.at())
	if errors.Is(err, bus.ErrConflict) {
		return l.regain(ctx)
	}
	return err
}

// regain finds out what became of the lease: an earlier renewal that got no answer may be stored, and a bucket in memory begins
// empty with its server.
func (l *Lease) regain(ctx context.Context) error {
	held, revision, err := l.read(ctx)
	if err != nil {
		return err
	}
	if mine := l.Value(); revision != 0 && !same(held, mine) {
		return fmt.Errorf("%s: %w: %s", l.what, ErrLost, holder(held))
	}
	return l.put(ctx, revision)
}

// read gives what is stored; revision 0 for nothing.
func (l *Lease) read(ctx context.Context) (held wire.Lease, revision uint64, err error) {
	e, err := l.bus.Get(ctx, bus.LEASE, l.key)
	if errors.Is(err, bus.ErrNotFound) {
		return held, 0, nil
	}
	if err == nil {
		err = wire.Unmarshal(e.Value, &held)
	}
	if err != nil {
		return held, 0, fmt.Errorf("lease of %s: %w", l.what, err)
	}
	return held, e.Revision, nil
}

func same(a, b wire.Lease) bool { return a.Owner == b.Owner && a.Boot == b.Boot }

// holder says, for people, who has a lease.
func holder(held wire.Lease) string {
	if held.Owner == "" {
		return "nobody has it"
	}
	return held.Owner + " has it"
}

func (l *Lease) put(ctx context.Context, revision uint64) error {
	began := boottime.Now()
	if err := l.write(ctx, l.Value(), revision); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.good = began
	return nil
}

func (l *Lease) write(ctx context.Context, v wire.Lease, revision uint64) error {
	value := wire.Marshal(v)
	revision, err := l.bus.Put(ctx, bus.LEASE, l.key, value, revision)
	if err != nil {
		return fmt.Errorf("lease of %s: %w", l.what, err)
	}
	l.mu.Lock()
	l.revision = revision
	l.mu.Unlock()
	if l.wrote != nil {
		l.wrote(bus.Entry{Key: l.key, Value: value, Revision: revision})
	}
	return nil
}

// Release gives the lease up, so that others can take it at once. as says who is meant to; the zero value means anybody.
func (l *Lease) Release(ctx context.Context, as wire.Lease) error {
	if err := l.write(ctx, as, l.at()); err != nil {
		return fmt.Errorf("giving up: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.good = boottime.Mark{}
	return nil
}

// Value is what the lease says.
func (l *Lease) Value() wire.Lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mine
}

// Change has the lease say something else from the next renewal on.
func (l *Lease) Change(change func(*wire.Lease)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.mine)
}

func (l *Lease) at() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.revision
}

// Left is how long the lease still holds: until then nobody else has it. Nothing may be done as its holder afterwards, until it
// is renewed.
func (l *Lease) Left() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(0, HoldFor-boottime.Since(l.good))
}

// Holds says whether there is any time left.
func (l *Lease) Holds() bool { return l.Left() > 0 }
