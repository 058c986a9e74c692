package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"
)

// Conn is a connection that ends with the context it was dialled under: every read and write then fails with an error
// of which TimedOut is true. One goroutine uses it at a time.
type Conn struct {
	ctx  context.Context
	wire wire
	top  net.Conn // &wire, or TLS upon it
	stop func() bool
}

// wire is the socket; it remembers whether the peer has closed its side.
type wire struct {
	net.Conn
	ended bool
}

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if err == io.EOF {
		w.ended = true
	}
	return n, err
}

// Dial connects to the target: to each of a name's addresses in turn until one answers, as the plugins do, all under
// ctx. doors bounds the connects to an address that does not answer. Dial's errors are *LookupError, *ConnectError, one of
// which TimedOut is true, or one of which Local is true.
func (t *Target) Dial(ctx context.Context, doors *Doors) (*Conn, error) {
	switch {
	case t.path != "":
		socket, err := connect(ctx, "unix", t.path)
		return t.dialled(ctx, socket, err)
	case t.literal.IsValid() && t.family == AnyFamily:
		return t.dial(ctx, doors, t.literal)
	}
	addresses, err := t.addresses(ctx)
	if err != nil {
		return nil, err
	}
	err = &LookupError{"No address associated with hostname", errors.New(t.host)}
	for _, a := range addresses {
		var c *Conn
		if c, err = t.dial(ctx, doors, a); err == nil {
			return c, nil
		}
	}
	return nil, err
}

// words gives what the plugins call the target in their errors.
func (t *Target) words() string {
	if t.path != "" {
		return "file socket " + t.path
	}
	return "address " + t.host + " and port " + strconv.Itoa(int(t.port))
}

// dial connects to one address.
func (t *Target) dial(ctx context.Context, doors *Doors, to netip.Addr) (*Conn, error) {
	at := netip.AddrPortFrom(to, t.port)
	if err := doors.Enter(ctx, at); err != nil {
		return t.dialled(ctx, nil, err)
	}
	socket, err := connect(ctx, "tcp", at.String())
	doors.Leave(at, err)
	return t.dialled(ctx, socket, err)
}

func (t *Target) dialled(ctx context.Context, socket net.Conn, err error) (*Conn, error) {
	if err != nil {
		return nil, dialFailed(ctx, err, t.words())
	}
	c := &Conn{ctx: ctx}
	c.take(socket)
	return c, nil
}

// take makes the connection one over a socket.
func (c *Conn) take(socket net.Conn) {
	c.wire = wire{Conn: socket}
	c.top = &c.wire
	c.stop = context.AfterFunc(c.ctx, func() { _ = socket.SetDeadline(time.Unix(1, 0)) })
}

// connect sets no keep-alive, tries one address only, and leaves the local port to connect(2): a socket that is bound before
// takes a port for all destinations at once.
func connect(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{KeepAlive: -1, FallbackDelay: -1}
	return dialer.DialContext(ctx, network, address)
}

func dialFailed(ctx context.Context, err error, words string) error {
	errno, ok := errors.AsType[syscall.Errno](err)
	switch {
	case ok && Local(errno):
		return fmt.Errorf("connect to %s: %w", words, errno)
	case ok:
		return &ConnectError{words, errno}
	case ctx.Err() != nil:
		return ctx.Err()
	case TimedOut(err):
		return os.ErrDeadlineExceeded
	}
	return fmt.Errorf("connect to %s: %w", words, err)
}

// StartTLS makes the connection, which nothing was said over yet, a TLS one, with a session of sessions if it has one. When
// the server refuses that, it is another connection to the same address.
func (c *Conn) StartTLS(config *tls.Config, sessions *Sessions) error {
	secure, err := sessions.Handshake(&c.wire, config)
	if _, old := errors.AsType[*SessionError](err); old && c.ctx.Err() == nil {
		at := c.wire.RemoteAddr()
		c.Close()
		socket, failed := connect(c.ctx, at.Network(), at.String())
		if failed != nil {
			return failed
		}
		c.take(socket)
		secure, err = sessions.Handshake(&c.wire, config)
	}
	if err != nil {
		return err
	}
	c.top = secure
	return nil
}

// TLS gives the state of the TLS connection, the zero value without TLS.
func (c *Conn) TLS() tls.ConnectionState {
	if secure, ok := c.top.(*tls.Conn); ok {
		return secure.ConnectionState()
	}
	return tls.ConnectionState{}
}

// Read reads what the peer sent.
func (c *Conn) Read(b []byte) (int, error) { return c.top.Read(b) }

// Write sends b.
func (c *Conn) Write(b []byte) (int, error) { return c.top.Write(b) }

// ReadWithin reads, but waits no longer than quiet for a first byte; then quietly is true.
func (c *Conn) ReadWithin(b []byte, quiet time.Duration) (n int, quietly bool, err error) {
	_ = c.wire.SetReadDeadline(time.Now().Add(quiet))
	if err := c.ctx.Err(); err != nil { // its end may have come between: then our deadline hides it
		return 0, false, err
	}
	n, err = c.Read(b)
	_ = c.wire.SetReadDeadline(time.Time{})
	if c.ctx.Err() != nil && n == 0 {
		return 0, false, c.ctx.Err()
	}
	return n, errors.Is(err, os.ErrDeadlineExceeded), err
}

// Close closes the connection at once. Unless the peer closed it first it is reset: the side that closes first would
// otherwise keep its port in TIME_WAIT for a minute, which allows no more than 470 checks a second of one target.
// TLS is not told goodbye either; the plugins do not do it, and it may block.
func (c *Conn) Close() {
	c.stop()
	if tcp, ok := c.wire.Conn.(*net.TCPConn); ok && !c.wire.ended {
		_ = tcp.SetLinger(0)
	}
	_ = c.wire.Conn.Close()
}
