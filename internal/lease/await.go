package lease

import (
	"context"
	"errors"
	"time"

	"github.com/onbu/onbu/internal/boottime"
	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
)

const (
	// KnockEvery is the pause between two knocks at a holder's door, and how long one waits for an answer.
	KnockEvery = 300 * time.Millisecond
	// Knocks is how many in a row find nobody there before the holder's process counts as dead.
	Knocks = 3
)

// Door is where the holder of a lease answers those who want to know whether its process is there.
type Door struct {
	Bus     bus.Messenger
	Subject bus.Subject
}

// Answer lets others see that this process is there, until stop is called.
func (d Door) Answer() (stop func(), err error) {
	return d.Bus.Subscribe(d.Subject, func(m bus.Msg) {
		if m.Reply != nil {
			_ = m.Reply(nil) // one that gets no answer knocks again
		}
	})
}

// Knock says whether nobody is there. A process that was stopped is there and does not answer.
func (d Door) Knock(ctx context.Context) (nobody bool) {
	ctx, cancel := context.WithTimeout(ctx, KnockEvery)
	defer cancel()
	_, err := d.Bus.Request(ctx, d.Subject, nil)
	return errors.Is(err, bus.ErrNoResponders)
}

// Await takes the lease as soon as it may: when it is free, when the holder's process is dead or when it has been silent for
// Stale. It returns why, for people, or ctx's error. held is called with each other holder whose process is there, with an empty
// one while it is unknown who that is.
func (l *Lease) Await(ctx context.Context, d Door, held func(wire.Lease)) (why string, err error) {
	w := waiting{lease: l, door: d, told: held}
	for {
		if why := w.look(ctx); why != "" {
			err := l.Take(ctx, w.revision)
			if err == nil {
				return why, nil
			}
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(KnockEvery):
		}
	}
}

// waiting is what Await knows.
type waiting struct {
	lease *Lease
	door  Door
	told  func(wire.Lease)

	holder   wire.Lease
	waits    bool // told was called
	revision uint64
	since    boottime.Mark // since when it has been that revision
	silent   int
}

// look says why the lease may be taken now; empty if it may not. While the bus is away it may not.
func (w *waiting) look(ctx context.Context) (why string) {
	held, revision, err := w.lease.read(ctx)
	if err != nil {
		return ""
	}
	if revision != w.revision || w.since.IsZero() {
		w.revision, w.since, w.silent = revision, boottime.Now(), 0
	}
	if mine := w.lease.Value(); revision != 0 && same(held, mine) {
		return "it was this one's"
	}
	if revision != 0 && held.Owner == "" {
		return "it was given up"
	}
	if boottime.Since(w.since) > Stale {
		return "nothing was heard of " + named(held) + " for 15 s"
	}
	if !w.door.Knock(ctx) {
		w.silent = 0
		w.meet(held)
		return ""
	}
	w.silent++
	switch {
	case revision == 0: // never written, or lost with the memory of a server: then its holder would have answered
		return "nobody had it"
	case w.silent >= Knocks:
		return named(held) + " is dead"
	}
	return ""
}

func named(held wire.Lease) string {
	if held.Owner == "" {
		return "its holder"
	}
	return held.Owner
}

// meet tells of a holder, once.
func (w *waiting) meet(held wire.Lease) {
	if w.waits && same(held, w.holder) {
		return
	}
	w.waits, w.holder = true, held
	if w.told != nil {
		w.told(held)
	}
}
