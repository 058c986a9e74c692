package snmp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// maxStrays is how many datagrams that are no answer one try looks at; a flood of them is left in the socket.
const maxStrays = 1000

// datagrams holds buffers for the largest datagram there is. One is taken only when a datagram is there to be read, so
// that checks which wait for silent hosts hold none.
type datagrams struct{ pool sync.Pool }

func newDatagrams() *datagrams {
	return &datagrams{sync.Pool{New: func() any { return new([1 << 16]byte) }}}
}

// link is a socket to one agent: the kernel lets nothing in from any other address or port.
type link struct {
	conn    *net.UDPConn
	raw     syscall.RawConn
	buffers *datagrams
}

func dial(agent netip.AddrPort, buffers *datagrams) (*link, error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(agent))
	if err != nil {
		return nil, err
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &link{conn, raw, buffers}, nil
}

func (l *link) close() { l.conn.Close() }

// exchange sends msg, up to tries times with wait in between, until take is content with a datagram. What take refuses
// is skipped. It gives ErrNoAnswer after the last try and ctx's error when ctx ends; take must not keep the datagram.
func (l *link) exchange(ctx context.Context, msg []byte, tries int, wait time.Duration, take func([]byte) error) error {
	stop := context.AfterFunc(ctx, func() { _ = l.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	for range tries {
		if err := l.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.send(msg)
		if l.await(take) {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return ErrNoAnswer
}

// send sends msg. An error is as good as a lost datagram: the next try may do better. The first send of a try can fail
// with what ICMP said of the try before, hence the second.
func (l *link) send(msg []byte) {
	if _, err := l.conn.Write(msg); err != nil {
		_, _ = l.conn.Write(msg)
	}
}

// await reads until take is content or the read deadline passes. An ICMP error, such as that of a closed port, is no
// reason to give up early: like net-snmp we wait, and the agent may be back at the next try.
func (l *link) await(take func([]byte) error) bool {
	for range maxStrays {
		err := l.receive(take)
		if err == nil {
			return true
		}
		if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) {
			return false
		}
	}
	l.idle()
	return false
}

// idle waits for the read deadline without reading.
func (l *link) idle() {
	_ = l.raw.Read(func(uintptr) bool { return false })
}

// receive waits for one datagram and gives what take says of it.
func (l *link) receive(take func([]byte) error) error {
	var result error
	err := l.raw.Read(func(fd uintptr) bool {
		buf := l.buffers.pool.Get().(*[1 << 16]byte)
		defer l.buffers.pool.Put(buf)
		n, err := syscall.Read(int(fd), buf[:])
		switch {
		case errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EINTR):
			return false
		case err != nil:
			result = err
		default:
			result = take(buf[:n])
		}
		return true
	})
	if err != nil {
		return err
	}
	return result
}
