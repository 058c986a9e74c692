package feed

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

// Export is how a module is, as the API gives it. Times are Unix seconds, 0 for never.
type Export struct {
	Module string `json:"module"`
	// Broker works with it now; empty if none does. Last is who did last.
	Broker string `json:"broker"`
	Last   string `json:"last_broker"`
	// To is where it exports to; left out for one that does not say.
	To string `json:"to,omitempty"`
	// Own says that each broker has a place of its own.
	Own bool `json:"own"`
	// Sent counts the broks that it took.
	Sent     uint64  `json:"sent"`
	LastSent float64 `json:"last_sent"`
	// Failing is since when it takes nothing, 0 while it does; Error is why, or why it last did not.
	Failing float64 `json:"failing_since"`
	// ErrorAt is when that was last seen.
	Error   string  `json:"last_error,omitempty"`
	ErrorAt float64 `json:"last_error_at"`
	// Refused counts what the other side refused for what is in it, and the module passed over; LastRefused is when.
	Refused     uint64  `json:"refused"`
	LastRefused float64 `json:"last_refused"`
	// Forgotten is when the place is forgotten of a module that the configuration no longer has; 0 while it has it.
	Forgotten float64  `json:"forgotten_at"`
	Streams   []Stream `json:"streams"`
}

// Stream is how far a module is in a stream.
type Stream struct {
	Stream string `json:"stream"`
	// Waiting are messages; the oldest of them has waited for OldestAge seconds.
	Waiting   uint64  `json:"waiting"`
	OldestAge float64 `json:"oldest_seconds"`
	// Lost are messages that the stream's limits removed before the module had them, those too that are gone while it has yet to come to them; LimitUsed is 1 when that begins.
	Lost      uint64  `json:"lost"`
	LastLost  float64 `json:"last_lost"`
	LimitUsed float64 `json:"limit_used"`
}

// Exports tells how all modules of all brokers are, by name.
func (f *Feeder) Exports(ctx context.Context) ([]Export, error) {
	all := []Export{}
	defined, unknown := f.o.Defined(ctx)
	for key, e := range f.all() {
		x, err := f.report(ctx, key, e)
		if err != nil {
			return nil, err
		}
		if unknown == nil && e.Of != "" && !defined[e.Of] {
			x.Forgotten = monitor.At(cmp.Or(e.Gone, monitor.At(time.Now())).Std().Add(goneFor)).Unix()
		}
		all = append(all, x)
	}
	slices.SortFunc(all, func(a, b Export) int { return cmp.Or(cmp.Compare(a.Module, b.Module), cmp.Compare(a.Last, b.Last)) })
	return all, nil
}

func (f *Feeder) report(ctx context.Context, key string, e entry) (Export, error) {
	x := Export{
		Module: e.Module, Last: e.Broker, To: e.To, Own: e.Own, Sent: e.Sent, LastSent: e.LastSent.Unix(), Failing: e.Failing.Unix(), Error: e.LastError,
		ErrorAt: e.LastFailed.Unix(), Refused: e.Refused, LastRefused: e.LastRefused.Unix(), Streams: []Stream{},
	}
	held, err := f.o.Bus.Get(ctx, bus.LEASE, key)
	if err != nil && !errors.Is(err, bus.ErrNotFound) {
		return x, err
	}
	var holder wire.Lease
	if err == nil && wire.Unmarshal(held.Value, &holder) == nil {
		x.Broker = holder.Owner
	}
	now := time.Now()
	for _, p := range e.Places {
		extent, err := f.o.Bus.Extent(ctx, p.Stream, p.After)
		if err != nil {
			return x, err
		}
		s := Stream{
			Stream: string(p.Stream), Waiting: extent.Behind(p.After), Lost: p.Lost + p.gone(&extent), LastLost: p.LastLost.Unix(), LimitUsed: Fullness(p.After, &extent, now),
		}
		if s.Lost > p.Lost { // and goes on
			s.LastLost = monitor.At(now).Unix()
		}
		if !extent.Next.IsZero() {
			s.OldestAge = now.Sub(extent.Next).Seconds()
		}
		x.Streams = append(x.Streams, s)
	}
	return x, nil
}
