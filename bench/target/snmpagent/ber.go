package snmpagent

import "encoding/binary"

// Tags of the messages and values that an agent of SNMP v1 or v2c meets: RFC 1157, RFC 3416.
const (
	tagInteger   = 0x02
	tagString    = 0x04
	tagNull      = 0x05
	tagOID       = 0x06
	tagSequence  = 0x30
	tagCounter32 = 0x41
	tagGauge32   = 0x42
	tagTimeTicks = 0x43
	tagCounter64 = 0x46

	tagNoSuchObject   = 0x80
	tagNoSuchInstance = 0x81
	tagEndOfMibView   = 0x82

	tagGet      = 0xa0
	tagGetNext  = 0xa1
	tagResponse = 0xa2
	tagGetBulk  = 0xa5
)

// cut takes the first element off b: its tag, its content and what follows. ok is false for what is not an element.
func cut(b []byte) (tag byte, content, rest []byte, ok bool) {
	if len(b) < 2 {
		return 0, nil, nil, false
	}
	tag, n, at := b[0], int(b[1]), 2
	if n >= 0x80 {
		digits := n & 0x7f
		if digits == 0 || digits > 3 || len(b) < 2+digits {
			return 0, nil, nil, false
		}
		n = 0
		for _, d := range b[2 : 2+digits] {
			n = n<<8 | int(d)
		}
		at += digits
	}
	if n > len(b)-at {
		return 0, nil, nil, false
	}
	return tag, b[at : at+n], b[at+n:], true
}

// cutInt takes an INTEGER of at most four bytes off b.
func cutInt(b []byte) (v int32, rest []byte, ok bool) {
	tag, content, rest, ok := cut(b)
	if !ok || tag != tagInteger || len(content) == 0 || len(content) > 4 {
		return 0, nil, false
	}
	v = int32(int8(content[0]))
	for _, d := range content[1:] {
		v = v<<8 | int32(d)
	}
	return v, rest, true
}

// maxSubs is the longest object identifier that an agent has to take: RFC 3416, section 2.
const maxSubs = 128

// oid is an object identifier as numbers.
type oid struct {
	n    int
	subs [maxSubs]uint32
}

// parse reads the content of an OBJECT IDENTIFIER.
func (o *oid) parse(content []byte) bool {
	o.n = 0
	v, open := uint64(0), false
	for _, b := range content {
		v, open = v<<7|uint64(b&0x7f), true
		if v > 1<<32-1 {
			return false
		}
		if b >= 0x80 {
			continue
		}
		if o.n == 0 { // the first two numbers share one: X.690, 8.19.4
			first := min(v/40, 2)
			o.subs[0], v, o.n = uint32(first), v-40*first, 1
		}
		if o.n == maxSubs {
			return false
		}
		o.subs[o.n] = uint32(v)
		o.n++
		v, open = 0, false
	}
	return !open
}

// whole says whether content is that of an OBJECT IDENTIFIER: numbers of 32 bits, the last of which is not cut off. A name
// that is given back unread has to be one.
func whole(content []byte) bool {
	v, open := uint64(0), false
	for _, b := range content {
		v, open = v<<7|uint64(b&0x7f), b >= 0x80
		if v > 1<<32-1 {
			return false
		}
		if !open {
			v = 0
		}
	}
	return !open && len(content) > 0
}

// encodeOID gives the content of an OBJECT IDENTIFIER of at least two numbers.
func encodeOID(subs []uint32) []byte {
	out := appendSub(nil, subs[0]*40+subs[1])
	for _, s := range subs[2:] {
		out = appendSub(out, s)
	}
	return out
}

// appendSub appends one number of an object identifier.
func appendSub(b []byte, v uint32) []byte {
	for shift := 28; shift > 0; shift -= 7 {
		if v>>shift != 0 {
			b = append(b, byte(v>>shift)|0x80)
		}
	}
	return append(b, byte(v&0x7f))
}

// appendUint appends a number that is never negative, in the fewest bytes.
func appendUint(b []byte, tag byte, v uint64) []byte {
	var raw [9]byte // a zero in front keeps the sign
	binary.BigEndian.PutUint64(raw[1:], v)
	at := 0
	for at < 8 && raw[at] == 0 && raw[at+1] < 0x80 {
		at++
	}
	b = append(b, tag, byte(9-at))
	return append(b, raw[at:]...)
}

// appendText appends a string of at most 127 bytes.
func appendText(b []byte, tag byte, text string) []byte {
	return append(append(b, tag, byte(len(text))), text...)
}

// putHead writes tag and length so that they end where b's content begins, at offset at, and gives the offset of the tag.
func putHead(b []byte, at int, tag byte, length int) int {
	switch {
	case length < 0x80:
		at--
		b[at] = byte(length)
	case length < 0x100:
		at -= 2
		b[at], b[at+1] = 0x81, byte(length)
	default:
		at -= 3
		b[at], b[at+1], b[at+2] = 0x82, byte(length>>8), byte(length)
	}
	at--
	b[at] = tag
	return at
}

// putInt writes an INTEGER of four bytes or fewer so that it ends at offset at, and gives the offset of its tag.
func putInt(b []byte, at int, v int32) int {
	end := at
	for {
		at--
		b[at] = byte(v)
		rest := v >> 8
		if rest == 0 && b[at] < 0x80 || rest == -1 && b[at] >= 0x80 {
			return putHead(b, at, tagInteger, end-at)
		}
		v = rest
	}
}
