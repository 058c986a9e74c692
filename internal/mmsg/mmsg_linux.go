package mmsg

import (
	"encoding/binary"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// header is struct mmsghdr of recvmmsg(2).
type header struct {
	unix.Msghdr
	size uint32 // octets received or sent
}

// vectors are what the kernel reads and writes. headers point to the other slices, which therefore never move.
type vectors struct {
	headers  []header
	iovecs   []unix.Iovec
	names    []unix.RawSockaddrInet6 // of either family: it is the larger one
	payloads [][]byte                // nil for a batch to send
	controls [][]byte

	// The arguments and results of the call under way. call is kept because a new closure would be an allocation.
	call        func(fd uintptr)
	trap        uintptr
	from, flags int
	done        int
	errno       syscall.Errno
}

// ForSending makes a batch of at most size datagrams to send.
func ForSending(size int) *Messages { return newMessages(size) }

// ForReceiving makes a batch that takes up to size datagrams, each of at most payload octets, with control octets for
// its control messages; 0 for none.
func ForReceiving(size, payload, control int) *Messages {
	m := newMessages(size)
	m.payloads = cut(size, payload)
	m.controls = cut(size, control)
	for i := range size {
		m.iovecs[i].Base = unsafe.SliceData(m.payloads[i])
		m.iovecs[i].SetLen(payload)
	}
	return m
}

func newMessages(size int) *Messages {
	m := &Messages{vectors: vectors{
		headers: make([]header, size), iovecs: make([]unix.Iovec, size), names: make([]unix.RawSockaddrInet6, size),
	}}
	for i := range m.headers {
		h := &m.headers[i]
		h.Name = (*byte)(unsafe.Pointer(&m.names[i]))
		h.Iov = &m.iovecs[i]
		h.SetIovlen(1)
	}
	v := &m.vectors
	v.call = v.syscall
	return m
}

// cut makes size slices of one piece of memory.
func cut(size, each int) [][]byte {
	all, list := make([]byte, size*each), make([][]byte, size)
	for i := range list {
		list[i] = all[i*each : (i+1)*each : (i+1)*each]
	}
	return list
}

func (v *vectors) size() int { return len(v.headers) }

func (v *vectors) set(i int, payload []byte, to netip.AddrPort, control []byte) {
	h := &v.headers[i]
	h.Namelen = putName(&v.names[i], to)
	v.iovecs[i].Base = unsafe.SliceData(payload)
	v.iovecs[i].SetLen(len(payload))
	h.Control = unsafe.SliceData(control)
	h.SetControllen(len(control))
}

// putName writes a socket address and gives its length.
func putName(name *unix.RawSockaddrInet6, to netip.AddrPort) uint32 {
	if to.Addr().Is4() {
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		in.Family = unix.AF_INET
		putPort(&in.Port, to.Port())
		in.Addr = to.Addr().As4()
		return unix.SizeofSockaddrInet4
	}
	name.Family = unix.AF_INET6
	putPort(&name.Port, to.Port())
	name.Addr, name.Flowinfo, name.Scope_id = to.Addr().As16(), 0, 0
	return unix.SizeofSockaddrInet6
}

// putPort stores a port in network order.
func putPort(at *uint16, port uint16) {
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(at))[:], port)
}

// Send hands over the messages from the from-th on, without waiting, and says how many the kernel took. When it took not
// even that one, err says why: ErrFull, or the error of that one message, which the caller then passes over.
func (s *Socket) Send(m *Messages, from int) (sent int, err error) {
	if from >= m.n {
		return 0, nil
	}
	return m.transfer(s, unix.SYS_SENDMMSG, from, m.n, unix.MSG_DONTWAIT)
}

// Receive takes what is there, without waiting: Len says how many there are, perhaps none.
func (s *Socket) Receive(m *Messages) error { return m.receive(s, unix.MSG_DONTWAIT) }

// ReceiveErrors takes what is in the error queue of a socket with IP_RECVERR: the payload is what was sent, From where
// it was sent to, Control holds the reason (ip(7)).
func (s *Socket) ReceiveErrors(m *Messages) error {
	return m.receive(s, unix.MSG_DONTWAIT|unix.MSG_ERRQUEUE)
}

func (m *Messages) receive(s *Socket, flags int) error {
	m.n = 0
	for i := range m.headers {
		h := &m.headers[i]
		h.Namelen = unix.SizeofSockaddrInet6
		h.Control = unsafe.SliceData(m.controls[i])
		h.SetControllen(len(m.controls[i]))
	}
	n, err := m.transfer(s, unix.SYS_RECVMMSG, 0, len(m.headers), flags)
	if err == ErrFull {
		err = nil
	}
	m.n = n
	return err
}

// transfer makes one system call for the headers of from to end.
func (m *Messages) transfer(s *Socket, trap uintptr, from, end, flags int) (int, error) {
	v := &m.vectors
	v.trap, v.from, v.done, v.flags = trap, from, end, flags
	if err := s.raw.Control(v.call); err != nil {
		return 0, err
	}
	switch v.errno {
	case 0:
		return v.done, nil
	case unix.EAGAIN:
		return 0, ErrFull
	}
	return 0, v.errno
}

func (v *vectors) syscall(fd uintptr) {
	count := v.done - v.from
	for {
		n, _, errno := syscall.Syscall6(v.trap, fd, uintptr(unsafe.Pointer(&v.headers[v.from])), uintptr(count), uintptr(v.flags), 0, 0)
		if errno == unix.EINTR {
			continue
		}
		if v.done, v.errno = int(n), errno; errno != 0 {
			v.done = 0
		}
		return
	}
}

// pause waits for something to receive, at most 10 ms, and says whether the socket is closed.
func (s *Socket) pause() error {
	return s.raw.Control(func(fd uintptr) {
		_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 10)
	})
}

// Payload gives the i-th datagram received, which lies in the batch until the next Receive.
func (m *Messages) Payload(i int) []byte {
	return m.payloads[i][:min(int(m.headers[i].size), len(m.payloads[i]))]
}

// Control gives the control messages of the i-th datagram received; they lie in the batch too.
func (m *Messages) Control(i int) []byte {
	return m.controls[i][:min(uint64(m.headers[i].Controllen), uint64(len(m.controls[i])))]
}

// Truncated says whether the i-th datagram was longer than the batch has room for.
func (m *Messages) Truncated(i int) bool { return m.headers[i].Flags&unix.MSG_TRUNC != 0 }

// From says where the i-th datagram came from, an IPv4 address always as one; without a zone. ICMP sockets give port 0.
func (m *Messages) From(i int) netip.AddrPort {
	name := &m.names[i]
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&name.Port))[:])
	switch name.Family {
	case unix.AF_INET:
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		return netip.AddrPortFrom(netip.AddrFrom4(in.Addr), port)
	case unix.AF_INET6:
		return netip.AddrPortFrom(netip.AddrFrom16(name.Addr).Unmap(), port)
	}
	return netip.AddrPort{}
}
