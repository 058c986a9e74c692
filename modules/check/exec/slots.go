package exec

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/onbu/onbu/modules"
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

// enter waits for a place, for at most half of the time that ctx leaves: what begins later would be killed before it can have an
// answer. leave gives the place back. The error wraps modules.ErrNotBegun.
func (m *Module) enter(ctx context.Context, argv []string) (leave func(), err error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w: %w", modules.ErrNotBegun, context.Cause(ctx))
	}
	s := &m.slots
	if s.all == nil {
		return func() {}, nil
	}
	var until time.Time
	if end, ok := ctx.Deadline(); ok {
		until = end.Add(-time.Until(end) / 2)
	}
	program := cmdline.Program(argv)
	l := s.join(program)
	if err := take(ctx, until, l.places); err != nil {
		s.part(program, l)
		return nil, fmt.Errorf("%w: no free slot among %d for running %s: %w", modules.ErrNotBegun, s.per, program, err)
	}
	if err := take(ctx, until, s.all); err != nil {
		<-l.places
		s.part(program, l)
		return nil, fmt.Errorf("%w: no free slot among %d for running programs: %w", modules.ErrNotBegun, cap(s.all), err)
	}
	return func() {
		<-s.all
		<-l.places
		s.part(program, l)
	}, nil
}

// take waits for one of some places until a time, the zero time being never, or the end of ctx.
func take(ctx context.Context, until time.Time, places chan struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	default:
	}
	if !until.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, until)
		defer cancel()
	}
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
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
