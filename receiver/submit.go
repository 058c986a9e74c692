package receiver

import (
	"context"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// submitAtOnce is how many results of one call wait to be stored at a time.
const submitAtOnce = 4096

// Submit implements modules.Sink. Results for unknown hosts are counted and logged, not kept.
func (r *Receiver) Submit(ctx context.Context, results []monitor.Submission) (modules.Receipt, error) {
	var receipt modules.Receipt
	b, err := r.current(ctx)
	if err != nil {
		return receipt, err
	}
	arrived := monitor.At(time.Now())
	for len(results) > 0 {
		n := min(len(results), submitAtOnce)
		if err := r.submit(ctx, b, results[:n], arrived, &receipt); err != nil {
			return receipt, err
		}
		results = results[n:]
	}
	return receipt, nil
}

// submit stores some results and adds to the receipt what became of them.
func (r *Receiver) submit(ctx context.Context, b *book, results []monitor.Submission, arrived monitor.Time, receipt *modules.Receipt) error {
	var few [16]*parcel
	parcels, taken := few[:0], 0
	for i := range results {
		s := &results[i]
		shard, ok := b.find(&s.Ref)
		if !ok {
			receipt.Unknown++
			r.unknownTo(s)
			continue
		}
		parcels = include(parcels, r.hand(b.results[shard], s, arrived))
		taken++
	}
	for _, p := range parcels {
		if err := p.wait(ctx); err != nil {
			return fmt.Errorf("passive results: %w", err)
		}
	}
	r.results.Add(taken)
	receipt.Stored += taken
	return nil
}

// hand puts a result on its way.
func (r *Receiver) hand(l *lane, s *monitor.Submission, arrived monitor.Time) *parcel {
	if s.Time == 0 {
		s.Time = arrived
	}
	if s.ID != "" {
		return l.addAlone(s, s.Host, nameOf(s))
	}
	return l.add(s)
}

// nameOf is the id of the message of a result that its sender has named.
func nameOf(s *monitor.Submission) string { return bus.Token(s.Source + "\n" + s.ID) }

// include adds a parcel to those to wait for, unless it is one of the last.
func include(parcels []*parcel, p *parcel) []*parcel {
	for i := len(parcels) - 1; i >= max(0, len(parcels)-16); i-- {
		if parcels[i] == p {
			return parcels
		}
	}
	return append(parcels, p)
}
