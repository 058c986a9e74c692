package graphite

import (
	"encoding/binary"
	"math"
	"strconv"
)

// Bounds of what is sent at once. carbon closes a connection that brings a pickle of more than 2^20 bytes, and looks at
// nothing else meanwhile; a datagram should fit into an Ethernet frame.
const (
	mostPickle   = 256 << 10
	mostDatagram = 1400
)

// encoder gathers points, as lines or as pickles, in packets. The zero encoder wants a reset.
type encoder struct {
	pickle  bool
	most    int // bytes of a packet; 0 for one packet
	points  int
	buf     []byte
	packet  int   // where the one begins that is being filled
	ends    []int // of the packets that are full
	pending [][]byte
}

func (e *encoder) reset(pickle, datagrams bool) {
	e.pickle, e.most = pickle, 0
	switch {
	case pickle:
		e.most = mostPickle
	case datagrams:
		e.most = mostDatagram
	}
	e.points, e.packet = 0, 0
	e.buf, e.ends = e.buf[:0], e.ends[:0]
}

// add encodes a point; value is finite.
func (e *encoder) add(path []byte, at int64, value float64) {
	if e.most > 0 && len(e.buf) > e.packet && len(e.buf)-e.packet+len(path)+64 > e.most {
		e.end()
	}
	e.points++
	if e.pickle {
		e.addPickled(path, at, value)
		return
	}
	e.buf = append(append(e.buf, path...), ' ')
	e.buf = append(appendValue(e.buf, value), ' ')
	e.buf = append(strconv.AppendInt(e.buf, at, 10), '\n')
}

// appendValue writes what people would write, where that is short.
func appendValue(dst []byte, v float64) []byte {
	if size := math.Abs(v); v == 0 || size >= 1e-6 && size < 1e16 {
		return strconv.AppendFloat(dst, v, 'f', -1, 64)
	}
	return strconv.AppendFloat(dst, v, 'e', -1, 64)
}

// The opcodes of Python's pickle, protocol 2 (pickletools.py of CPython).
const (
	opProto      = 0x80
	opEmptyList  = ']'
	opMark       = '('
	opBinUnicode = 'X'
	opBinInt     = 'J'
	opLong1      = 0x8a
	opBinFloat   = 'G'
	opTuple2     = 0x86
	opAppends    = 'e'
	opStop       = '.'
)

// addPickled adds (path, (at, value)) to the list of the packet.
func (e *encoder) addPickled(path []byte, at int64, value float64) {
	if len(e.buf) == e.packet {
		e.buf = append(e.buf, 0, 0, 0, 0, opProto, 2, opEmptyList, opMark)
	}
	e.buf = binary.LittleEndian.AppendUint32(append(e.buf, opBinUnicode), uint32(len(path)))
	e.buf = append(e.buf, path...)
	if int64(int32(at)) == at {
		e.buf = binary.LittleEndian.AppendUint32(append(e.buf, opBinInt), uint32(int32(at)))
	} else {
		e.buf = binary.LittleEndian.AppendUint64(append(e.buf, opLong1, 8), uint64(at))
	}
	e.buf = binary.BigEndian.AppendUint64(append(e.buf, opBinFloat), math.Float64bits(value))
	e.buf = append(e.buf, opTuple2, opTuple2)
}

// end closes the packet that is being filled.
func (e *encoder) end() {
	if len(e.buf) == e.packet {
		return
	}
	if e.pickle {
		e.buf = append(e.buf, opAppends, opStop)
		binary.BigEndian.PutUint32(e.buf[e.packet:], uint32(len(e.buf)-e.packet-4))
	}
	e.packet = len(e.buf)
	e.ends = append(e.ends, e.packet)
}

// packets gives what was encoded; it is the encoder's again at the next reset.
func (e *encoder) packets() [][]byte {
	e.end()
	e.pending = e.pending[:0]
	from := 0
	for _, end := range e.ends {
		e.pending = append(e.pending, e.buf[from:end])
		from = end
	}
	return e.pending
}
