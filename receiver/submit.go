package receiver

import (
	"context"
	"fmt"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

const (
	// submitAtOnce is how many results of one call wait to be stored at a time.
	submitAtOnce = 4096
	// longestText bounds each text of a result: what is beyond is cut off.
	longestText = 64 << 10
)

// Submit implements modules.Sink, for those whom nothing restricts.
func (r *Receiver) Submit(ctx context.Context, results []monitor.Submission) (modules.Receipt, error) {
	var receipt modules.Receipt
	err := r.submitAll(ctx, results, &sink{r: r}, &receipt)
	return receipt, err
}

// submitAll stores what a sink allows, and adds to the receipt what became of everything.
func (r *Receiver) submitAll(ctx context.Context, results []monitor.Submission, by *sink, receipt *modules.Receipt) error {
	if _, err := r.current(ctx); err != nil {
		return err
	}
	for len(results) > 0 {
		n := run(results)
		allowed := by.quotas.take(results[0].Source, n, time.Now())
		receipt.Over += n - allowed
		if err := r.submit(ctx, results[:allowed], by, receipt); err != nil {
			return err
		}
		results = results[n:]
	}
	return nil
}

// run gives how many results from the first on are of one source and are stored at once.
func run(results []monitor.Submission) int {
	n := 1
	for n < min(len(results), submitAtOnce) && results[n].Source == results[0].Source {
		n++
	}
	return n
}

// submit stores some results of one source.
func (r *Receiver) submit(ctx context.Context, results []monitor.Submission, by *sink, receipt *modules.Receipt) error {
	if len(results) == 0 {
		return nil
	}
	source, size := results[0].Source, sizeOf(results)
	if err := r.room.enter(ctx, source, size); err != nil {
		return fmt.Errorf("passive results wait for others: %w", err)
	}
	defer r.room.leave(source, size)
	var few [16]*parcel
	parcels, taken := r.hand(results, few[:0], by, receipt)
	for _, p := range parcels {
		if err := p.wait(ctx); err != nil {
			return fmt.Errorf("passive results: %w", err)
		}
	}
	r.results.Add(taken)
	receipt.Stored += taken
	return nil
}

// sizeOf gives about how many bytes results take.
func sizeOf(results []monitor.Submission) int {
	size := 0
	for i := range results {
		s := &results[i]
		size += 64 + len(s.Host) + len(s.Service) + len(s.Source) + len(s.Output) + len(s.LongOutput) + len(s.Perfdata)
	}
	return size
}

// hand puts results on their way, and gives the parcels to wait for and how many results are in them.
func (r *Receiver) hand(results []monitor.Submission, parcels []*parcel, by *sink, receipt *modules.Receipt) (_ []*parcel, taken int) {
	b, arrived := r.book.Load(), monitor.At(time.Now())
	for i := range results {
		s := &results[i]
		shard, known := b.find(&s.Ref)
		switch {
		case !by.speaksFor(b, s.Host):
			receipt.Refused++
		case !known:
			receipt.Unknown++
			r.unknownTo(s)
		default:
			fit(s, arrived)
			parcels = include(parcels, handTo(b.results[shard], s))
			taken++
		}
	}
	return parcels, taken
}

// fit gives a result its time, and cuts its texts.
func fit(s *monitor.Submission, arrived monitor.Time) {
	if s.Time == 0 {
		s.Time = arrived
	}
	s.Output, s.LongOutput, s.Perfdata = cut(s.Output, longestText), cut(s.LongOutput, longestText), cut(s.Perfdata, longestText)
	s.Source = cut(s.Source, strangerName)
}

func handTo(l *lane, s *monitor.Submission) *parcel {
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
