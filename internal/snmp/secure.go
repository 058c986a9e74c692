package snmp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"

	"github.com/onbu/onbu/internal/recent"
)

// maxSessions bounds how many SNMPv3 requests are under way at once; each has a goroutine and a socket.
const maxSessions = 4096

// secure asks over SNMPv3. A request has a goroutine with a socket of its own, since it computes for longer than it takes
// to start one: the shared sockets stay with those that can be answered in a microsecond.
type secure struct {
	keys    *keyRing
	engines *recent.Map[engineKey, knownEngine]
	buffers *datagrams
	room    chan struct{}
	over    context.Context
	end     context.CancelFunc

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

func newSecure(agents int) *secure {
	s := &secure{
		keys: newKeyRing(4 * agents), engines: recent.New[engineKey, knownEngine](agents), buffers: newDatagrams(),
		room: make(chan struct{}, maxSessions),
	}
	s.over, s.end = context.WithCancel(context.Background())
	return s
}

func (s *secure) ask(r *Request) {
	s.mu.Lock()
	closed := s.closed
	if !closed {
		s.running.Go(func() { s.run(r) })
	}
	s.mu.Unlock()
	if closed {
		r.end(ErrClosed)
	}
}

func (s *secure) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.end()
	s.running.Wait()
}

// run makes one request in a goroutine of its own.
func (s *secure) run(r *Request) {
	ctx, cancel := s.over, context.CancelFunc(func() {})
	if !r.Until.IsZero() {
		ctx, cancel = context.WithDeadline(ctx, r.Until)
	}
	defer cancel()
	select {
	case s.room <- struct{}{}:
		defer func() { <-s.room }()
	case <-ctx.Done():
	}
	a := &Answer{}
	a.Err = s.converse(ctx, r, a)
	switch {
	case a.Err != nil && s.over.Err() != nil:
		a.Err = ErrClosed
	case a.Err != nil && ctx.Err() != nil:
		a.Err = ctx.Err()
	}
	r.Then.Answered(r, a)
}

func (s *secure) converse(ctx context.Context, r *Request, a *Answer) error {
	l, err := dial(r.To.Addr, s.buffers)
	switch {
	case errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.EACCES):
		return &Unreachable{err}
	case err != nil:
		return fmt.Errorf("open a socket to %s: %w", r.To.Addr, err)
	}
	defer l.close()
	c := &session{link: l, to: r.To, user: newUser(*r.To.User), keys: s.keys, engines: s.engines}
	if r.Kind == Walk {
		return c.walk(ctx, r, a)
	}
	return c.fetch(ctx, r, a)
}

// fetch asks for the objects. When the agent says that one of them is in error the others are asked for again.
func (s *session) fetch(ctx context.Context, r *Request, a *Answer) error {
	kind := byte(tagGet)
	if r.Kind == GetNext {
		kind = tagGetNext
	}
	a.Bindings = make([]Binding, len(r.OIDs))
	left := make([]int, len(r.OIDs))
	for i := range left {
		left[i] = i
	}
	for len(left) > 0 {
		p := request(kind, newID(), names(r.OIDs, left))
		answer, err := s.ask(ctx, p)
		a.Messages++
		switch {
		case err != nil:
			return err
		case answer.status != 0 && (answer.index < 1 || answer.index > len(left)):
			a.Status, a.Index, a.Bindings = answer.status, answer.index, nil
			return nil
		case answer.status != 0:
			at := left[answer.index-1]
			a.Bindings[at] = Binding{Name: r.OIDs[at], Status: uint8(min(answer.status, 255))}
			a.Refused = append(a.Refused, at)
			left = append(left[:answer.index-1], left[answer.index:]...)
			continue
		case len(answer.bindings) != len(left):
			a.Bindings = answer.bindings
			return nil
		}
		for i, v := range answer.bindings {
			a.Bindings[left[i]] = v
		}
		return nil
	}
	return nil
}

func names(all []OID, which []int) []OID {
	list := make([]OID, len(which))
	for i, at := range which {
		list[i] = all[at]
	}
	return list
}

// walk walks the columns one after the other.
func (s *session) walk(ctx context.Context, r *Request, a *Answer) error {
	w := newWalking(r)
	for !w.done() {
		answer, err := s.ask(ctx, pdu{kind: tagGetBulk, request: newID(), index: 16, bindings: []Binding{{Name: w.at, Tag: TagNull}}})
		a.Messages++
		if err == nil {
			err = w.take(&answer)
		}
		if err != nil {
			a.Bindings = w.bindings(nil)
			return err
		}
	}
	a.Bindings = w.bindings(nil)
	return nil
}
