package http

import (
	"bytes"
	"errors"
	"io"
	"net/http/httputil"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/onbu/onbu/internal/probe"
)

// Limits of what is read from a server.
const (
	maxHeader  = 64 << 10 // before the page begins
	maxKept    = 8 << 20  // of a page whose content is asked for
	maxCounted = 64 << 20 // of a page that is only counted
	chunk      = 8191     // check_http reads so much at a time, and with -N stops only in between
)

// page is the answer of a server.
type page struct {
	status, header, body []byte // they point into one buffer, which is used again after the check
	size                 int    // of the whole answer
	broken               error  // what is wrong with its chunks
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
	buf := make([]byte, 0, 4096) // little, for the many whose server hangs
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
func (c *check) collect(conn io.Reader, buf *[]byte, p *page) error {
	source := &counter{from: conn, start: time.Now(), page: p}
	*buf = (*buf)[:0]
	end, err := c.collectHeaders(source, buf, 0, "")
	if p.split(*buf); err != nil {
		return ended(err)
	}
	switch {
	case c.noBody:
		p.split((*buf)[:end])
		return nil
	case chunked(p.header):
		return c.collectChunks(source, buf, p)
	}
	_, err = take(source, buf, c.wantsBody())
	p.split(*buf)
	return ended(err)
}

// collectHeaders reads until the empty line behind the headers, which start at from, and gives where it begins: at the
// line feed of the last header. What was read beyond stays in buf. An answer that does not start with prefix is not
// read any further.
func (c *check) collectHeaders(source io.Reader, buf *[]byte, from int, prefix string) (end int, err error) {
	least := 1024
	if c.noBody {
		least = chunk // the size is what check_http has read by then
	}
	for news := len(*buf) - from; err == nil; {
		kept := *buf
		if end := headersEnd(kept[from:], news); end >= 0 {
			return from + end, nil
		}
		switch {
		case len(kept)-from >= len(prefix) && string(kept[from:from+len(prefix)]) != prefix:
			return 0, errPrefix
		case len(kept) > maxHeader:
			return 0, tooBig("headers longer than 65536 bytes")
		}
		kept = room(kept, least)
		news, err = source.Read(kept[len(kept):min(cap(kept), len(kept)+chunk)])
		blank(kept[len(kept) : len(kept)+news])
		*buf = kept[:len(kept)+news]
	}
	return 0, err
}

var errPrefix = errors.New("not the beginning of an HTTP answer")

// collectChunks reads a page that comes in chunks and puts them together.
func (c *check) collectChunks(source io.Reader, buf *[]byte, p *page) error {
	body := len(*buf) - len(p.body)
	begun := bytes.NewReader(bytes.Clone(p.body))
	*buf = (*buf)[:body]
	_, err := take(httputil.NewChunkedReader(io.MultiReader(begun, source)), buf, c.wantsBody())
	if err == nil {
		p.split((*buf)[:body])
		p.body = (*buf)[body:]
		rest := (*buf)[:0:0]
		_, err = take(source, &rest, false)
		return ended(err)
	}
	if _, big := errors.AsType[tooBig](err); big || probe.TimedOut(err) {
		return err
	}
	p.broken = err
	return nil
}

// chunked says whether the page comes in chunks (RFC 9112, 7.1).
func chunked(header []byte) bool {
	coding := headerValue(header, "Transfer-Encoding")
	return len(coding) >= len("chunked") && strings.EqualFold(coding[:len("chunked")], "chunked")
}

// room gives b with room for at least so many bytes more.
func room(b []byte, least int) []byte {
	if cap(b)-len(b) >= least {
		return b
	}
	return append(make([]byte, 0, max(2*cap(b), len(b)+least)), b...)
}

// counter notes how much of an answer was read, and when it began. Its errors come without data.
type counter struct {
	from  io.Reader
	start time.Time
	page  *page
	err   error
}

func (r *counter) Read(b []byte) (n int, err error) {
	if r.err != nil {
		return 0, r.err
	}
	n, r.err = r.from.Read(b)
	if n == 0 {
		return 0, r.err
	}
	if r.page.size == 0 {
		r.page.took.firstByte = time.Since(r.start)
	}
	r.page.size += n
	return n, nil
}

// take reads a page to its end: behind what is in buf, or just counting it. buf may be moved either way.
func take(source io.Reader, buf *[]byte, keep bool) (size int, err error) {
	limit := maxCounted
	if keep {
		limit = maxKept
	}
	for err == nil {
		var n int
		b := room(*buf, chunk)
		n, err = source.Read(b[len(b) : len(b)+chunk])
		if size += n; size > limit {
			return size, tooBig("page too long to be read to its end")
		}
		if keep {
			blank(b[len(b) : len(b)+n])
			b = b[:len(b)+n]
		}
		*buf = b
	}
	if err == io.EOF {
		err = nil
	}
	return size, err
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
func (p *page) split(answer []byte) {
	end := lineLen(answer)
	p.status = bytes.TrimRight(answer[:end], " \t\r\n")
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
	p.header, p.body = rest[:last], rest[at+endsLen(rest[at:]):]
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
