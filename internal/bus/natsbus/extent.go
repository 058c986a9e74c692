package natsbus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/onbu/onbu/internal/bus"
)

// Extent implements bus.Streams.
func (c *Conn) Extent(ctx context.Context, name bus.Stream, after uint64) (bus.Extent, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	s, err := c.js.Stream(ctx, string(name))
	if err != nil {
		return bus.Extent{}, fmt.Errorf("looking at %s: %w", name, closed(err))
	}
	state, config := s.CachedInfo().State, s.CachedInfo().Config
	e := bus.Extent{
		First: state.FirstSeq, Last: state.LastSeq, Bytes: int64(state.Bytes), MaxBytes: config.MaxBytes, MaxAge: config.MaxAge,
	}
	if state.Msgs == 0 { // a server says 0 of a stream that nothing was ever in
		e.First = e.Last + 1
	}
	if e.Behind(after) == 0 {
		return e, nil
	}
	if after < e.First { // the next one is the first, and the server has said when that was stored
		e.Next = state.FirstTime
		return e, nil
	}
	g := c.getter(name)
	defer c.putBack(g)
	next, err := g.get(ctx, getRequest{Next: ">", Seq: max(after+1, e.First), Batch: 1, MaxBytes: scanBytes})
	if len(next) > 0 {
		e.Next = next[0].Time
	}
	if err != nil {
		return e, fmt.Errorf("looking at %s: %w", name, err)
	}
	return e, nil
}

// Unused implements bus.Streams.
func (c *Conn) Unused(ctx context.Context, name bus.Stream, durable string) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	reader, err := c.js.Consumer(ctx, string(name), durableName(durable))
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("looking at who reads %s as %s: %w", name, durable, closed(err))
	}
	info := reader.CachedInfo()
	return info.NumPending + uint64(max(info.NumAckPending, 0)), nil
}
