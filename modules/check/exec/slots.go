package exec

import (
	"context"
	"fmt"
	"sync"

	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

// slots bound how many programs run at once, in all and of each.
type slots struct {
	all chan struct{} // nil for no bound
	per int

	mu       sync.Mutex
	programs map[string]*lane
}

// lane is the places of one program. It is there as long as somebody has or wants one.
type lane struct {
	places chan struct{}
	users  int
}

func (s *slots) open(all, per int) {
	if all <= 0 {
		return
	}
	s.all = make(chan struct{}, all)
	s.per = per
	if per <= 0 {
		s.per = max(1, all/2)
	}
	s.programs = map[string]*lane{}
}

// enter waits for a place; leave gives it back.
func (m *Module) enter(ctx context.Context, argv []string) (leave func(), err error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("not started: %w", context.Cause(ctx))
	}
	s := &m.slots
	if s.all == nil {
		return func() {}, nil
	}
	program := cmdline.Program(argv)
	l := s.join(program)
	select {
	case l.places <- struct{}{}:
	case <-ctx.Done():
		s.part(program, l)
		return nil, fmt.Errorf("no free slot among %d for running %s: %w", s.per, program, context.Cause(ctx))
	}
	select {
	case s.all <- struct{}{}:
	case <-ctx.Done():
		<-l.places
		s.part(program, l)
		return nil, fmt.Errorf("no free slot among %d for running programs: %w", cap(s.all), context.Cause(ctx))
	}
	return func() {
		<-s.all
		<-l.places
		s.part(program, l)
	}, nil
}

// join gives the lane of a program.
func (s *slots) join(program string) *lane {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.programs[program]
	if l == nil {
		l = &lane{places: make(chan struct{}, s.per)}
		s.programs[program] = l
	}
	l.users++
	return l
}

// part gives a lane up.
func (s *slots) part(program string, l *lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(s.programs, program)
	}
}
