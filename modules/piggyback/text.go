package piggyback

import "bytes"

// text grows by pieces once it is long, so that growing leaves nothing behind for the garbage collector.
type text struct {
	full [][]byte
	open []byte
	size int // bytes in all
	held int // bytes of room in all
}

// piece is how long a text is when it goes on in pieces, and how long these are.
const piece = 1 << 20

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
			t.open = make([]byte, 0, piece)
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
	}
	t.open, t.full = append(whole, t.open...), nil
	t.held = cap(t.open)
	return t.open
}
