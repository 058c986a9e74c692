package faults

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
)

// quietly collects the quiet records of the journal while a fault is tried: results that change nothing stay there for five minutes only
// (docs/design.md), and a run may be longer.
type quietly struct {
	mu      sync.Mutex
	records []record
}

// listen follows the journal until the observer's connection ends. What it misses for a while because no server of the bus answers comes
// later: it goes on behind the last that came.
func (q *quietly) listen(ctx context.Context, conn bus.Conn) {
	after := uint64(0)
	for ctx.Err() == nil {
		_ = conn.Read(ctx, bus.Cursor{Stream: bus.EV, Filter: "ev.*.quiet", After: after}, func(msgs []bus.Msg) error {
			for _, m := range msgs {
				q.take(m)
				after = m.Seq
			}
			return nil
		})
		_ = pause(ctx, time.Second)
	}
}

func (q *quietly) take(m bus.Msg) {
	r, err := readRecord(string(m.Subject), "", m.Data)
	if err != nil {
		return // somebody wrote rubbish, which is counted where the journal is read
	}
	r.seq, r.at = m.Seq, m.Time
	q.mu.Lock()
	defer q.mu.Unlock()
	q.records = append(q.records, r)
}

// among gives the records of a journal along with those that it has forgotten, in their order.
func (q *quietly) among(records []record) []record {
	q.mu.Lock()
	defer q.mu.Unlock()
	records = append(records, q.records...)
	slices.SortStableFunc(records, func(a, b record) int { return cmp.Compare(a.seq, b.seq) })
	return slices.CompactFunc(records, func(a, b record) bool { return a.seq == b.seq })
}
