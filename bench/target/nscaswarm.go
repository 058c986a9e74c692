package target

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/onbu/onbu/modules/listen/nsca/packet"
)

// swarm sends one result a connection, over some connections at once, in the steps of send_nsca: connect, read the greeting, send the
// packet, close. One goroutine looks after all of them with the system calls alone: a sender on the same processors must
// leave them to the server.
type swarm struct {
	*sender
	epoll   int
	slots   []slot
	raw     []byte
	failing time.Time // since when no connection comes about; zero while they do
}

// slot is one connection at a time.
type slot struct {
	fd, result int
	open       bool
	init       [packet.InitSize]byte
	have       int // bytes of init
}

// unreachable is how long a swarm tries to connect, and anew how long it rests between tries.
const (
	unreachable = time.Minute
	anew        = 10 * time.Millisecond
)

func (s *sender) swarm(ctx context.Context) error {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	defer unix.Close(epoll)
	w := swarm{sender: s, epoll: epoll, slots: make([]slot, s.Connections), raw: make([]byte, 0, packet.Long)}
	defer func() {
		for i := range w.slots {
			w.close(&w.slots[i])
		}
	}()
	for i := range w.slots {
		if err := w.next(ctx, i); err != nil {
			return err
		}
	}
	events := make([]unix.EpollEvent, s.Connections)
	for ctx.Err() == nil && w.busy() {
		n, err := unix.EpollWait(epoll, events, 100)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("epoll: %w", err)
		}
		for _, e := range events[:max(n, 0)] {
			if err := w.proceed(ctx, int(e.Fd)); err != nil {
				return err
			}
		}
	}
	return nil
}

// busy says whether any connection is open. A sender that is to stop leaves them.
func (w *swarm) busy() bool {
	for i := range w.slots {
		if w.slots[i].open {
			return !w.over.Load()
		}
	}
	return false
}

// next begins with a slot's next result, if there is one.
func (w *swarm) next(ctx context.Context, i int) error {
	c := &w.slots[i]
	if c.result = int(w.begun.Add(1)) - 1; c.result >= w.Results || w.over.Load() {
		return nil
	}
	return w.connect(ctx, i)
}

// connect begins a slot's connection, again and again for a minute while that is impossible.
func (w *swarm) connect(ctx context.Context, i int) error {
	for ctx.Err() == nil {
		err := w.dial(i)
		if err == nil {
			return nil
		}
		if w.failing.IsZero() {
			w.failing = time.Now()
		}
		if time.Since(w.failing) > unreachable {
			return fmt.Errorf("connecting to port %d: %w", w.Port, err)
		}
		time.Sleep(anew)
	}
	return nil
}

func (w *swarm) dial(i int) error {
	c := &w.slots[i]
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	c.fd, c.open, c.have = fd, true, 0
	if w.Sources > 0 {
		err = errors.Join(unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1), unix.Bind(fd, &unix.SockaddrInet4{Addr: loopback(c.result % w.Sources).As4()}))
	}
	if err == nil {
		err = unix.Connect(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: w.Port})
	}
	if err == nil || errors.Is(err, unix.EINPROGRESS) {
		err = unix.EpollCtl(w.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)})
	}
	if err != nil {
		w.close(c)
	}
	return err
}

// loopback gives the nth address to come from: 127.1.0.0 and those behind it.
func loopback(n int) netip.Addr {
	n += 1 << 16
	return netip.AddrFrom4([4]byte{127, byte(n >> 16), byte(n >> 8), byte(n)})
}

// proceed reads the greeting; once that is whole it sends the packet, closes, and goes on with the next. As with send_nsca a result is lost
// whose connection the server takes and breaks off.
func (w *swarm) proceed(ctx context.Context, i int) error {
	c := &w.slots[i]
	n, err := unix.Read(c.fd, c.init[c.have:])
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return nil
	case errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.ETIMEDOUT):
		w.close(c)
		return w.connect(ctx, i)
	case err == nil && n > 0:
		w.failing = time.Time{}
		if c.have += n; c.have < len(c.init) {
			return nil
		}
		w.raw = packet.NewEncoder(w.key, c.init[:]).Append(w.raw[:0], w.sender.result(c.result), w.Size)
		if n, err := unix.Write(c.fd, w.raw); err == nil && n == len(w.raw) {
			w.sent.Add(1)
		}
	}
	w.close(c)
	return w.next(ctx, i)
}

func (w *swarm) close(c *slot) {
	if c.open {
		unix.Close(c.fd)
		c.open = false
	}
}
