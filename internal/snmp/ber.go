package snmp

import "errors"

// The tags of values: X.690 for the universal ones, RFC 3416 for the rest. An Opaque may hold net-snmp's floats and 64-bit
// numbers (asn1.h).
const (
	TagInteger        = 0x02
	TagBits           = 0x03
	TagOctets         = 0x04
	TagNull           = 0x05
	TagOID            = 0x06
	TagIPAddress      = 0x40
	TagCounter32      = 0x41
	TagGauge32        = 0x42
	TagTimeTicks      = 0x43
	TagOpaque         = 0x44
	TagCounter64      = 0x46
	TagUInteger       = 0x47
	TagNoSuchObject   = 0x80
	TagNoSuchInstance = 0x81
	TagEndOfMibView   = 0x82
)

// The tags of messages' parts (RFC 3416, 3).
const (
	tagSequence = 0x30
	tagGet      = 0xa0
	tagGetNext  = 0xa1
	tagResponse = 0xa2
	tagGetBulk  = 0xa5
	tagReport   = 0xa8
)

var errBER = errors.New("malformed BER")

// appendTLV appends one element: tag, length, body.
func appendTLV(b []byte, tag byte, body []byte) []byte {
	return append(appendHead(b, tag, len(body)), body...)
}

// appendHead appends tag and length of an element whose body of size octets is appended next.
func appendHead(b []byte, tag byte, size int) []byte {
	switch {
	case size < 0x80:
		return append(b, tag, byte(size))
	case size < 0x100:
		return append(b, tag, 0x81, byte(size))
	}
	return append(b, tag, 0x82, byte(size>>8), byte(size))
}

// tlvSize is how many octets an element with a body of size octets takes.
func tlvSize(size int) int {
	switch {
	case size < 0x80:
		return 2 + size
	case size < 0x100:
		return 3 + size
	}
	return 4 + size
}

// intSize is how many octets appendInt appends.
func intSize(n int64) int {
	size := 3
	for ; n > 127 || n < -128; n >>= 8 {
		size++
	}
	return size
}

// appendInt appends an INTEGER in the fewest octets.
func appendInt(b []byte, n int64) []byte {
	size := intSize(n) - 2
	b = append(b, TagInteger, byte(size))
	for i := size - 1; i >= 0; i-- {
		b = append(b, byte(n>>(8*i)))
	}
	return b
}

// reader takes BER elements off a message one by one. After the first element that is not as asked for, err is set and
// every further call gives zero values. Bodies are parts of the message.
type reader struct {
	msg      []byte
	pos, end int
	err      error
}

func newReader(msg []byte) reader { return reader{msg: msg, end: len(msg)} }

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
func (r *reader) enter(tag byte) reader {
	got, body := r.element()
	if got != tag && r.err == nil {
		r.err = errBER
	}
	body.err = r.err
	return body
}

// octets takes an OCTET STRING; off is where in the message it begins.
func (r *reader) octets() (b []byte, off int) {
	body := r.enter(TagOctets)
	if body.err != nil {
		return nil, 0
	}
	return body.bytes(), body.pos
}

// bytes gives what is left to read.
func (r *reader) bytes() []byte { return r.msg[r.pos:r.end] }

// int takes an INTEGER of at most 32 bits.
func (r *reader) int() int64 {
	body := r.enter(TagInteger)
	if body.err != nil {
		return 0
	}
	n, ok := Signed(body.bytes())
	if !ok || n != int64(int32(n)) {
		r.err = errBER
	}
	return n
}

// Signed reads a two's complement number of 1 to 8 octets.
func Signed(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 8 {
		return 0, false
	}
	n := int64(int8(b[0]))
	for _, c := range b[1:] {
		n = n<<8 | int64(c)
	}
	return n, true
}

// Unsigned reads a number of 1 to 8 octets, or of 9 with a leading zero.
func Unsigned(b []byte) (uint64, bool) {
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
