package arbiter

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/lease"
)

const (
	// persistWithin is how long an arbiter tries to write what only a leading one may: longer than a cluster of the bus needs to elect
	// a leader. To pass the lead on sooner would not help, since the next arbiter writes to the same bus.
	persistWithin = 15 * time.Second
	persistAgain  = 500 * time.Millisecond
)

// persist calls try until it succeeds, is refused for good, or nobody answers for persistWithin. An error of the bus says nothing of
// whether something was written: try looks.
func persist(ctx context.Context, try func() error) error {
	for began := time.Now(); ; pause(ctx, persistAgain) {
		err := try()
		if err == nil || ctx.Err() != nil || refused(err) || time.Since(began) > persistWithin {
			return err
		}
	}
}

// refused says that a write will not get better by being tried again.
func refused(err error) bool {
	for _, final := range []error{bus.ErrConflict, bus.ErrTooLarge, bus.ErrClosed, bus.ErrFull, bus.ErrUnprepared, lease.ErrLost} {
		if errors.Is(err, final) {
			return true
		}
	}
	return false
}

// putOnce changes a key of CFG that has a revision, as bus.Store does, and knows its own value again after a try that nobody
// answered. No other arbiter writes the same value.
func (a *Arbiter) putOnce(ctx context.Context, key string, value []byte, revision uint64) error {
	tried := false
	return persist(ctx, func() error {
		_, err := a.o.Bus.Put(ctx, bus.CFG, key, value, revision)
		if tried && errors.Is(err, bus.ErrConflict) {
			e, gone := a.o.Bus.Get(ctx, bus.CFG, key)
			switch {
			case gone == nil && bytes.Equal(e.Value, value):
				return nil
			case gone != nil || e.Revision <= revision: // of a server that is behind
				return errUnseen
			}
		}
		tried = true
		return err
	})
}

var errUnseen = errors.New("the bus does not say yet what was written")
