package sign

import (
	"context"
	"time"
)

const (
	// tryAtOnce is how many passwords are tried at once: each takes a core and Work.Memory.
	tryAtOnce = 2
	// mostWaiting is how many may wait for that, each for waitAtMost.
	mostWaiting = 16
	waitAtMost  = 5 * time.Second
)

// room bounds how many passwords are tried at once.
type room struct{ waiting, trying chan struct{} }

func newRoom() *room {
	return &room{waiting: make(chan struct{}, tryAtOnce+mostWaiting), trying: make(chan struct{}, tryAtOnce)}
}

// enter waits for a turn; false if there is none in time. After true, leave must follow.
func (r *room) enter(ctx context.Context) bool {
	select {
	case r.waiting <- struct{}{}:
	default:
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, waitAtMost)
	defer cancel()
	select {
	case r.trying <- struct{}{}:
		return true
	case <-ctx.Done():
		<-r.waiting
		return false
	}
}

func (r *room) leave() {
	<-r.trying
	<-r.waiting
}
