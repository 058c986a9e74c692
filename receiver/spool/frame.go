package spool

import (
	"encoding/binary"
	"hash/crc32"
	"time"
)

// A segment begins with magic, and then holds frames: the length of the body, its CRC-32C, and the body, which is
//
//	time    8 bytes, when it was put here, in ns since the Unix epoch
//	shard   2
//	fixed   1
//	items   4
//	id      1 byte of length, and the text
//	data    the rest
//
// All numbers are big-endian.
const (
	magic     = "onbu spool 1\n"
	frameHead = 8
	bodyHead  = 8 + 2 + 1 + 4 + 1
	// longestBody bounds what is believed of a length: a message of the bus is smaller.
	longestBody = 2 << 20
	longestID   = 255
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Entry is a message that waits to be stored.
type Entry struct {
	Shard uint16
	// ID is the message's. With Fixed the message was perhaps stored already under it, or is known under it to its sender: it
	// goes out as it is. The data of others may be joined.
	ID    string
	Fixed bool
	// Items is how many results are in Data.
	Items uint32
	Data  []byte

	at time.Time
}

func (e *Entry) size() int64 { return int64(frameHead + bodyHead + len(e.ID) + len(e.Data)) }

// appendFrame writes an entry; its id is no longer than longestID.
func appendFrame(dst []byte, e *Entry, at time.Time) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, frameHead)...)
	dst = binary.BigEndian.AppendUint64(dst, uint64(at.UnixNano()))
	dst = binary.BigEndian.AppendUint16(dst, e.Shard)
	fixed := byte(0)
	if e.Fixed {
		fixed = 1
	}
	dst = binary.BigEndian.AppendUint32(append(dst, fixed), e.Items)
	dst = append(append(dst, byte(len(e.ID))), e.ID...)
	dst = append(dst, e.Data...)
	body := dst[start+frameHead:]
	binary.BigEndian.PutUint32(dst[start:], uint32(len(body)))
	binary.BigEndian.PutUint32(dst[start+4:], crc32.Checksum(body, castagnoli))
	return dst
}

// damaged gives how many bytes of b are frames that are not sound, by the lengths that they say, up to one that is; 0 if none is
// found so. It looks nowhere else: what a sender wrote could look like a frame.
func damaged(b []byte) int {
	at := 0
	for len(b)-at >= frameHead {
		n := int(binary.BigEndian.Uint32(b[at:]))
		if n < bodyHead || n > longestBody || n > len(b)-at-frameHead {
			return 0
		}
		if at += frameHead + n; at < len(b) {
			if _, size := cutFrame(b[at:]); size > 0 {
				return at
			}
		}
	}
	return 0
}

// cutFrame takes the first frame off b. size is 0 if none that is whole and sound begins there. Data lies in b.
func cutFrame(b []byte) (e Entry, size int) {
	if len(b) < frameHead {
		return e, 0
	}
	n := int(binary.BigEndian.Uint32(b))
	if n < bodyHead || n > longestBody || n > len(b)-frameHead {
		return e, 0
	}
	body := b[frameHead : frameHead+n]
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(b[4:]) {
		return e, 0
	}
	id := int(body[bodyHead-1])
	if n < bodyHead+id {
		return e, 0
	}
	e = Entry{
		at: time.Unix(0, int64(binary.BigEndian.Uint64(body))), Shard: binary.BigEndian.Uint16(body[8:]), Fixed: body[10] == 1,
		Items: binary.BigEndian.Uint32(body[11:]), ID: string(body[bodyHead : bodyHead+id]), Data: body[bodyHead+id:],
	}
	return e, frameHead + n
}
