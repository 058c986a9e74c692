package agent

import (
	"sync"
	"time"

	"github.com/klauspost/compress/s2"
)

// output is what an agent said, compressed piece by piece.
type output struct {
	pieces [][]byte
	at     time.Time
}

// pieceSize is how much is compressed at once, so that a large output does not take twice the memory meanwhile.
const pieceSize = 128 << 10

// packing is room for a piece, before and behind it.
type packing struct {
	raw    [pieceSize]byte
	packed [pieceSize + pieceSize/4]byte
}

// packings are used for the next output.
var packings = sync.Pool{New: func() any { return new(packing) }}

// pack compresses an output, and says how much it takes.
func pack(text string, at time.Time) (o output, size int) {
	p := packings.Get().(*packing)
	defer packings.Put(p)
	o.at = at
	for len(text) > 0 {
		n := copy(p.raw[:], text)
		piece := s2.Encode(p.packed[:], p.raw[:n])
		o.pieces = append(o.pieces, append([]byte(nil), piece...))
		size += len(piece) + 32
		text = text[n:]
	}
	return o, size
}

// text gives it back.
func (o output) text() ([]byte, error) {
	var whole []byte
	for _, piece := range o.pieces {
		raw, err := s2.Decode(nil, piece)
		if err != nil {
			return nil, err
		}
		if len(o.pieces) == 1 {
			return raw, nil
		}
		whole = append(whole, raw...)
	}
	return whole, nil
}

// remember keeps what the agent said.
func (h *host) remember(r *round) {
	if h.key.name == "" {
		return
	}
	o, size := pack(r.text, r.own.at)
	h.module.outputs.put(h.key.name, o, size+len(h.key.name)+256)
}

// Remembered implements modules.Remembering: of an output it gives what is not for other hosts.
func (m *Module) Remembered(name string) (raw []byte, at time.Time, ok bool) {
	o, ok := m.outputs.get(name)
	if !ok {
		return nil, time.Time{}, false
	}
	raw, err := o.text()
	return raw, o.at, err == nil
}
