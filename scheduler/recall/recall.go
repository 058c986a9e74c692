// Package recall knows how the memory of a shard is read back: its snapshot, what its journal recorded since, and what
// other shards remembered of hosts that came to it with a reload. It needs no owner of the shard to be alive.
package recall

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// SnapshotName is the name of the blob in SNAP that holds a shard's snapshot.
func SnapshotName(shard monitor.Shard) string { return fmt.Sprintf("shard.%d", shard) }

// Reader reads memories from a bus. One goroutine may use it.
type Reader struct {
	Bus bus.Conn
	Log *slog.Logger
	// Unreadable is called for each record that cannot be read, if it is set. Such a record is passed over: a shard that
	// stopped for it would stop for ever.
	Unreadable func()
	decoder    wire.Decoder
}

// Memory says what was read besides what the core knows now.
type Memory struct {
	Noted
	// Replayed counts broks, Moved the hosts that came from other shards.
	Replayed, Moved int
}

// Shard gives a core that is new, and has any inventory, everything that is remembered of its objects in a shard, up to
// the end of the shard's journal at the time of the call. d gets what has to be recorded of hosts that came to the shard
// with g or before and of which its journal does not know yet.
func (r *Reader) Shard(ctx context.Context, shard monitor.Shard, g wire.Generation, c *core.Core, now monitor.Time, d *core.Decisions) (Memory, error) {
	var m Memory
	after, err := r.restore(ctx, shard, c, &m)
	if err != nil {
		return m, err
	}
	_, err = r.Bus.Replay(ctx, uint16(shard), after, func(msgs []bus.Msg) error {
		for _, msg := range msgs {
			m.Replayed += r.record(msg, c, &m)
		}
		return nil
	})
	if err != nil {
		return m, fmt.Errorf("replaying the journal of shard %d: %w", shard, err)
	}
	came, err := r.Came(ctx, shard, 0, g)
	if err != nil {
		return m, err
	}
	for _, s := range came {
		m.Moved += c.Import(now, s, d)
	}
	return m, nil
}

// restore gives the core the newest snapshot and returns the record after which the journal goes on; the whole journal
// counts if there is no snapshot, or none that can be read.
func (r *Reader) restore(ctx context.Context, shard monitor.Shard, c *core.Core, memory *Memory) (after uint64, err error) {
	data, err := r.Bus.Blob(ctx, bus.SNAP, SnapshotName(shard))
	if errors.Is(err, bus.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("snapshot of shard %d: %w", shard, err)
	}
	if after, err = load(&r.decoder, data, c, memory); err != nil {
		r.Log.Error("the snapshot is unreadable; the whole journal is replayed", "shard", shard, "error", err)
		return 0, nil
	}
	return after, nil
}

// record gives one record back to the core and says how many broks it held.
func (r *Reader) record(m bus.Msg, c *core.Core, memory *Memory) int {
	var broks []monitor.Brok
	var seen []wire.Seen
	var err error
	switch bus.KindOf(m.Subject) {
	case bus.KindNew:
		return 0
	case bus.KindAction:
		broks, err = wire.DecodeActions(&r.decoder, m.Data)
	default:
		var p wire.Position
		if p, broks, err = wire.DecodeLedger(&r.decoder, m.Data, nil); err == nil {
			used := &memory.Used
			used.Passive, used.Commands = max(used.Passive, p.Passive), max(used.Commands, p.Commands)
			seen, err = wire.SeenIn(&r.decoder, m.Data)
		}
	}
	if err != nil {
		if r.Unreadable != nil {
			r.Unreadable()
		}
		r.Log.Error("a record of the journal is unreadable and is passed over", "subject", m.Subject, "seq", m.Seq, "error", err)
		return 0
	}
	memory.Seen.Learn(seen)
	for i := range broks {
		c.Replay(&broks[i])
		memory.Obeyed.Note(&broks[i])
	}
	return len(broks)
}
