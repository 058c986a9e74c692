package piggyback

import "bytes"

// text grows by pieces once it is long, so that growing leaves nothing behind for the garbage collector.
type text struct {
	pieces Pieces
	full   [][]byte
	open   []byte
	size   int // bytes in all
	held   int // bytes of room in all
}

// piece is how long a text is when it goes on in pieces, and how long these are.
const piece = 1 << 20

// Pieces lends the room that long outputs are gathered in, so that it can be used for the next one.
type Pieces interface {
	Take() *[1 << 20]byte
	GiveBack(p *[1 << 20]byte)
}

// ownPieces lends what nobody used before.
type ownPieces struct{}

func (ownPieces) Take() *[piece]byte    { return new([piece]byte) }
func (ownPieces) GiveBack(*[piece]byte) {}

// add appends p.
func (t *text) add(p []byte) {
	t.size += len(p)
	for len(p) > 0 {
		if cap(t.open) < piece {
			t.held -= cap(t.open)
			t.open = append(t.open, p...)
			t.held += cap(t.open)
			return
		}
		n := min(len(p), cap(t.open)-len(t.open))
		t.open = append(t.open, p[:n]...)
		if p = p[n:]; len(p) > 0 {
			t.full = append(t.full, t.open)
			t.open = t.pieces.Take()[:0]
			t.held += piece
		}
	}
}

// cut takes off what stands behind the last end of a line.
func (t *text) cut() {
	for {
		at := bytes.LastIndexByte(t.open, '\n') + 1
		t.size -= len(t.open) - at
		t.open = t.open[:at]
		last := len(t.full) - 1
		if at > 0 || last < 0 {
			return
		}
		t.held -= cap(t.open)
		t.giveBack(t.open)
		t.open, t.full = t.full[last], t.full[:last]
	}
}

// bytes gives it in one piece.
func (t *text) bytes() []byte {
	if len(t.full) == 0 {
		return t.open
	}
	whole := make([]byte, 0, t.size)
	for i, p := range t.full {
		whole, t.full[i] = append(whole, p...), nil
		t.giveBack(p)
	}
	whole = append(whole, t.open...)
	t.giveBack(t.open)
	t.open, t.full, t.held = whole, nil, cap(whole)
	return t.open
}

// discard ends a text that nobody wants.
func (t *text) discard() {
	for _, p := range t.full {
		t.giveBack(p)
	}
	if len(t.full) > 0 {
		t.giveBack(t.open)
	}
	*t = text{pieces: t.pieces}
}

// giveBack takes a piece that nobody uses any more. The first one of a text has some other length.
func (t *text) giveBack(p []byte) {
	if cap(p) == piece {
		t.pieces.GiveBack((*[piece]byte)(p[:piece]))
	}
}
