//go:build !linux

package mmsg

import (
	"errors"
	"net/netip"
	"syscall"
	"time"
)

// vectors are the datagrams of a batch.
type vectors struct {
	payloads, controls [][]byte
	addrs              []netip.AddrPort
	sizes              []int
	cutOff             []bool
}

// ForSending makes a batch of at most size datagrams to send.
func ForSending(size int) *Messages {
	return &Messages{vectors: vectors{
		payloads: make([][]byte, size), controls: make([][]byte, size), addrs: make([]netip.AddrPort, size),
	}}
}

// ForReceiving makes a batch that takes up to size datagrams, each of at most payload octets. There are no control
// messages here.
func ForReceiving(size, payload, _ int) *Messages {
	m := ForSending(size)
	m.sizes, m.cutOff = make([]int, size), make([]bool, size)
	for i := range m.payloads {
		m.payloads[i] = make([]byte, payload)
	}
	return m
}

func (v *vectors) size() int { return len(v.payloads) }

func (v *vectors) set(i int, payload []byte, to netip.AddrPort, control []byte) {
	v.payloads[i], v.addrs[i], v.controls[i] = payload, to, control
}

// Send hands over the messages from the from-th on, without waiting, and says how many the kernel took. When it took not
// even that one, err says why: ErrFull, or the error of that one message, which the caller then passes over.
func (s *Socket) Send(m *Messages, from int) (sent int, err error) {
	for i := from; i < m.n; i++ {
		closed := s.raw.Control(func(fd uintptr) { err = syscall.Sendto(int(fd), m.payloads[i], 0, sockaddr(m.addrs[i])) })
		switch err = errors.Join(closed, err); {
		case err != nil && i > from:
			return i - from, nil
		case errors.Is(err, syscall.EAGAIN):
			return 0, ErrFull
		case err != nil:
			return 0, err
		}
	}
	return m.n - from, nil
}

// Receive takes what is there, without waiting: Len says how many there are, perhaps none.
func (s *Socket) Receive(m *Messages) error {
	for m.n = 0; m.n < len(m.payloads); m.n++ {
		var n int
		var from syscall.Sockaddr
		var err error
		closed := s.raw.Control(func(fd uintptr) { n, from, err = syscall.Recvfrom(int(fd), m.payloads[m.n], 0) })
		if closed != nil {
			return closed
		}
		if err != nil {
			return nil
		}
		m.sizes[m.n], m.addrs[m.n], m.cutOff[m.n] = n, addrPort(from), n == len(m.payloads[m.n])
	}
	return nil
}

// ReceiveErrors takes nothing here.
func (s *Socket) ReceiveErrors(m *Messages) error {
	m.n = 0
	return nil
}

func (s *Socket) pause() error {
	time.Sleep(10 * time.Millisecond)
	return s.raw.Control(func(uintptr) {})
}

// Payload gives the i-th datagram received, which lies in the batch until the next Receive.
func (m *Messages) Payload(i int) []byte { return m.payloads[i][:m.sizes[i]] }

// Control gives nothing here.
func (m *Messages) Control(int) []byte { return nil }

// Truncated says whether the i-th datagram may have been longer than the batch has room for.
func (m *Messages) Truncated(i int) bool { return m.cutOff[i] }

// From says where the i-th datagram came from.
func (m *Messages) From(i int) netip.AddrPort { return m.addrs[i] }

func sockaddr(a netip.AddrPort) syscall.Sockaddr {
	if a.Addr().Is4() {
		return &syscall.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &syscall.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}

func addrPort(sa syscall.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *syscall.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), uint16(sa.Port))
	}
	return netip.AddrPort{}
}
