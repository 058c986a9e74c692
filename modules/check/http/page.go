package http

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"syscall"
	"time"
)

// Limits of what is read from a server.
const (
	maxHeader  = 64 << 10  // before the page begins
	maxKept    = 8 << 20   // of a page whose content is asked for
	maxCounted = 256 << 20 // of a page that is only counted
	chunk      = 8191      // check_http reads so much at a time, and with -N stops only in between
)

// page is the answer of a server.
type page struct {
	status, header, body []byte // they point into one buffer, which is used again after the check
	size                 int    // of the whole answer
	took                 timing
}

// timing is how long the parts of a request took, for -E.
type timing struct {
	connect, tls, headers, firstByte, transfer time.Duration
}

// tooBig is the error for an answer beyond the limits; it says which.
type tooBig string

func (e tooBig) Error() string { return string(e) }

// buffers keeps the buffers of answers that were read. A buffer that grew for a large page is let go.
type buffers struct{ pool sync.Pool }

func (b *buffers) get() *[]byte {
	if buf, ok := b.pool.Get().(*[]byte); ok {
		return buf
	}
	buf := make([]byte, 0, 2*chunk)
	return &buf
}

func (b *buffers) put(buf *[]byte) {
	if cap(*buf) <= 2*maxHeader {
		*buf = (*buf)[:0]
		b.pool.Put(buf)
	}
}

// collect reads an answer to its end, as check_http does, whatever the answer says about its length. Of an answer whose
// content is not asked for it keeps the beginning, with the headers, and counts the rest.
func (c *check) collect(conn io.Reader, buf *[]byte) (size int, firstByte time.Duration, err error) {
	start := time.Now()
	keep, limit := maxHeader, maxCounted
	if c.wantsBody() {
		keep, limit = maxKept, maxKept
	}
	kept, headers := (*buf)[:0], false
	defer func() { *buf = kept }()
	for {
		if cap(kept)-len(kept) < chunk {
			kept = append(make([]byte, 0, 2*cap(kept)), kept...)
		}
		n, err := conn.Read(kept[len(kept) : len(kept)+chunk])
		if size == 0 && n > 0 {
			firstByte = time.Since(start)
		}
		size += n
		if !headers || len(kept) < keep {
			blank(kept[len(kept) : len(kept)+n])
			kept = kept[:len(kept)+n]
		}
		if !headers {
			headers = headersEnd(kept, n) >= 0
		}
		switch {
		case headers && c.noBody && !c.curl:
			return size, firstByte, nil
		case !headers && size > maxHeader:
			return size, firstByte, tooBig("headers longer than 65536 bytes")
		case size > limit:
			return size, firstByte, tooBig("page too long to be read to its end")
		case err != nil:
			return size, firstByte, ended(err)
		}
	}
}

// wantsBody says whether the content of the page is asked for.
func (c *check) wantsBody() bool { return c.inBody != "" || c.regex != nil || c.showBody }

// ended gives nil for errors that only end an answer.
func ended(err error) error {
	if err == io.EOF || errors.Is(err, syscall.ECONNRESET) {
		return nil
	}
	return err
}

// blank replaces NUL bytes, which end a C program's string.
func blank(b []byte) {
	for {
		i := bytes.IndexByte(b, 0)
		if i < 0 {
			return
		}
		b[i] = ' '
		b = b[i+1:]
	}
}

// headersEnd gives where the empty line behind the headers starts: at the line feed of the last header. Only the last
// news bytes and what touches them are looked at. -1 if it is not there.
func headersEnd(b []byte, news int) int {
	from := max(len(b)-news-2, 0)
	for i := from; i < len(b); i++ {
		if b[i] == '\n' && (bytes.HasPrefix(b[i+1:], []byte("\n")) || bytes.HasPrefix(b[i+1:], []byte("\r\n"))) {
			return i
		}
	}
	return -1
}

// split takes an answer apart as check_http does: the status line, the headers without the line end behind the last,
// and the page behind them without leading line ends. Where there are no headers the page's own lines count as such.
func split(answer []byte) (status, header, body []byte) {
	end := lineLen(answer)
	status = bytes.TrimRight(answer[:end], " \t\r\n")
	rest := answer[end+endsLen(answer[end:]):]
	last, at := 0, 0
	for at < len(rest) && lineLen(rest[at:]) > 0 {
		at += lineLen(rest[at:])
		last = at
		switch ends := rest[at:]; {
		case bytes.HasPrefix(ends, []byte("\r\n")), bytes.HasPrefix(ends, []byte("\n\r")):
			at += 2
		default:
			at = min(at+1, len(rest))
		}
	}
	return status, rest[:last], rest[at+endsLen(rest[at:]):]
}

// lineLen gives how many bytes there are before the next CR or LF.
func lineLen(b []byte) int {
	for i, c := range b {
		if c == '\r' || c == '\n' {
			return i
		}
	}
	return len(b)
}

// endsLen gives how many CR and LF b starts with.
func endsLen(b []byte) int {
	return len(b) - len(bytes.TrimLeft(b, "\r\n"))
}
