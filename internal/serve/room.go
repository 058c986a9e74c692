package serve

import (
	"container/heap"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// looks bounds how many connections at work are passed over in the search for one that is idle.
const looks = 32

// The two orders that a connection stands in.
const (
	inAll = iota
	inSource
)

// tracked is a connection of which it is known since when it waits.
type tracked struct {
	net.Conn
	s      *server
	peer   netip.Addr // without its zone; invalid for a unix socket
	source netip.Addr // what peer counts as

	// since is when the last Read or, before that, the connection began, by the server's clock; busy says that no Read waits.
	since atomic.Int64
	busy  atomic.Bool
	why   atomic.Pointer[error] // why reads fail from now on

	deadlines sync.Mutex // of setting read deadlines

	// Under the server's lock: where it stands in each order, -1 once it is out, and since as it was when it was put there.
	at  [2]int
	key [2]int64
}

// Read implements net.Conn.
func (t *tracked) Read(b []byte) (int, error) {
	t.since.Store(t.s.now())
	t.busy.Store(false)
	if t.why.Load() != nil {
		_ = t.Conn.SetReadDeadline(time.Now().Add(t.s.o.Drain))
	}
	n, err := t.Conn.Read(b)
	t.busy.Store(true)
	if err != nil {
		if why := t.why.Load(); why != nil {
			err = *why
		}
	}
	return n, err
}

// Write implements net.Conn.
func (t *tracked) Write(b []byte) (int, error) {
	if err := t.SetWriteDeadline(time.Now().Add(t.s.o.WriteTimeout)); err != nil {
		return 0, err
	}
	return t.Conn.Write(b)
}

// SetReadDeadline implements net.Conn. It changes nothing once the server has interrupted the reads.
func (t *tracked) SetReadDeadline(at time.Time) error {
	t.deadlines.Lock()
	defer t.deadlines.Unlock()
	if t.why.Load() != nil {
		return nil
	}
	return t.Conn.SetReadDeadline(at)
}

// SetDeadline implements net.Conn.
func (t *tracked) SetDeadline(at time.Time) error {
	if err := t.SetWriteDeadline(at); err != nil {
		return err
	}
	return t.SetReadDeadline(at)
}

// interrupt has reads fail that last longer than Drain.
func (t *tracked) interrupt(why error) {
	t.deadlines.Lock()
	defer t.deadlines.Unlock()
	t.why.CompareAndSwap(nil, &why)
	_ = t.Conn.SetReadDeadline(time.Now().Add(t.s.o.Drain))
}

// admit makes room for a connection, or says why there is none.
func (s *server) admit(c net.Conn, source netip.Addr) (*tracked, Reason) {
	t := &tracked{Conn: c, s: s, peer: source, source: subscriber(source)}
	t.since.Store(s.now())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending {
		return nil, Full
	}
	own := s.sources[t.source]
	if own != nil && source.IsValid() && own.Len() >= s.o.MostPerSource && !s.evict(own) {
		return nil, SourceFull
	}
	if s.all.Len() >= s.o.Most && !s.evict(&s.all) {
		return nil, Full
	}
	if own = s.sources[t.source]; own == nil { // it may have been the only one of its source that gave way
		own = &waiting{of: inSource}
		s.sources[t.source] = own
	}
	s.all.put(t)
	own.put(t)
	return t, ""
}

// subscriber is what counts as one source: an IPv4 address, or the 64 bits of an IPv6 address that somebody is given whole.
func subscriber(a netip.Addr) netip.Addr {
	if !a.Is6() {
		return a
	}
	return netip.PrefixFrom(a, 64).Masked().Addr()
}

// evict closes the connection of w that has been idle for longest. The lock is held.
func (s *server) evict(w *waiting) bool {
	for busy, looked := 0, 0; busy < looks && looked < 2*w.Len(); looked++ {
		t := w.list[0]
		switch {
		case t.busy.Load():
			busy++
			t.key[w.of] = s.now() // its next Read begins later than this
		case t.since.Load() == t.key[w.of]:
			s.drop(t)
			t.interrupt(ErrMadeRoom)
			t.Close()
			s.o.Refused(Idle)
			return true
		default: // it has been heard of since: that is seen once for any number of reads
			t.key[w.of] = t.since.Load()
		}
		heap.Fix(w, 0)
	}
	return false
}

// giveWay closes the connection that has been idle for longest.
func (s *server) giveWay() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.evict(&s.all)
}

// drop takes a connection out of both orders. The lock is held.
func (s *server) drop(t *tracked) {
	if t.at[inAll] < 0 {
		return
	}
	own := s.sources[t.source]
	heap.Remove(&s.all, t.at[inAll])
	heap.Remove(own, t.at[inSource])
	if own.Len() == 0 {
		delete(s.sources, t.source)
	}
}

// leave closes a connection whose handler is through.
func (s *server) leave(t *tracked) {
	t.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(t)
}

// interrupt has the reads of all connections fail, and takes no more connections.
func (s *server) interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ending = true
	for _, t := range s.all.list {
		t.interrupt(ErrEnding)
	}
}

func (s *server) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.all.list {
		t.Close()
	}
}

// now is the time since the server began, which no change of the clock disturbs.
func (s *server) now() int64 { return int64(time.Since(s.began)) }

// waiting is a heap of connections, the one that began to wait first at the top. Keys are set right when a connection comes to
// the top, so that reading costs nothing here.
type waiting struct {
	of   int
	list []*tracked
}

func (w *waiting) put(t *tracked) {
	t.key[w.of] = t.since.Load()
	heap.Push(w, t)
}

// Len implements heap.Interface.
func (w *waiting) Len() int { return len(w.list) }

// Less implements heap.Interface.
func (w *waiting) Less(i, j int) bool { return w.list[i].key[w.of] < w.list[j].key[w.of] }

// Swap implements heap.Interface.
func (w *waiting) Swap(i, j int) {
	w.list[i], w.list[j] = w.list[j], w.list[i]
	w.list[i].at[w.of], w.list[j].at[w.of] = i, j
}

// Push implements heap.Interface.
func (w *waiting) Push(x any) {
	t := x.(*tracked)
	t.at[w.of] = len(w.list)
	w.list = append(w.list, t)
}

// Pop implements heap.Interface.
func (w *waiting) Pop() any {
	last := len(w.list) - 1
	t := w.list[last]
	w.list[last] = nil
	w.list = w.list[:last]
	t.at[w.of] = -1
	return t
}
