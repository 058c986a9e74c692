package reactionner

import (
	"context"
	"sync"
)

// gate keeps the readers of actions out while nothing new is to be taken. Any goroutine may use it.
type gate struct {
	mu      sync.Mutex
	inside  int
	open    context.Context // ends when the gate is shut
	shut    context.CancelFunc
	changed chan struct{} // closed and replaced when a reader leaves, or the gate opens
}

func newGate() *gate {
	g := &gate{changed: make(chan struct{})}
	g.open, g.shut = context.WithCancel(context.Background())
	return g
}

// enter waits until the gate is open; ok is false if ctx ended before. Its reader is to leave when the context that it gets ends, after
// what it is at.
func (g *gate) enter(ctx context.Context) (reading context.Context, leave func(), ok bool) {
	reading, end := context.WithCancel(ctx)
	var stop func() bool
	isOpen := func() bool { return g.open.Err() == nil }
	if !g.await(ctx, isOpen, func() { g.inside, stop = g.inside+1, context.AfterFunc(g.open, end) }) {
		end()
		return nil, nil, false
	}
	return reading, func() {
		stop()
		end()
		g.leave()
	}, true
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	g.tellLocked()
}

// close shuts the gate, and waits until all have left or ctx ends.
func (g *gate) close(ctx context.Context) {
	g.mu.Lock()
	g.shut()
	g.mu.Unlock()
	g.await(ctx, func() bool { return g.inside == 0 }, func() {})
}

// reopen opens the gate.
func (g *gate) reopen() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open.Err() == nil {
		return
	}
	g.open, g.shut = context.WithCancel(context.Background())
	g.tellLocked()
}

// await does something under the lock as soon as a condition holds there; false says that ctx ended before.
func (g *gate) await(ctx context.Context, condition func() bool, do func()) bool {
	for ctx.Err() == nil {
		g.mu.Lock()
		ok, changed := condition(), g.changed
		if ok {
			do()
		}
		g.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
	return false
}

func (g *gate) tellLocked() {
	close(g.changed)
	g.changed = make(chan struct{})
}
