package lql

import (
	"fmt"
	"io"
	"net"
	"slices"

	"github.com/onbu/onbu/modules/export/livestatus/table"
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
	all := net.Buffers(slices.Clone(a.pieces))
	if a.Fixed16 { // with the first piece, so that a short answer is one write
		head := fmt.Appendf(make([]byte, 0, 16+len(all[0])), "%03d %11d\n", a.Code, a.size)
		all[0] = append(head, all[0]...)
	}
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

// full puts what is written aside if it is enough for a piece, and says whether there can be no more: the answer is too large, or
// its time is up.
func (b *body) full() bool {
	if len(b.buf) >= pieceSize {
		b.flush()
	}
	return b.spent()
}

func (b *body) flush() {
	if len(b.buf) == 0 {
		return
	}
	b.pieces, b.size = append(b.pieces, b.buf), b.size+int64(len(b.buf))
	b.room = b.most - b.size
	b.buf = make([]byte, 0, pieceSize+pieceSize/8)
}

// newBody begins an answer of at most that many bytes.
func newBody(q *Query, most int64, ended func() bool) body {
	return body{encoder: encoder{format: q.format, seps: q.seps, shift: q.shift, room: most, ended: ended}, most: most}
}

// apart writes a row into a piece, as again wants it. It stays there.
func (b *body) apart(columns []column, row *table.Row) []byte {
	if len(b.buf) >= pieceSize {
		b.flush()
	}
	from := len(b.buf)
	b.rows = 0
	b.columns(columns, row)
	return b.buf[from:len(b.buf):len(b.buf)]
}
