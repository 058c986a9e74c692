package icmp

import (
	"context"
	"sync"
	"time"
)

// errandsAtOnce is how many may be under way. Nearly all of them wait for a name server, which is not to be flooded.
const errandsAtOnce = 64

// errands are what a check needs before it can ping and what may take long: looking up names. They wait in a queue for
// one of a few goroutines, which there are only while there is something to do.
type errands struct {
	over context.Context
	stop context.CancelCauseFunc
	wg   sync.WaitGroup

	mu      sync.Mutex
	waiting []*errand
	workers int
}

type errand struct {
	until time.Time
	do    func(ctx context.Context)
	late  *time.Timer
	once  sync.Once
}

func newErrands() *errands {
	over, stop := context.WithCancelCause(context.Background())
	return &errands{over: over, stop: stop}
}

// run has do called once by another goroutine, with a context that ends at until and when the errands are closed. If its
// turn has not come by then, it is called with a context that has ended.
func (e *errands) run(until time.Time, do func(ctx context.Context)) {
	job := &errand{until: until, do: do}
	e.mu.Lock()
	closed := e.over.Err() != nil
	if !closed {
		job.late = time.AfterFunc(time.Until(until), func() { e.perform(job) })
		e.waiting = append(e.waiting, job)
		if e.workers < errandsAtOnce {
			e.workers++
			e.wg.Go(e.work)
		}
	}
	e.mu.Unlock()
	if closed {
		do(e.over)
	}
}

func (e *errands) perform(job *errand) {
	job.once.Do(func() {
		e.mu.Lock()
		job.late.Stop()
		e.mu.Unlock()
		ctx, cancel := context.WithDeadline(e.over, job.until)
		defer cancel()
		job.do(ctx)
	})
}

func (e *errands) work() {
	for job := e.next(); job != nil; job = e.next() {
		e.perform(job)
	}
}

// next gives an errand; none if there is none left, and then the goroutine ends.
func (e *errands) next() *errand {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.waiting) == 0 {
		e.workers--
		return nil
	}
	job := e.waiting[0]
	e.waiting[0] = nil
	e.waiting = e.waiting[1:]
	return job
}

// close ends what is under way and waits for it. What is run later is called with a context that has ended.
func (e *errands) close() {
	e.mu.Lock()
	e.stop(errClosed)
	e.mu.Unlock()
	e.wg.Wait()
}
