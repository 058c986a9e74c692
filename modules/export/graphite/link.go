package graphite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// link brings bytes to a target. carbon answers nothing, so each batch has a connection of its own over TCP: after the last byte
// our side of it is closed, and when the other side closes its own in good order, it has read everything to the end. A
// program that ends with bytes unread closes with a reset, as every Linux does for it, and one that died says nothing.
type link struct {
	target  target
	udp     bool
	timeout time.Duration
}

func (l *link) send(ctx context.Context, packets [][]byte) error {
	network := "tcp"
	if l.udp {
		network = "udp"
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, network, l.target.String())
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := l.write(conn, packets); err != nil {
		return l.explain(ctx, err)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		return l.explain(ctx, confirm(tcp))
	}
	return nil
}

func (l *link) write(conn net.Conn, packets [][]byte) error {
	for _, p := range packets {
		if _, err := conn.Write(p); err != nil {
			return err
		}
	}
	return nil
}

// confirm ends our side and waits for the end of the other.
func confirm(conn *net.TCPConn) error {
	if err := conn.CloseWrite(); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, conn)
	if err != nil {
		return fmt.Errorf("it did not read everything: %w", err)
	}
	return nil
}

// explain says that it was the time that was over.
func (l *link) explain(ctx context.Context, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("it did not read everything within %s (timeout of the module): %w", l.timeout, err)
	}
	return err
}
