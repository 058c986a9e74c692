package graphite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/onbu/onbu/internal/outbound"
)

// link brings bytes to a target. carbon answers nothing, so each batch has a connection of its own over TCP: after the last byte
// our side of it is closed, and when the other side closes its own in good order, it has read everything to the end. A
// program that ends with bytes unread closes with a reset, as every Linux does for it, and one that died says nothing.
//
// A second connection, on which nothing is ever sent, tells of a target that ended and began again between two batches. One
// goroutine may use a link.
type link struct {
	target  target
	udp     bool
	watch   bool
	timeout time.Duration
	sentry  *sentry
}

// errAgain is why what was sent before comes again.
var errAgain = errors.New("it ended and began again, or has closed a connection on which it got nothing")

func (l *link) send(ctx context.Context, packets [][]byte) error {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	if l.udp {
		return l.explain(ctx, l.post(ctx, packets))
	}
	return l.explain(ctx, l.deliver(ctx, packets))
}

// post sends datagrams.
func (l *link) post(ctx context.Context, packets [][]byte) error {
	conn, err := new(net.Dialer).DialContext(ctx, "udp", l.target.String())
	if err != nil {
		return err
	}
	defer conn.Close()
	return write(conn, packets)
}

// deliver sends a batch over TCP and waits until it is read.
func (l *link) deliver(ctx context.Context, packets [][]byte) error {
	if err := l.guard(ctx); err != nil {
		return err
	}
	conn, err := l.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := write(conn, packets); err != nil {
		return err
	}
	return confirm(ctx, conn)
}

func (l *link) dial(ctx context.Context) (*net.TCPConn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", l.target.String())
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

func write(conn net.Conn, packets [][]byte) error {
	for _, p := range packets {
		if _, err := conn.Write(p); err != nil {
			return err
		}
	}
	return nil
}

// confirm ends our side and waits for the end of the other.
func confirm(ctx context.Context, conn *net.TCPConn) error {
	if err := conn.CloseWrite(); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, conn); err != nil {
		return fmt.Errorf("it did not read everything: %w", err)
	}
	return outbound.Ended(ctx, conn)
}

// explain says that it was the time that was over.
func (l *link) explain(ctx context.Context, err error) error {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("connection refused: nothing listens there: %w", err)
	}
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("it did not read everything within %s (timeout of the module): %w", l.timeout, err)
	}
	return err
}

// sentry is the connection on which nothing is sent; over is closed when the other side has ended it.
type sentry struct {
	conn *net.TCPConn
	over chan struct{}
}

// guard posts the sentry, or says that the one there was has met its end.
func (l *link) guard(ctx context.Context) error {
	if !l.watch {
		return nil
	}
	if l.sentry != nil {
		select {
		case <-l.sentry.over:
			l.close()
			return errAgain
		default:
			return nil
		}
	}
	conn, err := l.dial(ctx)
	if err != nil {
		return err
	}
	s := &sentry{conn, make(chan struct{})}
	l.sentry = s
	go func() {
		defer close(s.over)
		_, _ = io.Copy(io.Discard, s.conn) // however it ends
	}()
	return nil
}

func (l *link) close() {
	if l.sentry != nil {
		_ = l.sentry.conn.Close()
		<-l.sentry.over
		l.sentry = nil
	}
}
