package serve

import (
	"context"
	"crypto/tls"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
)

// mostFree is how many goroutines whose connection has ended wait for another, which may take some MB. A handler's stack grows by
// copying, which for a connection that is short costs about as much as three of its system calls; a goroutine that has grown is used
// again. Handlers that wait for a disk are many at once even when each peer has only one connection.
const mostFree = 1024

// hands are the goroutines that work with connections.
type hands struct {
	next chan *tracked // to whoever is free
	over chan struct{} // closed when no more connections come
	free atomic.Int32
}

func newHands() hands { return hands{next: make(chan *tracked), over: make(chan struct{})} }

// give has a goroutine work with a connection.
func (s *server) give(ctx context.Context, t *tracked) {
	select {
	case s.hands.next <- t:
	default:
		s.working.Go(func() {
			for ; t != nil; t = s.hands.another() {
				s.converse(ctx, t)
			}
		})
	}
}

// another waits for a connection; nil if this goroutine is not needed any more.
func (h *hands) another() *tracked {
	defer h.free.Add(-1)
	if h.free.Add(1) > mostFree {
		return nil
	}
	select {
	case t := <-h.next:
		return t
	case <-h.over:
		return nil
	}
}

// survive keeps a bug in a handler from being the daemon's end: its connection is closed, and the others go on.
func (s *server) survive(t *tracked) {
	why := recover()
	if why == nil {
		return
	}
	log := s.o.Log
	if log == nil {
		log = slog.Default()
	}
	s.o.Refused(Bug)
	log.Error("a connection met a bug, please report it", "from", t.peer, "panic", why, "stack", string(debug.Stack()))
}

// converse works with a connection to its end.
func (s *server) converse(ctx context.Context, t *tracked) {
	defer s.leave(t)
	defer s.survive(t)
	c := &Conn{Conn: t, Source: t.peer, open: s.open}
	if s.o.TLS != nil {
		secured := tls.Server(t, s.o.TLS)
		limited, cancel := context.WithTimeout(ctx, handshake)
		defer cancel()
		if err := secured.HandshakeContext(limited); err != nil {
			s.o.Refused(Handshake)
			return
		}
		cancel()
		c.Conn = secured
		defer secured.Close()
	}
	s.handle(ctx, c)
}
