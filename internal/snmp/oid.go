package snmp

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// OID is an object identifier as it stands in messages: the octets of its BER encoding without tag and length, in their
// only short form. So it can be compared with ==, be a key, and be sent without any work; it takes an octet for most of
// its numbers. "" stands for what an agent sends as an empty one; it is shown as 0.0, as net-snmp does.
type OID string

// maxArcs is the longest object identifier that SNMP allows (RFC 3416, 2.1).
const maxArcs = 128

// ParseOID reads 1.3.6.1 or .1.3.6.1.
func ParseOID(s string) (OID, error) {
	arcs := strings.Split(strings.TrimPrefix(s, "."), ".")
	if len(arcs) < 2 || len(arcs) > maxArcs {
		return "", errors.New("an object identifier has 2 to 128 numbers")
	}
	b, first := make([]byte, 0, 2*len(arcs)), uint32(0)
	for i, arc := range arcs {
		n, err := strconv.ParseUint(arc, 10, 32)
		if err != nil || arc[0] == '+' {
			return "", errors.New("not a number from 0 to 4294967295: " + strconv.Quote(arc))
		}
		switch {
		case i == 0:
			first = uint32(n)
			continue
		case i == 1:
			if first > 2 || first < 2 && n >= 40 || n > math.MaxUint32-80 {
				return "", errors.New("no object identifier begins with " + arcs[0] + "." + arc)
			}
			n += uint64(first) * 40
		}
		b = appendArc(b, uint32(n))
	}
	return OID(b), nil
}

// Under says whether o lies at or below prefix.
func (o OID) Under(prefix OID) bool { return strings.HasPrefix(string(o), string(prefix)) }

// Below gives the object identifier with more numbers at its end, those of index: "3" or "1.32.4".
func (o OID) Below(index string) (OID, error) {
	b := []byte(o)
	for arc := range strings.SplitSeq(index, ".") {
		n, err := strconv.ParseUint(arc, 10, 32)
		if err != nil || arc[0] == '+' {
			return "", errors.New("not a number from 0 to 4294967295: " + strconv.Quote(arc))
		}
		b = appendArc(b, uint32(n))
	}
	if OID(b).arcs() > maxArcs {
		return "", errors.New("an object identifier has 2 to 128 numbers")
	}
	return OID(b), nil
}

// Child gives the object identifier with one number more.
func (o OID) Child(arc uint32) OID { return OID(appendArc([]byte(o), arc)) }

// Compare gives -1, 0 or 1 as o comes before p in the order of a walk, is the same, or comes behind.
func (o OID) Compare(p OID) int {
	// An octet that differs lies in numbers that differ: the longer number is the larger, else the octet decides.
	n := 0
	for n < len(o) && n < len(p) && o[n] == p[n] {
		n++
	}
	switch {
	case n == len(o) && n == len(p):
		return 0
	case n == len(o):
		return -1
	case n == len(p):
		return 1
	}
	start := n
	for start > 0 && o[start-1]&0x80 != 0 {
		start--
	}
	a, b := arcLen(o[start:]), arcLen(p[start:])
	if a < b || a == b && o[n] < p[n] {
		return -1
	}
	return 1
}

// arcLen is how many octets the first number of o takes.
func arcLen(o OID) int {
	n := 1
	for n < len(o) && o[n-1]&0x80 != 0 {
		n++
	}
	return n
}

// arcs counts the numbers.
func (o OID) arcs() int {
	n := 1
	for i := range len(o) {
		if o[i]&0x80 == 0 {
			n++
		}
	}
	return n
}

// Arcs gives the numbers one by one: two at least, as the first octets stand for two.
func (o OID) Arcs(yield func(uint32) bool) {
	if o == "" {
		if yield(0) {
			yield(0)
		}
		return
	}
	arc, first := uint32(0), true
	for i := range len(o) {
		arc = arc<<7 | uint32(o[i]&0x7f)
		if o[i]&0x80 != 0 {
			continue
		}
		if first {
			root := min(arc/40, 2)
			if !yield(root) {
				return
			}
			arc, first = arc-40*root, false
		}
		if !yield(arc) {
			return
		}
		arc = 0
	}
}

// Append appends the numbers parted by dots, without one in front.
func (o OID) Append(b []byte) []byte {
	start := len(b)
	for arc := range o.Arcs {
		if len(b) > start {
			b = append(b, '.')
		}
		b = strconv.AppendUint(b, uint64(arc), 10)
	}
	return b
}

// AppendBelow appends what o has more than prefix, which it lies under, each number with a dot in front: ".3.1".
func (o OID) AppendBelow(b []byte, prefix OID) []byte {
	arc := uint32(0)
	for i := len(prefix); i < len(o); i++ {
		if arc = arc<<7 | uint32(o[i]&0x7f); o[i]&0x80 == 0 {
			b = strconv.AppendUint(append(b, '.'), uint64(arc), 10)
			arc = 0
		}
	}
	return b
}

// Index gives what o has more than prefix, which it lies under: "3.1".
func (o OID) Index(prefix OID) string {
	return strings.TrimPrefix(string(o.AppendBelow(nil, prefix)), ".")
}

// String gives .1.3.6.1.
func (o OID) String() string { return "." + string(o.Append(nil)) }

func appendArc(b []byte, n uint32) []byte {
	for shift := 28; shift > 0; shift -= 7 {
		if n>>shift != 0 {
			b = append(b, byte(n>>shift)|0x80)
		}
	}
	return append(b, byte(n)&0x7f)
}

// validOID says whether b is the body of an OBJECT IDENTIFIER in its short form, with numbers of at most 32 bits.
func validOID(b []byte) bool {
	arcs, size, arc := 1, 0, uint64(0)
	for _, c := range b {
		if size == 0 && c == 0x80 || size == 5 { // zeros in front, or too long
			return false
		}
		arc = arc<<7 | uint64(c&0x7f)
		if size++; c&0x80 != 0 {
			continue
		}
		if arc > math.MaxUint32 {
			return false
		}
		arcs, size, arc = arcs+1, 0, 0
	}
	return size == 0 && arcs <= maxArcs
}
