package nsca

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// How many bytes of results may wait while others are stored, on a roomy connection and on any other.
const (
	mostPending = 1 << 20
	fewPending  = 8 << 10
)

// sizeOf is what a result takes in memory, about.
func sizeOf(s *monitor.Submission) int {
	return int(unsafe.Sizeof(*s)) + len(s.Host) + len(s.Service) + len(s.Output) + len(s.LongOutput) + len(s.Perfdata)
}

var errNotStored = errors.New("results could not be stored")

// outbox hands results on in the order in which they came, one batch at a time. While a batch is being stored the next one
// gathers, so that the slower the store is, the larger batches it gets.
type outbox struct {
	sink   modules.Sink
	stored *metrics.Counter
	used   bool // ever; the reader's own

	mu      sync.Mutex
	ready   sync.Cond // something was stored
	pending []monitor.Submission
	spare   []monitor.Submission
	bytes   int  // that is pending
	working bool // a batch is being stored
	err     error
	lost    int // results that were taken and are not stored since err
}

// put takes results. It blocks while too much is pending; if there is nothing to read meanwhile it stores them itself.
func (o *outbox) put(ctx context.Context, results []monitor.Submission, roomy, more bool) error {
	o.used = true
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ready.L == nil {
		o.ready.L = &o.mu
	}
	most := fewPending
	if roomy {
		most = mostPending
	}
	for o.err == nil && o.bytes >= most {
		o.ready.Wait()
	}
	if o.err != nil {
		o.lost += len(results)
		return o.err
	}
	o.pending = append(o.pending, results...)
	for i := range results {
		o.bytes += sizeOf(&results[i])
	}
	switch {
	case o.working:
	case more:
		o.working = true
		go func() {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.work(ctx)
		}()
	default:
		o.working = true
		o.work(ctx)
	}
	return o.err
}

// work stores what is pending until nothing is. The lock is held, but not while it stores.
func (o *outbox) work(ctx context.Context) {
	for len(o.pending) > 0 && o.err == nil {
		batch := o.pending
		o.pending, o.bytes = o.spare[:0], 0
		o.ready.Broadcast()
		o.mu.Unlock()
		receipt, err := o.sink.Submit(ctx, batch)
		o.stored.Add(receipt.Stored)
		clear(batch)
		o.mu.Lock()
		o.spare = batch
		if err != nil {
			o.err = fmt.Errorf("%w: %w", errNotStored, err)
			o.lost = len(batch) - receipt.Stored - receipt.Unknown - receipt.Refused - receipt.Over + len(o.pending)
		}
	}
	o.working = false
	o.ready.Broadcast()
}

// busy says whether anything is not stored yet.
func (o *outbox) busy() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.working
}

// flush waits until everything is stored, or lost, and says how many results are.
func (o *outbox) flush() (lost int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.working {
		o.ready.Wait()
	}
	return o.lost, o.err
}
