package livestatus

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/export/livestatus/lql"
)

// longestRequest is the size of the longest request in bytes: Naemon takes lines of this length.
const longestRequest = 64 << 10

// errOver says that the client says no more: it has gone, or was silent for too long.
var errOver = errors.New("the client says no more")

// reader reads requests from a connection.
type reader struct {
	conn           net.Conn
	in             *bufio.Reader
	idle, patience time.Duration
}

func newReader(c net.Conn, idle, patience time.Duration) *reader {
	return &reader{conn: c, in: bufio.NewReaderSize(c, 4096), idle: idle, patience: patience}
}

// next gives the lines of the next request: those before an empty line, or before the client closes its side. White space at
// the end of a line is cut off; a line of nothing else counts for nothing. The first byte may take as long as a connection may be
// idle, all others together only as long as the server has patience. An *lql.Error is for the client; any other error ends the connection.
func (r *reader) next() ([]string, error) {
	if err := r.conn.SetReadDeadline(time.Now().Add(r.idle)); err != nil {
		return nil, errOver
	}
	if _, err := r.in.Peek(1); err != nil {
		return nil, errOver
	}
	if err := r.conn.SetReadDeadline(time.Now().Add(r.patience)); err != nil {
		return nil, errOver
	}
	var lines []string
	for size := 0; ; {
		line, err := r.line(longestRequest - size)
		size += len(line)
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0 && len(lines) > 0:
			return lines, nil
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil, errOver
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, &lql.Error{Code: lql.Incomplete, Text: "the request is longer than 65536 bytes"}
		case err != nil:
			return nil, &lql.Error{Code: lql.Incomplete, Text: "Client connection terminated while request still incomplete"}
		case len(line) == 1 && len(lines) > 0:
			return lines, nil
		case len(line) == 1: // an empty request
			continue
		}
		if text := strings.TrimRight(string(line), " \t\v\f\r\n"); text != "" {
			lines = append(lines, text)
		}
	}
}

// line reads a line with its end, of at most that many bytes.
func (r *reader) line(most int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.in.ReadSlice('\n')
		if len(line)+len(part) > most {
			return nil, bufio.ErrBufferFull
		}
		if err == nil && line == nil {
			return part, nil
		}
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}
