package icmp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/onbu/onbu/internal/mmsg"
)

// socket is an ICMP socket: either a ping socket, which any member of a group in net.ipv4.ping_group_range may open and
// on which the kernel sets identifiers and checksums, or a raw one. Each arriving message has the kernel's time on it.
type socket struct {
	*mmsg.Socket
	family family
	raw    bool
	file   *os.File
}

const (
	// receiveBuffer is the room asked for replies that wait to be read. The kernel gives what net.core.rmem_max allows.
	receiveBuffer = 4 << 20
	// sendBuffer is the room asked for requests that a network card has not taken yet.
	sendBuffer = 1 << 20
)

// openSocket opens a ping socket or, where that is not allowed, a raw one.
func openSocket(f family) (*socket, error) {
	domain, proto := unix.AF_INET, unix.IPPROTO_ICMP
	if f == v6 {
		domain, proto = unix.AF_INET6, unix.IPPROTO_ICMPV6
	}
	s := &socket{family: f}
	const flags = unix.SOCK_NONBLOCK | unix.SOCK_CLOEXEC
	fd, pingErr := unix.Socket(domain, unix.SOCK_DGRAM|flags, proto)
	if pingErr != nil {
		var err error
		if fd, err = unix.Socket(domain, unix.SOCK_RAW|flags, proto); err != nil {
			return nil, fmt.Errorf("opening an ICMP socket for IPv%d: ping socket: %w; raw socket: %w: "+
				"let one of the process's groups in with sysctl net.ipv4.ping_group_range=\"GID GID\", or give the program CAP_NET_RAW "+
				"(setcap cap_net_raw+ep PROGRAM)",
				f, pingErr, err)
		}
		s.raw = true
	}
	if err := s.configure(fd); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("setting up an ICMP socket for IPv%d: %w", f, err)
	}
	s.file = os.NewFile(uintptr(fd), "icmp")
	var err error
	s.Socket, err = mmsg.New(s.file)
	return s, err
}

// Allowed says whether this process may ping addr, and how: with a ping socket or, if raw, with a raw one. The error says
// what to do.
func Allowed(addr netip.Addr) (raw bool, err error) {
	s, err := openSocket(familyOf(addr.Unmap()))
	if err != nil {
		return false, err
	}
	return s.raw, s.file.Close()
}

// configure keeps from a raw socket what is of no interest, among it our own requests on loopback, and lets a ping socket
// hear of errors.
func (s *socket) configure(fd int) error {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
	}
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, sendBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer)
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1) // without it the time of reading has to do
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

// share has a raw socket get only those replies whose identifiers have the lowest bit of id, since all raw sockets get all
// replies otherwise. Reports, in which the identifier is farther behind, are for all.
func (s *socket) share(id uint16) error {
	program := []bpf.Instruction{
		bpf.LoadConstant{Dst: bpf.RegX, Val: 0}, // where the ICMP message begins
		bpf.LoadIndirect{Off: 0, Size: 1},       // type
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(s.family.reply()), SkipTrue: 3},
		bpf.LoadIndirect{Off: 4, Size: 2}, // identifier
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 1},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(id & 1), SkipTrue: 1},
		bpf.RetConstant{Val: 1 << 16},
		bpf.RetConstant{Val: 0},
	}
	if s.family == v4 {
		program[0] = bpf.LoadMemShift{Off: 0} // the length of the IP header
	}
	raw, err := bpf.Assemble(program)
	if err != nil {
		return err
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		filter[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	conn, err := s.file.SyscallConn()
	if err != nil {
		return err
	}
	fprog := &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if control := conn.Control(func(fd uintptr) {
		err = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, fprog)
	}); control != nil {
		return control
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

// arrivals appends the messages of a batch that are of use to list; read is when they were read.
func (s *socket) arrivals(batch *mmsg.Messages, list []arrival, read moment) []arrival {
	for i := range batch.Len() {
		m, ok := decode(batch.Payload(i), s.family, s.raw && s.family == v4)
		if ok {
			list = append(list, arrival{m, batch.From(i).Addr(), moment{read.at, timestamp(batch.Control(i))}})
		}
	}
	return list
}

// reports does the same for a batch from the error queue of a ping socket (ip(7), IP_RECVERR): our request without its IP
// header, where it went, and who says what became of it.
func (s *socket) reports(batch *mmsg.Messages, list []arrival, read moment) []arrival {
	for i := range batch.Len() {
		m, from, ok := decodeReport(batch.Payload(i), batch.Control(i), s.family)
		if ok {
			m.to = batch.From(i).Addr()
			list = append(list, arrival{m, from, read})
		}
	}
	return list
}

// timestamp reads the kernel's time on a message (socket(7), SO_TIMESTAMPNS), which is its only control message; 0 if there
// is none.
func timestamp(control []byte) int64 {
	if len(control) < unix.CmsgSpace(int(unsafe.Sizeof(unix.Timespec{}))) {
		return 0
	}
	h := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
	if h.Level != unix.SOL_SOCKET || h.Type != unix.SCM_TIMESTAMPNS {
		return 0
	}
	return (*unix.Timespec)(unsafe.Pointer(&control[unix.CmsgLen(0)])).Nano()
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
