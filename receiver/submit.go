package receiver

import (
	"context"
	"fmt"
	"slices"
	"strings"
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
		for some := range slices.Chunk(results[:allowed], submitAtOnce) {
			if err := r.submit(ctx, some, by, receipt); err != nil {
				return err
			}
		}
		results = results[n:]
	}
	return nil
}

// run gives how many results from the first on are of one source.
func run(results []monitor.Submission) int {
	n := 1
	for n < len(results) && results[n].Source == results[0].Source {
		n++
	}
	return n
}

// submit stores some results of one source.
func (r *Receiver) submit(ctx context.Context, results []monitor.Submission, by *sink, receipt *modules.Receipt) error {
	source, size := subscriber(results[0].Source), sizeOf(results)
	if err := r.room.enter(ctx, source, size); err != nil {
		return fmt.Errorf("passive results wait for others: %w", err)
	}
	leave := func() { r.room.leave(source, size) }
	var few [16]*parcel
	mark := r.claim()
	parcels, taken := r.hand(results, few[:0], by, mark, receipt)
	for _, p := range parcels {
		if err := p.wait(ctx); err != nil {
			source = strings.Clone(source) // the caller's again when this returns
			giveUp(parcels, mark, leave)
			return fmt.Errorf("passive results: %w", err)
		}
	}
	leave()
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
func (r *Receiver) hand(results []monitor.Submission, parcels []*parcel, by *sink, mark claim, receipt *modules.Receipt) (_ []*parcel, taken int) {
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
			parcels = include(parcels, handTo(b.results[shard], s, mark))
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

func handTo(l *lane, s *monitor.Submission, by claim) *parcel {
	if s.ID != "" {
		return l.addAlone(s, s.Host, nameOf(s), by)
	}
	return l.add(s, by)
}

// nameOf is the id of the message of a result that its sender has named. A name is for one host or service: a request may give all of
// its results one.
func nameOf(s *monitor.Submission) string {
	return bus.Token(strings.Join([]string{s.Source, s.ID, s.Host, s.Service}, "\n"))
}

// include adds a parcel to those to wait for, unless it is one of the last.
func include(parcels []*parcel, p *parcel) []*parcel {
	for i := len(parcels) - 1; i >= max(0, len(parcels)-16); i-- {
		if parcels[i] == p {
			return parcels
		}
	}
	return append(parcels, p)
}
