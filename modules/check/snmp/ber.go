package snmp

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// The tags of SNMP's BER: X.690 for the universal ones, RFC 3416 for the rest; opaque floats and 64-bit numbers are
// net-snmp's (asn1.h), wrapped in an Opaque.
const (
	tagInteger   = 0x02
	tagBits      = 0x03
	tagOctets    = 0x04
	tagNull      = 0x05
	tagOID       = 0x06
	tagSequence  = 0x30
	tagIPAddress = 0x40
	tagCounter32 = 0x41
	tagGauge32   = 0x42
	tagTimeTicks = 0x43
	tagOpaque    = 0x44
	tagCounter64 = 0x46
	tagUInteger  = 0x47

	tagNoSuchObject   = 0x80
	tagNoSuchInstance = 0x81
	tagEndOfMibView   = 0x82

	tagGet      = 0xa0
	tagGetNext  = 0xa1
	tagResponse = 0xa2
	tagReport   = 0xa8
)

// maxArcs is the longest object identifier that SNMP allows (RFC 3416, 2.1).
const maxArcs = 128

var errBER = errors.New("malformed BER")

// oid is an object identifier, one number an arc, two arcs at least.
type oid []uint32

// parseOID reads 1.3.6.1 or .1.3.6.1.
func parseOID(s string) (oid, error) {
	arcs := strings.Split(strings.TrimPrefix(s, "."), ".")
	if len(arcs) < 2 || len(arcs) > maxArcs {
		return nil, errors.New("an object identifier has 2 to 128 numbers")
	}
	o := make(oid, len(arcs))
	for i, arc := range arcs {
		n, err := strconv.ParseUint(arc, 10, 32)
		if err != nil || arc[0] == '+' {
			return nil, errors.New("not a number from 0 to 4294967295: " + strconv.Quote(arc))
		}
		o[i] = uint32(n)
	}
	if o[0] > 2 || o[0] < 2 && o[1] >= 40 || o[1] > math.MaxUint32-80 {
		return nil, errors.New("no object identifier begins with " + arcs[0] + "." + arcs[1])
	}
	return o, nil
}

// startsWith says whether o lies at or below prefix.
func (o oid) startsWith(prefix oid) bool {
	if len(o) < len(prefix) {
		return false
	}
	for i, arc := range prefix {
		if o[i] != arc {
			return false
		}
	}
	return true
}

// appendDotted appends the arcs parted and preceded by dots: .3.6.1.
func (o oid) appendDotted(b []byte) []byte {
	for _, arc := range o {
		b = strconv.AppendUint(append(b, '.'), uint64(arc), 10)
	}
	return b
}

// appendTLV appends one element: tag, length, body.
func appendTLV(b []byte, tag byte, body []byte) []byte {
	b = append(b, tag)
	switch n := len(body); {
	case n < 0x80:
		b = append(b, byte(n))
	case n < 0x100:
		b = append(b, 0x81, byte(n))
	default:
		b = append(b, 0x82, byte(n>>8), byte(n))
	}
	return append(b, body...)
}

// appendInt appends an INTEGER in the fewest octets.
func appendInt(b []byte, n int64) []byte {
	size := 1
	for v := n; v > 127 || v < -128; v >>= 8 {
		size++
	}
	b = append(b, tagInteger, byte(size))
	for i := size - 1; i >= 0; i-- {
		b = append(b, byte(n>>(8*i)))
	}
	return b
}

func appendOID(b []byte, o oid) []byte {
	body := appendArc(make([]byte, 0, 32), o[0]*40+o[1])
	for _, arc := range o[2:] {
		body = appendArc(body, arc)
	}
	return appendTLV(b, tagOID, body)
}

func appendArc(b []byte, n uint32) []byte {
	for shift := 28; shift > 0; shift -= 7 {
		if n>>shift != 0 {
			b = append(b, byte(n>>shift)|0x80)
		}
	}
	return append(b, byte(n)&0x7f)
}

// reader takes BER elements off a message one by one. After the first element that is not as asked for, err is set and
// every further call gives zero values. Bodies are parts of the message.
type reader struct {
	msg      []byte
	pos, end int
	err      error
}

func newReader(msg []byte) *reader { return &reader{msg: msg, end: len(msg)} }

// more says whether elements are left.
func (r *reader) more() bool { return r.err == nil && r.pos < r.end }

// element takes the next element, whatever its tag; body holds where it lies.
func (r *reader) element() (tag byte, body reader) {
	if r.err != nil || r.end-r.pos < 2 {
		r.err = errBER
		return 0, reader{err: errBER}
	}
	tag = r.msg[r.pos]
	size, pos := int(r.msg[r.pos+1]), r.pos+2
	if size >= 0x80 {
		octets := size & 0x7f
		if octets == 0 || octets > 4 || octets > r.end-pos {
			r.err = errBER
			return 0, reader{err: errBER}
		}
		size = 0
		for _, c := range r.msg[pos : pos+octets] {
			size = size<<8 | int(c)
		}
		pos += octets
	}
	if size < 0 || size > r.end-pos {
		r.err = errBER
		return 0, reader{err: errBER}
	}
	r.pos = pos + size
	return tag, reader{msg: r.msg, pos: pos, end: pos + size}
}

// enter takes an element of the tag and gives a reader of what is inside.
func (r *reader) enter(tag byte) *reader {
	got, body := r.element()
	if got != tag && r.err == nil {
		r.err = errBER
	}
	body.err = r.err
	return &body
}

// octets takes an OCTET STRING; off is where in the message it begins.
func (r *reader) octets() (b []byte, off int) {
	body := r.enter(tagOctets)
	if body.err != nil {
		return nil, 0
	}
	return body.bytes(), body.pos
}

// bytes gives what is left to read.
func (r *reader) bytes() []byte { return r.msg[r.pos:r.end] }

// int takes an INTEGER of at most 32 bits.
func (r *reader) int() int64 {
	body := r.enter(tagInteger)
	if body.err != nil {
		return 0
	}
	n, ok := signed(body.bytes())
	if !ok || n != int64(int32(n)) {
		r.err = errBER
	}
	return n
}

// signed reads a two's complement number of 1 to 8 octets.
func signed(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 8 {
		return 0, false
	}
	n := int64(int8(b[0]))
	for _, c := range b[1:] {
		n = n<<8 | int64(c)
	}
	return n, true
}

// unsigned reads a number of 1 to 8 octets, or of 9 with a leading zero.
func unsigned(b []byte) (uint64, bool) {
	if len(b) == 9 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 8 {
		return 0, false
	}
	var n uint64
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n, true
}

// decodeOID reads the body of an OBJECT IDENTIFIER.
func decodeOID(b []byte) (oid, bool) {
	if len(b) == 0 {
		return oid{0, 0}, true // as net-snmp reads it
	}
	o := make(oid, 0, min(len(b)+1, maxArcs))
	for len(b) > 0 {
		var arc uint64
		n := 0
		for n < len(b) && b[n]&0x80 != 0 {
			arc = arc<<7 | uint64(b[n]&0x7f)
			n++
		}
		if n == len(b) || n > 4 || len(o) == maxArcs {
			return nil, false
		}
		arc = arc<<7 | uint64(b[n])
		if arc > math.MaxUint32 {
			return nil, false
		}
		b = b[n+1:]
		if len(o) == 0 {
			first := min(arc/40, 2)
			o, arc = append(o, uint32(first)), arc-40*first
		}
		o = append(o, uint32(arc))
	}
	return o, true
}
