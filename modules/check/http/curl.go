package http

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/monitor"
)

// curlError is an answer that libcurl does not take, with its code (CURLE_…) and text.
type curlError struct {
	code int
	text string
}

func (e *curlError) Error() string { return fmt.Sprintf("curl error %d: %s", e.code, e.text) }

// curlFailed is the outcome for a request that libcurl would not have brought to its end.
func (r *running) curlFailed(code int, text, cause string) monitor.Outcome {
	return r.say(monitor.Critical, "HTTP CRITICAL - Invalid HTTP response received from host on port %d: cURL returned %d - %s\n%s",
		r.hop.port, code, text, cause)
}

// curlLookup is the outcome for a name without an address; with TLS and a virtual host check_curl looks it up itself.
func (r *running) curlLookup(err *probe.LookupError) monitor.Outcome {
	if r.hop.tls && r.hop.host != "" {
		number := map[string]int{
			"Name or service not known": -2, "Temporary failure in name resolution": -3,
			"No address associated with hostname": -5, "Address family for hostname not supported": -9,
		}[err.Reason]
		return r.say(monitor.Critical, "HTTP CRITICAL - Unable to lookup IP address for '%s': getaddrinfo returned %d - %s\n%v",
			r.hop.address, number, err.Reason, err.Err)
	}
	return r.curlFailed(6, "Could not resolve host: "+r.hop.address, err.Error())
}

