package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

const liveExamples = `
examples:
  onbu live /run/onbu/live 'GET services' 'Columns: host_name description state' 'Filter: state != 0'
  onbu live 127.0.0.1:6557 'COMMAND DISABLE_NOTIFICATIONS'
  onbu live /run/onbu/live < query
`

// live asks a Livestatus server. The lines of the request are arguments; without any the request is standard input as it is, and the
// answer what comes, as with unixcat.
func live(ctx context.Context, e *env) error {
	e.examples = liveExamples
	wait := e.flags.Duration("wait", time.Minute, "how long the answer may take")
	words, err := e.words()
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return usageError("needs the path of a socket, or HOST:PORT")
	}
	ctx, cancel := context.WithTimeout(ctx, *wait)
	defer cancel()
	c, err := dialLive(ctx, words[0])
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	lines := words[1:]
	if len(lines) == 0 {
		_, err = io.Copy(e.stdout, sent(c, os.Stdin))
		return err
	}
	if strings.HasPrefix(lines[0], "GET ") {
		request := strings.Join(lines, "\n") + "\nResponseHeader: fixed16\n\n"
		return printAnswer(e.stdout, sent(c, strings.NewReader(request)))
	}
	refused, err := io.ReadAll(sent(c, strings.NewReader(strings.Join(lines, "\n")+"\n\n")))
	if err == nil && len(refused) > 0 {
		err = errors.New(strings.TrimSpace(string(refused)))
	}
	return err
}

func dialLive(ctx context.Context, where string) (net.Conn, error) {
	network := "tcp"
	_, missing := os.Stat(where)
	switch {
	case strings.Contains(where, "/"), missing == nil:
		network = "unix"
	case !strings.Contains(where, ":"):
		return nil, fmt.Errorf("there is no socket %s in this folder, and it is no HOST:PORT: write the path of the socket", where)
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, network, where)
	if err != nil {
		return nil, fmt.Errorf("%w; is there a module with module_type livestatus that listens there?", err)
	}
	return c, nil
}

// sent sends a request while the answer is read.
func sent(c net.Conn, request io.Reader) io.Reader {
	go func() {
		_, _ = io.Copy(c, request) // a server that has gone says nothing either
		if half, ok := c.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
	}()
	return c
}

// printAnswer prints an answer that has a fixed16 header, or gives the error that it tells of.
func printAnswer(w io.Writer, r io.Reader) error {
	in := bufio.NewReader(r)
	header, err := in.ReadString('\n')
	var code, size int64
	if _, scanned := fmt.Sscanf(header, "%d %d", &code, &size); scanned != nil {
		return fmt.Errorf("the server says %q: %w", header, errors.Join(err, scanned))
	}
	if code != 200 {
		text, _ := io.ReadAll(io.LimitReader(in, min(size, 64<<10)))
		return fmt.Errorf("%d: %s", code, strings.TrimSpace(string(text)))
	}
	if n, err := io.CopyN(w, in, size); err != nil {
		return fmt.Errorf("the answer ends after %d of %d bytes: %w", n, size, err)
	}
	return nil
}
