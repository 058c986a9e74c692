package packet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
)

const (
	// InitSize is the size of the server's greeting.
	InitSize = ivSize + 4
	// Short is the size of a packet of NSCA up to 2.8 and of send_nsca --legacy-2-7-mode, Long that of NSCA since 2.9. They differ
	// in the room for the output.
	Short, Long = 720, 4304

	ivSize  = 128
	version = 3
)

// Where the fields of a packet are. Two bytes follow the output in either size.
const (
	atSum     = 4
	atTime    = 8
	atCode    = 12
	atHost    = 14
	atService = 78
	atOutput  = 206
	tail      = 2
	// head is as much as says whether a packet is of this connection at all.
	head = atCode
)

// Why a packet is refused. All are final for its connection: where the next packet begins is not known any more.
var (
	// ErrVersion and ErrSum mean that the sender has another password or method, mostly.
	ErrVersion = errors.New("the packet's version is not 3")
	ErrSum     = errors.New("the packet's checksum is wrong")
	// ErrAge says that the packet does not bear the time of its connection's greeting.
	ErrAge = errors.New("the packet is too old or from the future")
)

// Packet is one result as sent. The fields lie in the memory that it was decoded from.
type Packet struct {
	Code    int16
	Host    []byte
	Service []byte // empty for the host itself
	Output  []byte
	// Cut says that the output fills all the room that the packet has for it: its end is probably missing.
	Cut bool
}

// Decoder decodes the packets of one connection.
type Decoder struct {
	s       stream
	greeted uint32
	ages    Ages
	done    int // so many bytes of the packet at hand are decrypted
}

// Ages says how many seconds before and after its connection's greeting a packet's time may be; negative for any.
type Ages struct{ Before, After int64 }

// NewDecoder gives a decoder for a connection that the server greeted as init says, InitSize bytes.
func NewDecoder(k *Key, init []byte, a Ages) *Decoder {
	return &Decoder{s: k.stream(init), greeted: binary.BigEndian.Uint32(init[ivSize:]), ages: a}
}

// Next decodes the packet that buf begins with, in its place, and gives its size. While that is 0 and there is no error, more
// bytes are needed: the next call gets the same ones with more behind them. After an error the decoder is of no use.
//
// Neither size is announced: the first 720 bytes are a packet if their checksum says so, else 4,304 are.
func (d *Decoder) Next(buf []byte) (p Packet, size int, err error) {
	if len(buf) < head {
		return p, 0, nil
	}
	d.decrypt(buf, head)
	if err := d.judge(buf); err != nil || len(buf) < Short {
		return p, 0, err
	}
	d.decrypt(buf, Short)
	sum := sumOf(buf[:Short])
	if sum == binary.BigEndian.Uint32(buf[atSum:]) {
		d.done = 0
		return fields(buf[:Short]), Short, nil
	}
	if len(buf) < Long {
		return p, 0, nil
	}
	d.decrypt(buf, Long)
	if crc32.Update(sum, crc32.IEEETable, buf[Short:Long]) != binary.BigEndian.Uint32(buf[atSum:]) {
		return p, 0, ErrSum
	}
	d.done = 0
	return fields(buf[:Long]), Long, nil
}

// decrypt decrypts so much of the packet at hand as is not yet.
func (d *Decoder) decrypt(buf []byte, end int) {
	if d.done < end {
		d.s.decrypt(buf[d.done:end], d.done)
		d.done = end
	}
}

// judge looks at what stands at the head of every packet of this connection.
func (d *Decoder) judge(buf []byte) error {
	if v := binary.BigEndian.Uint16(buf); v != version {
		return ErrVersion
	}
	after := int64(binary.BigEndian.Uint32(buf[atTime:])) - int64(d.greeted)
	if d.ages.After >= 0 && after > d.ages.After || d.ages.Before >= 0 && -after > d.ages.Before {
		return ErrAge
	}
	return nil
}

// sumOf is the checksum of a packet, with zeros in the place of the checksum.
func sumOf(b []byte) uint32 {
	said := binary.BigEndian.Uint32(b[atSum:])
	binary.BigEndian.PutUint32(b[atSum:], 0)
	sum := crc32.ChecksumIEEE(b)
	binary.BigEndian.PutUint32(b[atSum:], said)
	return sum
}

func fields(b []byte) Packet {
	room := len(b) - atOutput - tail
	p := Packet{
		Code: int16(binary.BigEndian.Uint16(b[atCode:])),
		Host: text(b[atHost:atService]), Service: text(b[atService:atOutput]), Output: text(b[atOutput : atOutput+room]),
	}
	p.Cut = len(p.Output) >= room-1
	return p
}

// text is what stands before the first NUL.
func text(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}

// Encoder makes the packets of one connection, as send_nsca does.
type Encoder struct {
	s       stream
	greeted uint32
}

// NewEncoder gives an encoder for a connection whose server greeted with init, InitSize bytes.
func NewEncoder(k *Key, init []byte) *Encoder {
	return &Encoder{s: k.stream(init), greeted: binary.BigEndian.Uint32(init[ivSize:])}
}

// Append appends a packet of a size, Short or Long. Texts that are too long are cut.
func (e *Encoder) Append(b []byte, p Packet, size int) []byte {
	at := len(b)
	b = slices.Grow(b, size)[:at+size]
	raw := b[at:]
	clear(raw)
	binary.BigEndian.PutUint16(raw, version)
	binary.BigEndian.PutUint32(raw[atTime:], e.greeted)
	binary.BigEndian.PutUint16(raw[atCode:], uint16(p.Code))
	copy(raw[atHost:atService-1], p.Host)
	copy(raw[atService:atOutput-1], p.Service)
	copy(raw[atOutput:size-tail-1], p.Output)
	binary.BigEndian.PutUint32(raw[atSum:], sumOf(raw))
	e.s.encrypt(raw)
	return b
}
