package wire

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/klauspost/compress/s2"

	"github.com/onbu/onbu/monitor"
)

// MaxPayload bounds the data of a payload. Decoding inflates nothing to more.
const MaxPayload = 4 << 20

// ErrPayload is returned, wrapped, for a payload that says something untrue about its data or has too many.
var ErrPayload = errors.New("not a sound payload")

// The ways in which the data of a payload are written.
const (
	formPlain uint8 = iota
	formS2          // S2, a block: half to a quarter of agent output's size, at a few microseconds for 4 KiB
)

// parcel is a payload on its way.
type parcel struct {
	Target, Source, Site string
	At                   monitor.Time
	Raw                  string
	Form                 uint8
	Size                 uint64 // of the data as they were
	Data                 []byte
	Origin               string
}

// AppendPayload appends the message of a payload, its data compressed where that helps. Seq does not travel. The message of
// one with more data than MaxPayload will not be decoded.
func AppendPayload(dst []byte, p *monitor.Payload) []byte {
	var c Compressor
	return c.AppendPayload(dst, p)
}

// Compressor is AppendPayload for one goroutine that has many: it keeps its memory. The zero value is ready.
type Compressor struct {
	buf    []byte
	parcel parcel
}

// AppendPayload is described at the function of that name.
func (c *Compressor) AppendPayload(dst []byte, p *monitor.Payload) []byte {
	c.parcel = parcel{Target: p.Target, Source: p.Source, Site: p.Site, At: p.At, Raw: p.Raw, Form: formPlain, Size: uint64(len(p.Data)), Data: p.Data, Origin: p.Origin}
	if n := s2.MaxEncodedLen(len(p.Data)); n >= 0 && len(p.Data) <= MaxPayload {
		if cap(c.buf) < n {
			c.buf = make([]byte, n)
		}
		if small := s2.Encode(c.buf[:cap(c.buf)], p.Data); len(small) < len(p.Data) {
			c.parcel.Form, c.parcel.Data = formS2, small
		}
	}
	dst = Append(dst, &c.parcel)
	c.parcel = parcel{}
	return dst
}

// DecodePayload reads a payload; its data are the caller's.
func DecodePayload(d *Decoder, b []byte) (monitor.Payload, error) {
	p, q, err := decodeParcel(d, b)
	if err != nil {
		return p, err
	}
	if q.Form == formPlain {
		p.Data = bytes.Clone(q.Data)
		return p, nil
	}
	if p.Data, err = s2.Decode(make([]byte, q.Size), q.Data); err != nil {
		return p, fmt.Errorf("%w: %d bytes for %q from %q: %w", ErrPayload, q.Size, p.Target, p.Source, err)
	}
	return p, nil
}

// DecodePayloadHead is DecodePayload without the data; size is how many bytes they have.
func DecodePayloadHead(d *Decoder, b []byte) (p monitor.Payload, size int, err error) {
	p, q, err := decodeParcel(d, b)
	return p, int(q.Size), err
}

// decodeParcel reads all but the data, and looks that these have the size that is said.
func decodeParcel(d *Decoder, b []byte) (monitor.Payload, parcel, error) {
	var q parcel
	if err := d.Decode(b, &q); err != nil {
		return monitor.Payload{}, parcel{}, fmt.Errorf("payload: %w", err)
	}
	p := monitor.Payload{Target: q.Target, Source: q.Source, Site: q.Site, At: q.At, Raw: q.Raw, Origin: q.Origin}
	size, err := len(q.Data), error(nil)
	if q.Form == formS2 {
		size, err = s2.DecodedLen(q.Data)
	}
	switch {
	case err != nil:
		return p, parcel{}, fmt.Errorf("%w: %w", ErrPayload, err)
	case q.Form > formS2:
		return p, parcel{}, fmt.Errorf("%w: its data have the unknown form %d", ErrPayload, q.Form)
	case size > MaxPayload || uint64(size) != q.Size:
		return p, parcel{}, fmt.Errorf("%w: %d bytes for %q from %q, said to be %d; %d are allowed", ErrPayload, size, p.Target, p.Source, q.Size, MaxPayload)
	}
	return p, q, nil
}
