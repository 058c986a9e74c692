package poller

import (
	"slices"
	"sync"
	"time"
)

// idleAfter is how long a goroutine waits for its next check before it may end.
const idleAfter = 5 * time.Second

// crew makes checks in goroutines that are used again, because their stacks have grown to what checks need. There are as many
// as checks under way at once. Any goroutine may use it.
type crew struct {
	work func(*check)

	all  sync.WaitGroup
	mu   sync.Mutex
	idle []*worker // who came last goes first, so that what is not needed stays idle
	over bool
}

type worker struct {
	next  chan *check // closed, it ends
	since time.Time
}

// do has a check made. It does not block.
func (w *crew) do(c *check) {
	w.mu.Lock()
	n := len(w.idle)
	if n == 0 {
		w.mu.Unlock()
		w.all.Go(func() { w.serve(c) })
		return
	}
	one := w.idle[n-1]
	w.idle = w.idle[:n-1]
	w.mu.Unlock()
	one.next <- c
}

func (w *crew) serve(c *check) {
	me := &worker{next: make(chan *check, 1)}
	for c != nil {
		w.work(c)
		if !w.rest(me) {
			return
		}
		c = <-me.next
	}
}

// rest says whether there may be more to do.
func (w *crew) rest(one *worker) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return false
	}
	one.since = time.Now()
	w.idle = append(w.idle, one)
	return true
}

// dismiss ends who has been idle since before a time.
func (w *crew) dismiss(before time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for n < len(w.idle) && w.idle[n].since.Before(before) {
		close(w.idle[n].next)
		n++
	}
	w.idle = slices.Delete(w.idle, 0, n)
}

// end waits for all checks under way and leaves no goroutine behind. Nothing may be given to do any more.
func (w *crew) end() {
	w.mu.Lock()
	w.over = true
	for _, one := range w.idle {
		close(one.next)
	}
	w.idle = nil
	w.mu.Unlock()
	w.all.Wait()
}
