// Package wire knows how nouns travel between daemons and lie in the journal: as MessagePack, every struct a tuple of
// its exported fields in their order. Fields may only be added, and only at a struct's end: a reader fills what an older
// sender left out with zero values and skips what a newer one added. Every message begins with one byte, the form.
//
// Decoding treats the other side as hostile: no length is believed before as many bytes are there, and what a message may
// unfold to is bounded by its size.
package wire

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/tinylib/msgp/msgp"
)

// Form is the first byte of every message. It says how messages are written; another one would be another language, which
// daemons that are replaced one by one cannot speak.
const Form = 1

// Version counts what messages say: it goes up with a release in which daemons say something that older ones do not know. A
// daemon works with those of its own version, of the one before and of the one after (docs/decisions/0018-one-version-apart.md).
// What each version wrote is kept in testdata.
const Version = 2

// A message may unfold in memory to this many times its size, and a constant more.
const (
	unfoldFactor = 48
	unfoldBase   = 64 << 10
)

// ErrVersion is returned, wrapped, for a message of another form, and by Fits.
var ErrVersion = errors.New("releases that do not go together")

// Fits says whether this release works beside a daemon of a version. The version 0 is of daemons that say none, which are of version 1.
func Fits(version uint8) error {
	version = max(version, 1)
	switch {
	case version > Version+1:
		return fmt.Errorf("version %d of the messages is too new for this release, which knows %d and works with one version more: install a newer release here: %w", version, Version, ErrVersion)
	case version+1 < Version:
		return fmt.Errorf("version %d of the messages is too old for this release, which knows %d and works with one version less: upgrade by way of a release with version %d, or stop all daemons of the old one first: %w",
			version, Version, version+1, ErrVersion)
	}
	return nil
}

// Marshal encodes v, a struct, slice, map or plain value of the nouns.
func Marshal(v any) []byte { return Append(nil, v) }

// Append is Marshal into a buffer of the caller's. It panics for types that no noun has, such as channels.
func Append(dst []byte, v any) []byte {
	return appendNoun(append(dst, Form), v)
}

// AppendBatch encodes many values as one message, without an allocation but dst's growth.
func AppendBatch[T any](dst []byte, items []T) []byte {
	dst = msgp.AppendArrayHeader(append(dst, Form), uint32(len(items)))
	for i := range items {
		dst = appendNoun(dst, &items[i])
	}
	return dst
}

// Unmarshal decodes a message into v, a pointer. []byte fields point into b afterwards; strings do not.
func Unmarshal(b []byte, v any) error {
	var d Decoder
	return d.Decode(b, v)
}

// DecodeBatch appends the values of a message made by AppendBatch to into, which may be a slice to be used again.
// []byte fields point into b, and strings too with d.Alias. After an error the result is into as it was.
func DecodeBatch[T any](d *Decoder, b []byte, into []T) ([]T, error) {
	b, err := d.open(b)
	if err != nil {
		return into, err
	}
	n, b, err := msgp.ReadArrayHeaderBytes(b)
	if err != nil {
		return into, fmt.Errorf("batch: %w", err)
	}
	out, size := into, int(unsafe.Sizeof(*new(T)))
	for i := range n {
		if err := d.spend(size); err != nil {
			return into, err
		}
		out = append(out, *new(T))
		if b, err = d.noun(b, &out[len(out)-1]); err != nil {
			return into, fmt.Errorf("item %d of %d: %w", i, n, err)
		}
	}
	return out, nil
}
