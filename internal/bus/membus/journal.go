package membus

import (
	"context"
	"fmt"

	"github.com/onbu/onbu/internal/bus"
)

// Claim implements bus.Journal. Here no two claims come at the same moment.
func (c *conn) Claim(ctx context.Context, shard uint16, claim []byte) (bus.Fence, error) {
	err := bus.CheckMessage(bus.Own(shard), claim)
	if err == nil {
		err = c.Ready(ctx)
	}
	if err != nil {
		return bus.Fence{}, fmt.Errorf("claiming shard %d: %w", shard, err)
	}
	c.bus.mu.Lock()
	defer c.bus.mu.Unlock()
	s := c.bus.streams[bus.EV]
	seq := s.add(bus.Own(shard), claim, true)
	s.owners[shard] = seq
	c.bus.wakeLocked()
	return bus.Fence{Shard: shard, Seq: seq}, nil
}

// Commit implements bus.Journal.
func (c *conn) Commit(ctx context.Context, f bus.Fence, batch string, records []bus.Record) (uint64, error) {
	err := bus.CheckCommit(f, batch, records)
	if err == nil {
		err = c.Ready(ctx)
	}
	var last uint64
	if err == nil {
		last, err = c.bus.commit(f, batch, records)
	}
	if err != nil {
		return 0, fmt.Errorf("committing to shard %d: %w", f.Shard, err)
	}
	return last, nil
}

func (b *Bus) commit(f bus.Fence, batch string, records []bus.Record) (uint64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.streams[bus.EV]
	if s.owners[f.Shard] != f.Seq {
		return 0, bus.ErrFenced
	}
	id := fmt.Sprintf("%d.%d.%s", f.Shard, f.Seq, batch)
	if last := s.committed[id]; last != 0 {
		return last, nil
	}
	for _, r := range records {
		s.addFor(r.Subject, r.Data, r.TTL)
	}
	s.committed[id] = s.last
	b.wakeLocked()
	return s.last, nil
}

// Replay implements bus.Journal.
func (c *conn) Replay(ctx context.Context, shard uint16, after uint64, handle func([]bus.Msg) error) (uint64, error) {
	if err := c.Ready(ctx); err != nil {
		return 0, fmt.Errorf("replaying shard %d: %w", shard, err)
	}
	c.bus.mu.Lock()
	s := c.bus.streams[bus.EV]
	newest := max(after, s.newest(bus.EventsOf(shard)))
	batch := s.after(after, bus.EventsOf(shard), int(newest-after))
	c.bus.mu.Unlock()
	for len(batch) > 0 {
		if err := c.open(ctx); err != nil {
			return 0, fmt.Errorf("replaying shard %d: %w", shard, err)
		}
		n := min(len(batch), 1000)
		if err := handle(batch[:n:n]); err != nil {
			return 0, fmt.Errorf("replaying shard %d: %w", shard, err)
		}
		batch = batch[n:]
	}
	return newest, nil
}
