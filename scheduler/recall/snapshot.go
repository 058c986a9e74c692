package recall

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/scheduler/core"
)

// A snapshot as it lies in SNAP: eight bytes that say after which record of the journal it was taken (big endian), then
// parts, each with four bytes of its length before it: a message of head, and batches of statuses.
const (
	afterSize = 8
	sizeSize  = 4
	// batchStatuses bounds what is in memory at once when a snapshot is written or read.
	batchStatuses = 512
)

// head is what a snapshot holds besides the statuses.
type head struct {
	Used     wire.Position
	Rest     core.Snapshot
	Statuses int // how many there are
	Seen     []wire.Seen
	Obeyed   []command.Request
}

// Noted is what a shard remembers besides what its core knows.
type Noted struct {
	// Used is up to where the shard has used its inputs, and Seen what it knows of those who sent them.
	Used   wire.Position
	Seen   Seen
	Obeyed Obeyed
}

// AppendSnapshot writes what a core remembers behind dst, without a copy of it all in between. Stamp has to say when it
// was taken.
func AppendSnapshot(dst []byte, c *core.Core, n *Noted) []byte {
	dst = append(dst, make([]byte, afterSize)...)
	dst = appendPart(dst, func(b []byte) []byte {
		return wire.Append(b, head{n.Used, c.Rest(), c.Inventory().Objects(), n.Seen.All(), n.Obeyed.All()})
	})
	statuses := make([]monitor.Status, 0, batchStatuses)
	for id, all := monitor.ID(0), monitor.ID(c.Inventory().Objects()); id < all; {
		statuses = statuses[:0]
		for ; id < all && len(statuses) < batchStatuses; id++ {
			statuses = append(statuses, c.Status(id))
		}
		dst = appendPart(dst, func(b []byte) []byte { return wire.AppendBatch(b, statuses) })
	}
	return dst
}

func appendPart(dst []byte, add func([]byte) []byte) []byte {
	start := len(dst)
	dst = add(append(dst, make([]byte, sizeSize)...))
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-sizeSize))
	return dst
}

// Stamp says after which record of the journal a snapshot was taken: everything up to it was recorded.
func Stamp(snapshot []byte, after uint64) { binary.BigEndian.PutUint64(snapshot, after) }

// load gives a core what a snapshot holds, batch by batch, and returns the record after which the journal goes on. After an
// error the core has a part of it, which is right as far as it goes.
func load(d *wire.Decoder, b []byte, c *core.Core, memory *Memory) (after uint64, err error) {
	if len(b) < afterSize {
		return 0, fmt.Errorf("snapshot of %d bytes", len(b))
	}
	after = binary.BigEndian.Uint64(b)
	var h head
	part, b, err := nextPart(b[afterSize:])
	if err == nil {
		err = d.Decode(part, &h)
	}
	if err != nil {
		return 0, err
	}
	var batch []monitor.Status
	for left := h.Statuses; left > 0; left -= len(batch) {
		if part, b, err = nextPart(b); err != nil {
			return 0, err
		}
		if batch, err = wire.DecodeBatch(d, part, batch[:0]); err != nil {
			return 0, err
		}
		if len(batch) == 0 {
			return 0, errors.New("part of a snapshot without a status")
		}
		c.RestoreStatuses(batch)
	}
	c.Restore(h.Rest)
	memory.Used = h.Used
	memory.Seen.Learn(h.Seen)
	memory.Obeyed.Learn(h.Obeyed)
	return after, nil
}

func nextPart(b []byte) (part, rest []byte, err error) {
	if len(b) < sizeSize {
		return nil, nil, fmt.Errorf("part of a snapshot in %d bytes", len(b))
	}
	size := binary.BigEndian.Uint32(b)
	if int64(size) > int64(len(b)-sizeSize) {
		return nil, nil, fmt.Errorf("part of a snapshot of %d bytes in %d", size, len(b)-sizeSize)
	}
	return b[sizeSize : sizeSize+size], b[sizeSize+size:], nil
}
