package web

import (
	"context"
	"net/http"
	"slices"
	"sync"
)

const (
	// mostHeavy bounds how many requests that take much of a core are worked on or wait for their turn, and eachHeavy those of one
	// reader, so that another one's turn comes in time.
	mostHeavy, eachHeavy = 200, 12
	// mostInLine bounds how many wait for others of their own reader before that, and eachInLine those of one: whoever has not signed
	// in is one reader with all who come from the same address.
	mostInLine, eachInLine = 400, 60
)

// queue has requests wait while their reader has as many under way as one may have. The zero value is ready; any goroutine may use it.
type queue struct {
	mu sync.Mutex // guards everything that follows
	// placed is how many have a place, and waiting how many do not have one yet.
	placed, waiting int
	by              map[string]*inLine
}

// inLine is what one reader has in a queue. Some wait only while eachHeavy have places.
type inLine struct {
	placed int
	// next are those that wait, in their order; each is closed when its request has a place.
	next []chan struct{}
}

// enter waits until a reader's request has a place, which it has until leave is called, or says why it gets none.
func (q *queue) enter(ctx context.Context, reader string) (leave func(), err error) {
	turn, err := q.join(reader)
	if err != nil {
		return nil, err
	}
	leave = func() { q.leave(reader) }
	select {
	case <-turn:
		return leave, nil
	case <-ctx.Done():
	}
	if !q.quit(reader, turn) {
		leave() // it was given a place at this moment
	}
	return nil, tooMuch(http.StatusServiceUnavailable)
}

func tooMuch(code int) error {
	return failure(code, "too much is asked of these pages at once: try again in a moment")
}

// join gives what is closed when a request has a place.
func (q *queue) join(reader string) (chan struct{}, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	mine, turn := q.by[reader], make(chan struct{})
	if mine == nil {
		mine = &inLine{}
	}
	switch {
	case mine.placed < eachHeavy && q.placed == mostHeavy:
		return nil, tooMuch(http.StatusServiceUnavailable)
	case mine.placed < eachHeavy:
		mine.placed++
		q.placed++
		close(turn)
	case len(mine.next) == eachInLine || q.waiting == mostInLine:
		return nil, tooMuch(http.StatusTooManyRequests)
	default:
		mine.next = append(mine.next, turn)
		q.waiting++
	}
	if q.by == nil {
		q.by = map[string]*inLine{}
	}
	q.by[reader] = mine
	return turn, nil
}

// leave gives a place to the next of the same reader, or to nobody.
func (q *queue) leave(reader string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	mine := q.by[reader]
	if len(mine.next) > 0 {
		close(mine.next[0])
		mine.next = mine.next[1:]
		q.waiting--
		return
	}
	q.placed--
	if mine.placed--; mine.placed == 0 {
		delete(q.by, reader)
	}
}

// quit takes out a request that waits; false if it does not wait any more.
func (q *queue) quit(reader string, turn chan struct{}) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	mine := q.by[reader]
	i := slices.Index(mine.next, turn)
	if i < 0 {
		return false
	}
	mine.next = slices.Delete(mine.next, i, i+1)
	q.waiting--
	return true
}
