package web

import (
	"context"
	"sync"
	"time"
)

const (
	// rememberFor is how long the answer to a request is kept for the case that it is sent again.
	rememberFor = 10 * time.Minute
	// mostRemembered bounds how many are kept; the oldest is forgotten first.
	mostRemembered = 128
)

// once has a request that is sent twice, by a double click or after a lost connection, carried out once. The zero value is ready; any
// goroutine may use it.
type once struct {
	mu    sync.Mutex
	named map[string]*answered
	order []string // of named, the oldest first
}

// answered is a request that is carried out, or was.
type answered struct {
	at   time.Time
	done chan struct{} // closed when what follows is there
	v    any
	err  error
}

// do carries out what somebody named; if he has named it so before, it waits until that is done, and gives the same answer. What has
// no name is always carried out.
func (o *once) do(ctx context.Context, who, name string, act func() (any, error)) (any, error) {
	if name == "" {
		return act()
	}
	a, first := o.enter(who + "\x00" + name)
	if first {
		defer close(a.done)
		a.v, a.err = act()
		return a.v, a.err
	}
	select {
	case <-a.done:
		return a.v, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// enter says whether a name is new.
func (o *once) enter(name string) (a *answered, first bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if a = o.named[name]; a != nil && time.Since(a.at) < rememberFor {
		return a, false
	}
	if o.named == nil {
		o.named = map[string]*answered{}
	}
	if a == nil {
		o.order = append(o.order, name)
	}
	if len(o.order) > mostRemembered {
		delete(o.named, o.order[0])
		o.order = o.order[1:]
	}
	a = &answered{at: time.Now(), done: make(chan struct{})}
	o.named[name] = a
	return a, true
}
