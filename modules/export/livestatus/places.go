package livestatus

import (
	"context"
	"sync"
)

// places bounds how many queries are carried out at once, so that neither one client nor one kind of query keeps all others out:
// queries that cannot take long have places of their own, and of the others' no source has more than half.
type places struct {
	quick, slow chan struct{}

	mu      sync.Mutex
	sources map[string]*share
}

// share is what one source has of the places.
type share struct {
	places chan struct{}
	users  int // who have a place of it, or wait for one
}

// newPlaces makes so many places of each kind; at least two.
func newPlaces(n int) *places {
	n = max(2, n)
	return &places{quick: make(chan struct{}, n), slow: make(chan struct{}, n), sources: map[string]*share{}}
}

// take waits for a place and gives the function that gives it back; ok is false if ctx ended before.
func (p *places) take(ctx context.Context, source string, quick bool) (back func(), ok bool) {
	if quick {
		return enter(ctx, p.quick)
	}
	s := p.share(source)
	own, ok := enter(ctx, s.places)
	if !ok {
		p.leave(source, s)
		return nil, false
	}
	all, ok := enter(ctx, p.slow)
	if !ok {
		own()
		p.leave(source, s)
		return nil, false
	}
	return func() { all(); own(); p.leave(source, s) }, true
}

func enter(ctx context.Context, places chan struct{}) (back func(), ok bool) {
	select {
	case places <- struct{}{}:
		return func() { <-places }, true
	default:
	}
	select {
	case places <- struct{}{}:
		return func() { <-places }, true
	case <-ctx.Done():
		return nil, false
	}
}

func (p *places) share(source string) *share {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.sources[source]
	if s == nil {
		s = &share{places: make(chan struct{}, cap(p.slow)/2)}
		p.sources[source] = s
	}
	s.users++
	return s
}

func (p *places) leave(source string, s *share) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.users--; s.users == 0 {
		delete(p.sources, source)
	}
}