// statusLine is what libcurl takes for the first line of an answer.
var statusLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^HTTP/([123])(?:\.\d)? (\d{3})(?: ([^\r\n]*))?\r?$`)
})

// collectAsCurl reads headers and then as much of a page as they announce, chunks put together. The size is that of the
// headers and of the page.
func (c *check) collectAsCurl(conn io.Reader, buf *[]byte, p *page) (size int, firstByte time.Duration, err error) {
	start := time.Now()
	var rest []byte
	headers := 0
	for { // an interim answer (1xx) comes before the one that counts
		var n int
		n, firstByte, err = c.collectHeaders(conn, buf, headers, firstByte, start)
		p.header = (*buf)[:n]
		if err != nil {
			return len(*buf), firstByte, err
		}
		p.status, _, _ = bytes.Cut(p.header[headers:], []byte("\r\n"))
		rest = bytes.Clone((*buf)[n:])
		if !bytes.HasPrefix(p.status[min(8, len(p.status)):], []byte(" 1")) {
			headers = n
			break
		}
		headers = n
	}
	if !statusLine().Match(p.status) {
		return headers, firstByte, &curlError{1, "Unsupported HTTP version in response"}
	}
	n, err := c.collectBody(io.MultiReader(bytes.NewReader(rest), conn), buf, headers, p)
	return headers + n, firstByte, err
}

// collectHeaders reads until the empty line behind the headers, the first of which starts at from, and gives where the
// page begins. What was read beyond stays in buf.
func (c *check) collectHeaders(conn io.Reader, buf *[]byte, from int, first time.Duration, start time.Time) (int, time.Duration, error) {
	kept := *buf
	defer func() { *buf = kept }()
	for {
		if end := headersEnd(kept[from:], len(kept)-from); end >= 0 {
			end += from + 1
			return end + bytes.IndexByte(kept[end:], '\n') + 1, first, nil
		}
		switch {
		case len(kept)-from >= len("HTTP/") && !bytes.HasPrefix(kept[from:], []byte("HTTP/")):
			return from, first, &curlError{1, "Received HTTP/0.9 when not allowed"}
		case len(kept) > maxHeader:
			return from, first, tooBig("headers longer than 65536 bytes")
		case cap(kept)-len(kept) < chunk:
			kept = append(make([]byte, 0, 2*cap(kept)), kept...)
		}
		n, err := conn.Read(kept[len(kept) : len(kept)+chunk])
		if n > 0 && first == 0 {
			first = time.Since(start)
		}
		if kept = kept[:len(kept)+n]; err != nil && n == 0 {
			return from, first, curlRead(err, &curlError{52, "Empty reply from server"})
		}
	}
}

// curlRead gives ended for the end of the connection, and libcurl's words for a reset.
func curlRead(err error, ended *curlError) error {
	switch {
	case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
		return ended
	case errors.Is(err, syscall.ECONNRESET):
		return &curlError{56, "Recv failure: Connection reset by peer"}
	case probe.TimedOut(err):
		return err
	}
	return &curlError{56, err.Error()}
}

// collectBody reads the page behind the headers into buf, or counts it.
func (c *check) collectBody(conn io.Reader, buf *[]byte, headers int, p *page) (int, error) {
	length, _ := strconv.Atoi(headerValue(p.header, "Content-Length"))
	code := string(p.status[9:12])
	*buf = (*buf)[:headers]
	into := &keeper{buf: buf, limit: maxCounted}
	if c.wantsBody() {
		into.keep, into.limit = true, maxKept
	}
	switch {
	case c.noBody || c.method == "HEAD" || code == "204" || code == "304":
		return 0, nil
	case strings.EqualFold(headerValue(p.header, "Transfer-Encoding"), "chunked"):
		_, err := io.Copy(into, httputil.NewChunkedReader(conn))
		if err != nil && !errors.As(err, new(tooBig)) {
			err = curlRead(err, &curlError{18, "transfer closed with outstanding read data remaining"})
		}
		p.body = (*buf)[headers:]
		return into.size, err
	case headerValue(p.header, "Content-Length") != "":
		conn = io.LimitReader(conn, int64(length))
	default:
		length = 0
	}
	_, err := io.Copy(into, conn)
	p.body = (*buf)[headers:]
	missing := &curlError{18, fmt.Sprintf("transfer closed with %d bytes remaining to read", length-into.size)}
	switch {
	case err != nil && !errors.As(err, new(tooBig)):
		err = curlRead(err, missing)
	case err == nil && into.size < length:
		err = missing
	}
	return into.size, err
}

// keeper takes a page in: it keeps it or counts it, up to a limit.
type keeper struct {
	buf         *[]byte
	keep        bool
	size, limit int
}

func (k *keeper) Write(b []byte) (int, error) {
	if k.size += len(b); k.size > k.limit {
		return 0, tooBig("page too long to be read to its end")
	}
	if k.keep {
		*k.buf = append(*k.buf, b...)
	}
	return len(b), nil
}

// headerValue gives the value of a header, empty if it is not there.
func headerValue(header []byte, name string) string {
	for line := range bytes.Lines(header) {
		if key, value, ok := bytes.Cut(line, []byte(":")); ok && strings.EqualFold(string(key), name) {
			return textproto.TrimString(string(value))
		}
	}
	return ""
}

// judgeAsCurl puts the result together in check_curl's words. Of several complaints only the last is printed: its
// messages overwrite each other.
func (r *running) judgeAsCurl(conn *probe.Conn, p *page) monitor.Outcome {
	if r.certificate && r.hop.tls {
		state, text := r.days.Judge(conn.TLS().PeerCertificates[0], time.Now())
		return r.say(state, "%s", text)
	}
	took := time.Since(r.start)
	if !matchesStatus(p.status, r.expect) {
		return r.invalid(p)
	}
	parts := statusLine().FindSubmatch(p.status)
	code, _ := strconv.Atoi(string(parts[2]))
	version := string(parts[1])
	if version == "1" {
		version = "1.1" // check_curl prints the major number twice
	}
	state, note := monitor.OK, ""
	if r.expectSet {
		note = fmt.Sprintf("Status line output matched %q", r.expect)
	} else if state = r.stateOf(code); code >= 600 || code < 100 {
		return r.say(monitor.Critical, "HTTP CRITICAL: Invalid Status (%d, %.40s)", code, parts[3])
	}
	for _, complaint := range r.complaints(p) {
		state, note = worse(state, complaint.state), complaint.text
	}
	state = worse(state, r.slow(took))
	if note != "" {
		note = " - " + note
	}
	return r.finish(state, fmt.Sprintf("HTTP/%s %d %s%s", version, code, parts[3], note), took, p)
}
