// Package mmsg sends and receives datagrams in batches: sendmmsg(2) and recvmmsg(2) on Linux, one at a time elsewhere. A
// batch is allocated once, addresses are values, and control messages (kernel timestamps, packet information) lie in
// the batch's own memory, so that a datagram costs no allocation. Waiting is done by Go's network poller.
//
// It is for engines that share few sockets between many targets. On loopback a batch of 64 halves what a datagram costs.
package mmsg

import (
	"errors"
	"net/netip"
	"syscall"
)

// Batch is how many datagrams are worth handing over at once; more gains nothing.
const Batch = 64

// ErrFull says that the socket has no room to send now. Who has more to send tries again a little later.
var ErrFull = errors.New("the socket's send buffer is full")

// Socket is a non-blocking datagram socket that is open elsewhere: whoever opened it closes it, which ends all waiting
// here. Any goroutine may use it, each with Messages of its own.
type Socket struct{ raw syscall.RawConn }

// New makes a Socket of a *net.UDPConn, or of an *os.File made of a non-blocking descriptor.
func New(c syscall.Conn) (*Socket, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &Socket{raw}, nil
}

// Readable calls look whenever the socket may have something to receive, the first time at once, until look gives true
// or the socket is closed, which is the error. look receives until there is nothing left: without that the next call may
// never come. If the socket queues errors (IP_RECVERR), look drains those too.
func (s *Socket) Readable(look func() bool) error {
	for {
		enough := false
		err := s.raw.Read(func(uintptr) bool {
			enough = look()
			return enough
		})
		if enough {
			return nil
		}
		// Closed, or the poller gave up on an event that is an error and nothing else: wait without it.
		if pause := s.pause(); pause != nil {
			return errors.Join(pause, err)
		}
	}
}

// Messages is a batch of datagrams, to send or received. One goroutine at a time uses it.
type Messages struct {
	vectors
	n int
}

// Len says how many messages there are: added since Reset, or received by the last Receive.
func (m *Messages) Len() int { return m.n }

// Reset empties the batch, to be filled with Add.
func (m *Messages) Reset() { m.n = 0 }

// Add appends a datagram to send to an address, which must be of the socket's family; an IPv4 address goes to an IPv6
// socket as ::ffff:a.b.c.d. control may be nil. Payload and control are kept, not copied: they must not change before
// they are sent. It reports false when the batch is full.
func (m *Messages) Add(payload []byte, to netip.AddrPort, control []byte) bool {
	if m.n == m.size() {
		return false
	}
	m.set(m.n, payload, to, control)
	m.n++
	return true
}
