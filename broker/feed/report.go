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
	"github.com/onbu/onbu/monitor/api"
)

// Exports tells how all modules of all brokers are, by name.
func (f *Feeder) Exports(ctx context.Context) ([]api.Export, error) {
	all := []api.Export{}
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
	slices.SortFunc(all, func(a, b api.Export) int { return cmp.Or(cmp.Compare(a.Module, b.Module), cmp.Compare(a.Last, b.Last)) })
	return all, nil
}

func (f *Feeder) report(ctx context.Context, key string, e entry) (api.Export, error) {
	x := api.Export{
		Module: e.Module, Last: e.Broker, To: e.To, Own: e.Own, Sent: e.Sent, LastSent: e.LastSent.Unix(), Failing: e.Failing.Unix(), Error: e.LastError,
		ErrorAt: e.LastFailed.Unix(), Refused: e.Refused, LastRefused: e.LastRefused.Unix(), Streams: []api.Stream{},
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
		s := api.Stream{
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
