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
func (c *check) collectAsCurl(conn io.Reader, buf *[]byte, p *page) error {
	source := &counter{from: conn, start: time.Now(), page: p}
	from, end, code := 0, 0, ""
	for interim := true; interim; from = end { // answers of 1xx come before the one that counts
		last, err := c.collectHeaders(source, buf, from, "HTTP/")
		switch {
		case err == errPrefix:
			return &curlError{1, "Received HTTP/0.9 when not allowed"}
		case err != nil:
			return curlRead(err, &curlError{52, "Empty reply from server"})
		}
		end = last + 2 + bytes.IndexByte((*buf)[last+1:], '\n')
		p.header = (*buf)[:end]
		p.status, _, _ = bytes.Cut(p.header[from:], []byte("\r\n"))
		parts := statusLine().FindSubmatch(p.status)
		if parts == nil {
			return &curlError{1, "Unsupported HTTP version in response"}
		}
		code = string(parts[2])
		interim = code[0] == '1'
	}
	rest := bytes.Clone((*buf)[end:])
	*buf = (*buf)[:end]
	n, err := c.collectBody(io.MultiReader(bytes.NewReader(rest), source), buf, p, code)
	p.size = end + n
	p.header, p.body = (*buf)[:end], (*buf)[end:]
	return err
}

// curlRead gives ended for the end of the connection, and libcurl's words for a reset.
func curlRead(err error, ended *curlError) error {
	switch {
	case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
		return ended
	case errors.Is(err, syscall.ECONNRESET):
		return &curlError{56, "Recv failure: Connection reset by peer"}
	case probe.TimedOut(err) || errors.As(err, new(tooBig)):
		return err
	}
	return &curlError{56, err.Error()}
}

// collectBody reads the page behind the headers of an answer with that status code into buf, or counts it.
func (c *check) collectBody(source io.Reader, buf *[]byte, p *page, code string) (int, error) {
	if c.noBody || c.method == "HEAD" || code == "204" || code == "304" {
		return 0, nil
	}
	length, err := strconv.Atoi(headerValue(p.header, "Content-Length"))
	announced := err == nil && length >= 0
	missing := "outstanding read data"
	switch {
	case chunked(p.header):
		announced, source = false, httputil.NewChunkedReader(source)
	case announced:
		source = io.LimitReader(source, int64(length))
	}
	size, err := take(source, buf, c.wantsBody())
	if announced {
		missing = strconv.Itoa(length-size) + " bytes"
	}
	short := &curlError{18, "transfer closed with " + missing + " remaining to read"}
	if err != nil {
		err = curlRead(err, short)
	} else if announced && size < length {
		err = short
	}
	return size, err
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
		note = `Status line output matched "` + r.expect + `"`
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
