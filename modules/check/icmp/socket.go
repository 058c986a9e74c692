package icmp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// socket is an ICMP socket: either a ping socket, which any member of a group in net.ipv4.ping_group_range may open and
// on which the kernel sets identifiers and checksums, or a raw one. Any goroutine may send; one at a time may receive.
type socket struct {
	family family
	raw    bool
	file   *os.File
	conn   syscall.RawConn
	oob    []byte // for receive
}

// receiveBuffer is the room asked for replies that wait to be read. The kernel gives what net.core.rmem_max allows.
const receiveBuffer = 4 << 20

// openSocket opens a ping socket or, where that is not allowed, a raw one.
func openSocket(f family) (*socket, error) {
	domain, proto := unix.AF_INET, unix.IPPROTO_ICMP
	if f == v6 {
		domain, proto = unix.AF_INET6, unix.IPPROTO_ICMPV6
	}
	s := &socket{family: f, oob: make([]byte, 256)}
	const flags = unix.SOCK_NONBLOCK | unix.SOCK_CLOEXEC
	fd, pingErr := unix.Socket(domain, unix.SOCK_DGRAM|flags, proto)
	if pingErr != nil {
		var err error
		if fd, err = unix.Socket(domain, unix.SOCK_RAW|flags, proto); err != nil {
			return nil, fmt.Errorf("opening an ICMP socket for IPv%d: ping socket: %w; raw socket: %w: "+
				"let one of the process's groups in with sysctl net.ipv4.ping_group_range=\"GID GID\", or give the program CAP_NET_RAW",
				f, pingErr, err)
		}
		s.raw = true
	}
	if err := s.configure(fd); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("setting up an ICMP socket for IPv%d: %w", f, err)
	}
	s.file = os.NewFile(uintptr(fd), "icmp")
	conn, err := s.file.SyscallConn()
	s.conn = conn
	return s, err
}

// configure keeps from a raw socket what is of no interest, among it our own requests on loopback, and lets a ping socket
// hear of errors.
func (s *socket) configure(fd int) error {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
	}
	switch {
	case !s.raw && s.family == v4:
		return unix.SetsockoptInt(fd, unix.SOL_IP, unix.IP_RECVERR, 1)
	case !s.raw:
		return unix.SetsockoptInt(fd, unix.SOL_IPV6, unix.IPV6_RECVERR, 1)
	}
	return s.filter(fd)
}

// filter sets ICMP_FILTER (linux/icmp.h) or ICMPV6_FILTER (RFC 3542); in both a set bit blocks a type.
func (s *socket) filter(fd int) error {
	var block [8]uint32
	for typ := range 256 {
		if t := byte(typ); t != s.family.reply() && !s.family.reports(t) {
			block[typ/32] |= 1 << (typ % 32)
		}
	}
	if s.family == v6 {
		return unix.SetsockoptICMPv6Filter(fd, unix.SOL_ICMPV6, unix.ICMPV6_FILTER, &unix.ICMPv6Filter{Data: block})
	}
	const icmpFilter = 1
	return unix.SetsockoptInt(fd, unix.SOL_RAW, icmpFilter, int(int32(block[0])))
}

// send sends a message. An error of the family of EHOSTUNREACH on a ping socket may be about another packet, so it counts
// only when it comes again.
func (s *socket) send(b, oob []byte, to unix.Sockaddr) error {
	var err error
	for range 4 {
		err = s.sendOnce(b, oob, to)
		if err == nil || s.raw || !pending(err) {
			break
		}
	}
	return err
}

// pending says whether err may be what the kernel keeps on a socket from a report about an earlier packet.
func pending(err error) bool {
	return errors.Is(err, unix.EHOSTUNREACH) || errors.Is(err, unix.ENETUNREACH) || errors.Is(err, unix.ECONNREFUSED) ||
		errors.Is(err, unix.EACCES) || errors.Is(err, unix.EMSGSIZE) || errors.Is(err, unix.EPROTO) ||
		errors.Is(err, unix.ENOPROTOOPT) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EHOSTDOWN) ||
		errors.Is(err, unix.ENONET)
}

// sendOnce waits for room only when there is none: RawConn.Write lets one goroutine in at a time.
func (s *socket) sendOnce(b, oob []byte, to unix.Sockaddr) error {
	var err error
	try := func(fd uintptr) bool {
		_, err = unix.SendmsgN(int(fd), b, oob, to, unix.MSG_DONTWAIT)
		return err != unix.EAGAIN && err != unix.EINTR
	}
	sent := false
	if err := s.conn.Control(func(fd uintptr) { sent = try(fd) }); err != nil {
		return err
	}
	if !sent {
		if err := s.conn.Write(try); err != nil {
			return err
		}
	}
	return err
}

