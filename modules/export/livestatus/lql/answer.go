package lql

import (
	"fmt"
	"io"
	"net"
)

// Answer is what a client gets: data, or why there are none.
type Answer struct {
	Code    int
	Fixed16 bool
	Rows    int // of data
	pieces  [][]byte
	size    int64
}

// Refuse is the answer that tells of an error.
func Refuse(e *Error, fixed16 bool) *Answer {
	text := []byte(e.Text + "\n")
	return &Answer{Code: e.Code, Fixed16: fixed16, pieces: [][]byte{text}, size: int64(len(text))}
}

// Size is how many bytes it has, without the header.
func (a *Answer) Size() int64 { return a.size }

// WriteTo implements io.WriterTo: the header, if the client asked for one, and the body.
func (a *Answer) WriteTo(w io.Writer) (int64, error) {
	var all net.Buffers
	if a.Fixed16 {
		all = append(all, fmt.Appendf(nil, "%03d %11d\n", a.Code, a.size))
	}
	all = append(all, a.pieces...)
	return all.WriteTo(w)
}

// pieceSize is how much of an answer is gathered before it is put aside: large answers grow by pieces that are not copied.
const pieceSize = 64 << 10

// body gathers an answer.
type body struct {
	encoder
	pieces [][]byte
	size   int64 // of the pieces
	most   int64
}

// full puts what is written aside if it is enough for a piece, and says whether the answer is too large.
func (b *body) full() bool {
	if len(b.buf) >= pieceSize {
		b.flush()
	}
	return b.size+int64(len(b.buf)) > b.most
}

func (b *body) flush() {
	if len(b.buf) == 0 {
		return
	}
	b.pieces, b.size = append(b.pieces, b.buf), b.size+int64(len(b.buf))
	b.buf = make([]byte, 0, pieceSize+pieceSize/8)
}
