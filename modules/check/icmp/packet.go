package icmp

import (
	"encoding/binary"
	"net/netip"
)

// family is an address family, with the numbers of its messages (RFC 792, RFC 4443).
type family uint8

const (
	v4 family = 4
	v6 family = 6
)

// familyOf gives the family of an address that is not an IPv4 one in IPv6 clothes.
func familyOf(a netip.Addr) family {
	if a.Is4() {
		return v4
	}
	return v6
}

// network gives the name of the family for a resolver; no family is both.
func (f family) network() string {
	switch f {
	case v4:
		return "ip4"
	case v6:
		return "ip6"
	}
	return "ip"
}

const (
	headerLen   = 8  // of an ICMP echo message
	ipv6Len     = 40 // of an IPv6 header without extensions
	protoICMPv6 = 58
	protoICMP   = 1
)

func (f family) request() byte {
	if f == v4 {
		return 8
	}
	return 128
}

func (f family) reply() byte {
	if f == v4 {
		return 0
	}
	return 129
}

// reports says whether a message of that type tells of a packet that did not arrive. IPv4: unreachable, source quench, time
// exceeded, parameter problem; IPv6: unreachable, too big, time exceeded, parameter problem.
func (f family) reports(typ byte) bool {
	if f == v4 {
		return typ == 3 || typ == 4 || typ == 11 || typ == 12
	}
	return 1 <= typ && typ <= 4
}

// tag stands at the beginning of the payload of what we send and says whose packet it is. The identifier of an echo is too
// small for that, and the kernel sets it on ping sockets; the token is what nobody can guess who has not seen the packet.
type tag struct {
	token  uint64
	slot   uint32
	number uint32
}

const tagLen = 16

// putEcho writes an echo request of len(b) bytes: at least headerLen + tagLen. The rest of the payload is as it was.
func putEcho(b []byte, f family, id, seq uint16, t tag) {
	b[0], b[1] = f.request(), 0
	binary.BigEndian.PutUint16(b[2:], 0)
	binary.BigEndian.PutUint16(b[4:], id)
	binary.BigEndian.PutUint16(b[6:], seq)
	binary.BigEndian.PutUint64(b[8:], t.token)
	binary.BigEndian.PutUint32(b[16:], t.slot)
	binary.BigEndian.PutUint32(b[20:], t.number)
	if f == v4 { // the kernel does it for IPv6
		binary.BigEndian.PutUint16(b[2:], checksum(b))
	}
}

// checksum is the Internet checksum (RFC 1071) of a message whose checksum field is zero.
func checksum(b []byte) uint16 {
	var sum uint64
	for ; len(b) >= 4; b = b[4:] {
		sum += uint64(binary.BigEndian.Uint32(b))
	}
	if len(b) >= 2 {
		sum += uint64(binary.BigEndian.Uint16(b)) << 16
		b = b[2:]
		if len(b) == 1 {
			sum += uint64(b[0]) << 8
		}
	} else if len(b) == 1 {
		sum += uint64(b[0]) << 24
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// message is what arrived, as far as it concerns us: a reply, or a report of what became of a request of ours.
type message struct {
	typ, code byte
	isReply   bool
	echo
	// to is where the request went that a report is about; invalid if unknown.
	to netip.Addr
}

// echo is what identifies a request, in a reply or quoted in a report.
type echo struct {
	id, seq uint16
	tag     tag
	// tagged is not set in reports of routers that quote only the eight bytes of RFC 792.
	tagged bool
}

// decode reads an ICMP message, with its IP header before it in what raw IPv4 sockets give. It is not ok when it is too
// short, or of no use to us. Nothing of b is kept.
func decode(b []byte, f family, ipHeader bool) (m message, ok bool) {
	if ipHeader {
		if b, _, ok = cutIPv4(b); !ok {
			return m, false
		}
	}
	if len(b) < headerLen {
		return m, false
	}
	m.typ, m.code = b[0], b[1]
	if m.typ == f.reply() {
		m.isReply = true
		m.echo = readEcho(b)
		return m, m.tagged
	}
	if !f.reports(m.typ) {
		return m, false
	}
	quote := b[headerLen:]
	if f == v4 {
		quote, m.to, ok = cutIPv4(quote)
	} else {
		quote, m.to, ok = cutIPv6(quote)
	}
	if !ok || len(quote) < headerLen || quote[0] != f.request() {
		return m, false
	}
	m.echo = readEcho(quote)
	return m, true
}

// cutIPv4 takes the header off an ICMP packet and gives the packet's destination.
func cutIPv4(b []byte) (rest []byte, to netip.Addr, ok bool) {
	if len(b) < 20 || b[0]>>4 != 4 || b[9] != protoICMP {
		return nil, to, false
	}
	n := int(b[0]&15) * 4
	if n < 20 || n > len(b) {
		return nil, to, false
	}
	return b[n:], netip.AddrFrom4([4]byte(b[16:20])), true
}

// cutIPv6 does the same; our own requests carry no extension headers.
func cutIPv6(b []byte) (rest []byte, to netip.Addr, ok bool) {
	if len(b) < ipv6Len || b[0]>>4 != 6 || b[6] != protoICMPv6 {
		return nil, to, false
	}
	return b[ipv6Len:], netip.AddrFrom16([16]byte(b[24:40])), true
}

// readEcho reads an echo message of at least headerLen bytes.
func readEcho(b []byte) (e echo) {
	e.id, e.seq = binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:])
	if len(b) >= headerLen+tagLen {
		e.tagged = true
		e.tag = tag{
			token:  binary.BigEndian.Uint64(b[8:]),
			slot:   binary.BigEndian.Uint32(b[16:]),
			number: binary.BigEndian.Uint32(b[20:]),
		}
	}
	return e
}
