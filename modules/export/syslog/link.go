package syslog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/onbu/onbu/internal/outbound"
)

// link is the way to the server. One goroutine uses it.
type link struct {
	transport, addr, socket string
	octets                  bool // of TCP: each message begins with its length, rather than ending with a line feed
	blind                   bool // TCP: nobody waits for the end of the other side
	trust                   outbound.Trust
	timeout                 time.Duration
	conn                    net.Conn      // of UDP and the local socket, while it is open
	tooLarge                atomic.Uint64 // messages that were passed over because no datagram holds them
}

// send brings messages over.
func (l *link) send(ctx context.Context, messages [][]byte) error {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	var err error
	switch l.transport {
	case "tcp", "tls":
		err = l.stream(ctx, messages)
	default:
		err = l.datagrams(ctx, messages)
	}
	if err != nil {
		return fmt.Errorf("syslog over %s: %w", l.transport, err)
	}
	return nil
}

// stream sends over a connection of its own and ends it, since syslog has no answers: that the other side ends it too, after it has
// read to the end, is the only sign that nothing is lost.
func (l *link) stream(ctx context.Context, messages [][]byte) error {
	conn, err := l.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	var all []byte
	for _, m := range messages {
		if l.octets {
			all = append(strconv.AppendInt(all, int64(len(m)), 10), ' ')
			all = append(all, m...)
		} else {
			all = append(append(all, m...), '\n')
		}
	}
	if _, err := conn.Write(all); err != nil {
		return err
	}
	if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil || l.blind {
		return err
	}
	_, err = io.Copy(io.Discard, io.LimitReader(conn, 64<<10)) // what it says is nothing to us
	if err != nil && ctx.Err() != nil {
		return errors.New("the other side does not end the connection after the last message, so that nobody knows whether it was read; if it never does that, write confirm 0")
	}
	if err != nil {
		return err
	}
	return l.ended(ctx, conn)
}

// ended makes sure that the other side ended the connection because it had read everything: who closes it unread, as a proxy without
// a server behind it does, seems to end it in good order too.
func (l *link) ended(ctx context.Context, conn net.Conn) error {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
		_ = conn.(*net.TCPConn).CloseWrite() // TLS has ended, but not what is below it
	}
	return outbound.Ended(ctx, conn.(*net.TCPConn))
}

func (l *link) dial(ctx context.Context) (net.Conn, error) {
	if l.transport == "tcp" {
		return new(net.Dialer).DialContext(ctx, "tcp", l.addr)
	}
	conf, err := l.trust.Config()
	if err != nil {
		return nil, err
	}
	return (&tls.Dialer{Config: conf}).DialContext(ctx, "tcp", l.addr)
}

// datagrams sends a datagram for each message. That nobody listens shows at the next one at the latest.
func (l *link) datagrams(ctx context.Context, messages [][]byte) error {
	if l.conn == nil {
		conn, err := l.open(ctx)
		if err != nil {
			return err
		}
		l.conn = conn
	}
	end, _ := ctx.Deadline()
	_ = l.conn.SetWriteDeadline(end)
	for _, m := range messages {
		_, err := l.conn.Write(m)
		if errors.Is(err, syscall.EMSGSIZE) { // and it will be whenever it comes again
			l.tooLarge.Add(1)
			continue
		}
		if err != nil {
			l.close()
			return err
		}
	}
	return nil
}

func (l *link) open(ctx context.Context) (net.Conn, error) {
	if l.transport == "udp" {
		return new(net.Dialer).DialContext(ctx, "udp", l.addr)
	}
	return new(net.Dialer).DialContext(ctx, "unixgram", l.socket)
}

func (l *link) close() {
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
}
