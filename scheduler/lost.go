package scheduler

import (
	"slices"
	"time"

	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/core"
)

// underWayMost is how long a batch may be under way to a poller that speaks to us: what it has not heard then is lost. A server of the bus
// that ends takes with it what it has not delivered, and their checks would else wait for their deadline, a minute and more.
const underWayMost = 2 * time.Second

// mostGaps is how many gaps of one word from a poller are looked at.
const mostGaps = 64

// numbering counts the batches that went to a poller.
type numbering struct {
	base uint64 // serials begin behind it
	sent uint32 // batches
	// mark is what had been sent at a moment: underWayMost later the poller must have heard of it.
	mark   uint32
	marked time.Time
	lost   uint32 // up to here it was looked for lost batches in gaps
}

func newNumbering(now time.Time) numbering {
	return numbering{base: uint64(now.UnixNano()), marked: now}
}

// next gives the serial of the next batch.
func (n *numbering) next() uint64 {
	n.sent++
	return n.base + uint64(n.sent)
}

// missing gives the batches that were lost by what the poller says, each once. A word of a count before this one says that none came.
func (n *numbering) missing(h wire.Heard, now time.Time) (lost []wire.Span) {
	if h.Last > n.base+uint64(n.sent) {
		return nil // of batches that another one of our name sent
	}
	if h.Last > n.base {
		lost = n.between(h)
		n.lost = max(n.lost, uint32(h.Last-n.base))
	}
	if now.Sub(n.marked) < underWayMost {
		return lost
	}
	if n.mark > n.lost {
		lost = append(lost, wire.Span{From: uint64(n.lost) + 1, To: uint64(n.mark)})
		n.lost = n.mark
	}
	n.mark, n.marked = n.sent, now
	return lost
}

// between gives what did not come before the last that came, but for what is known already.
func (n *numbering) between(h wire.Heard) (lost []wire.Span) {
	known := n.base + uint64(n.lost)
	add := func(from, to uint64) {
		if from = max(from, known+1); from <= to && to < h.Last {
			lost = append(lost, wire.Span{From: from - n.base, To: to - n.base})
		}
	}
	if h.First > n.base {
		add(n.base+1, h.First-1)
	}
	for _, gap := range h.Missed[:min(len(h.Missed), mostGaps)] {
		add(gap.From, gap.To)
	}
	return lost
}

// missedLocked takes the jobs of lost batches off the poller that did not get them, and gives them.
func (d *dispatcher) missedLocked(p *pollerState, h wire.Heard, now time.Time) map[monitor.Shard][]core.JobKey {
	spans := p.batches.missing(h, now)
	if len(spans) == 0 {
		return nil
	}
	lost := d.flights.with(p.number, func(s *slot) bool {
		return slices.ContainsFunc(spans, func(one wire.Span) bool { return uint64(s.batch) >= one.From && uint64(s.batch) <= one.To })
	})
	n := 0
	for shard, keys := range lost {
		for _, k := range keys {
			s := d.flights.find(flightKey{shard, k.Object})
			d.landLocked(s)
			d.flights.forget(s)
			n++
		}
	}
	if n > 0 {
		d.log.Warn("jobs were lost on their way to a poller; they are issued again", "poller", p.name, "checks", n)
	}
	return lost
}
