package feed

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
)

// lease says whose turn it is to work with a module. It fences nothing: the place does.
type lease struct {
	bus      bus.Conn
	key      string
	mine     wire.Lease
	revision uint64
	log      *slog.Logger
}

const (
	renewEvery = time.Second
	// silentFor is how long a holder may say nothing before another broker takes its place.
	silentFor = 5 * time.Second
)

// take waits for the lease and takes it; false when ctx ended before. It is given at once where nobody has it or the holder lets
// go of it.
func (l *lease) take(ctx context.Context) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes := make(chan bus.Entry)
	go func() {
		for ctx.Err() == nil {
			_ = l.bus.Watch(ctx, bus.LEASE, l.key, func(e bus.Entry) {
				select {
				case changes <- e:
				case <-ctx.Done():
				}
			})
			pause(ctx, time.Second)
		}
	}()
	held, err := l.bus.Get(ctx, bus.LEASE, l.key)
	var holder wire.Lease // for people only
	for told := false; ; {
		silence := silentFor
		switch {
		case err != nil && !errors.Is(err, bus.ErrNotFound):
			silence = time.Second // whether somebody has it is not known
		case len(held.Value) == 0:
			if l.grab(ctx, 0) {
				return true
			}
			silence = time.Second
		case !told:
			_ = wire.Unmarshal(held.Value, &holder)
			l.log.Info("an export module stands by", "active_on", holder.Owner)
			told = true
		}
		if silent := l.await(ctx, changes, &held, silence); ctx.Err() != nil {
			return false
		} else if silent && silence == silentFor && l.grab(ctx, held.Revision) {
			l.log.Warn("an export module goes on after a broker that fell silent: what that took since the place was last stored, a batch at most, comes again",
				"was_active_on", holder.Owner)
			return true
		} else if silent {
			held, err = l.bus.Get(ctx, bus.LEASE, l.key)
		} else {
			err = nil
		}
	}
}

// await waits for a change of the lease; silent says that there was none.
func (l *lease) await(ctx context.Context, changes <-chan bus.Entry, held *bus.Entry, silence time.Duration) (silent bool) {
	t := time.NewTimer(silence)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-t.C:
			return true
		case e := <-changes:
			if e.Revision != held.Revision || len(e.Value) == 0 {
				*held = e
				return false
			}
		}
	}
}

func (l *lease) grab(ctx context.Context, revision uint64) bool {
	got, err := l.bus.Put(ctx, bus.LEASE, l.key, wire.Marshal(l.mine), revision)
	l.revision = got
	return err == nil
}

// keep renews the lease until ctx ends, and stops the work when somebody else has it.
func (l *lease) keep(ctx context.Context, stop context.CancelCauseFunc) {
	for pause(ctx, renewEvery); ctx.Err() == nil; pause(ctx, renewEvery) {
		revision, err := l.bus.Put(ctx, bus.LEASE, l.key, wire.Marshal(l.mine), l.revision)
		if err == nil {
			l.revision = revision
			continue
		}
		// Whether it is stored is not known after an error; and a server that began anew has forgotten all leases.
		held, err := l.bus.Get(ctx, bus.LEASE, l.key)
		var holder wire.Lease
		switch {
		case errors.Is(err, bus.ErrNotFound):
			l.revision = 0
		case err != nil:
		case wire.Unmarshal(held.Value, &holder) == nil && holder != l.mine:
			stop(errTaken)
			return
		default:
			l.revision = held.Revision
		}
	}
}

// release lets go of the lease: the next one need not wait.
func (l *lease) release() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := l.bus.Delete(ctx, bus.LEASE, l.key, l.revision); err != nil {
		l.log.Debug("the lease of an export module ends by itself", "error", err)
	}
}