// receive gives what has arrived, without waiting for more, to handle: first reports on a ping socket's error queue.
// Malformed counts what handle is not shown.
func (s *socket) receive(fd int, buf []byte, handle func(m message, from netip.Addr)) (malformed int) {
	if !s.raw {
		malformed += s.receiveReports(fd, buf, handle)
	}
	for failures := 0; failures < 16; {
		n, from, err := unix.Recvfrom(fd, buf, unix.MSG_DONTWAIT)
		if err == unix.EAGAIN {
			break
		}
		if err != nil { // an interruption, or an error about a packet that the error queue tells better
			failures++
			continue
		}
		m, ok := decode(buf[:n], s.family, s.raw && s.family == v4)
		if !ok {
			malformed++
			continue
		}
		handle(m, addrOf(from))
	}
	return malformed
}

// receiveReports reads the error queue of a ping socket (ip(7), IP_RECVERR): our request without its IP header, where it
// went, and who says what became of it.
func (s *socket) receiveReports(fd int, buf []byte, handle func(m message, from netip.Addr)) (malformed int) {
	for {
		n, oobn, _, to, err := unix.Recvmsg(fd, buf, s.oob, unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return malformed
		}
		m, from, ok := decodeReport(buf[:n], s.oob[:oobn], s.family)
		if !ok {
			malformed++
			continue
		}
		m.to = addrOf(to)
		handle(m, from)
	}
}

// decodeReport reads an entry of the error queue: b is the request, oob the control messages with a sock_extended_err
// (linux/errqueue.h) and the address of who sent the report.
func decodeReport(b, oob []byte, f family) (m message, from netip.Addr, ok bool) {
	controls, err := unix.ParseSocketControlMessage(oob)
	if err != nil || len(b) < headerLen || b[0] != f.request() {
		return m, from, false
	}
	const originICMP, originICMP6 = 2, 3
	size := int(unsafe.Sizeof(unix.SockExtendedErr{}))
	for _, c := range controls {
		if len(c.Data) < size || c.Data[4] != originICMP && c.Data[4] != originICMP6 {
			continue
		}
		m.typ, m.code, m.echo = c.Data[5], c.Data[6], readEcho(b)
		return m, offender(c.Data[size:]), f.reports(m.typ)
	}
	return m, from, false
}

// offender reads a struct sockaddr_in or sockaddr_in6.
func offender(b []byte) netip.Addr {
	if len(b) < 8 {
		return netip.Addr{}
	}
	switch binary.NativeEndian.Uint16(b) {
	case unix.AF_INET:
		return netip.AddrFrom4([4]byte(b[4:8]))
	case unix.AF_INET6:
		if len(b) >= 24 {
			return netip.AddrFrom16([16]byte(b[8:24]))
		}
	}
	return netip.Addr{}
}

func addrOf(sa unix.Sockaddr) netip.Addr {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrFrom4(sa.Addr)
	case *unix.SockaddrInet6:
		return netip.AddrFrom16(sa.Addr)
	}
	return netip.Addr{}
}

// controls gives the control messages that set an outgoing packet's TTL and source; 0 and the invalid address set nothing.
func controls(f family, ttl int, source netip.Addr) []byte {
	var oob []byte
	if ttl > 0 {
		level, typ := unix.SOL_IP, unix.IP_TTL
		if f == v6 {
			level, typ = unix.SOL_IPV6, unix.IPV6_HOPLIMIT
		}
		oob = appendControl(oob, level, typ, binary.NativeEndian.AppendUint32(nil, uint32(ttl)))
	}
	if source.Is4() && f == v4 {
		oob = append(oob, unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: source.As4()})...)
	}
	return oob
}

func appendControl(oob []byte, level, typ int, data []byte) []byte {
	at := len(oob)
	oob = append(oob, make([]byte, unix.CmsgSpace(len(data)))...)
	h := (*unix.Cmsghdr)(unsafe.Pointer(&oob[at]))
	h.Level, h.Type = int32(level), int32(typ)
	h.SetLen(unix.CmsgLen(len(data)))
	copy(oob[at+unix.CmsgLen(0):], data)
	return oob
}
