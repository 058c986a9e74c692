package target

import (
	"context"
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// closed is the kind that refuses every connection: a port that is taken, so that nobody else gets it, and on which nobody listens.
func closed(ctx context.Context, ready func(port int)) error {
	return bound(ctx, ready, func(int, *unix.SockaddrInet4) (func(), error) { return func() {}, nil })
}

// mute is the kind that answers no attempt to connect, as a host does that is switched off behind a router that says nothing:
// a listener whose queue is full, so that the kernel drops what comes.
func mute(ctx context.Context, ready func(port int)) error { return bound(ctx, ready, fill) }

// bound binds a socket to the loopback interface, has prepare make of it what it is to be, and keeps it until ctx ends.
func bound(ctx context.Context, ready func(port int), prepare func(fd int, at *unix.SockaddrInet4) (release func(), err error)) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := errors.Join(unix.BindToDevice(fd, "lo"), unix.Bind(fd, &unix.SockaddrInet4{})); err != nil {
		return err
	}
	at, err := unix.Getsockname(fd)
	if err != nil {
		return err
	}
	release, err := prepare(fd, at.(*unix.SockaddrInet4))
	if err != nil {
		return err
	}
	defer release()
	ready(at.(*unix.SockaddrInet4).Port)
	<-ctx.Done()
	return nil
}

// fill listens with the shortest queue and fills it with connections of its own: the queue has room for one more than listen(2) is told.
func fill(fd int, at *unix.SockaddrInet4) (release func(), err error) {
	if err := unix.Listen(fd, 0); err != nil {
		return nil, err
	}
	c, err := net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", at.Port))
	if err != nil {
		return nil, err
	}
	return func() { c.Close() }, nil
}

// unread is the kind that takes datagrams and answers none.
func unread(ctx context.Context, ready func(port int)) error {
	config := net.ListenConfig{Control: onlyLoopback}
	l, err := config.ListenPacket(ctx, "udp4", "0.0.0.0:0")
	if err != nil {
		return err
	}
	defer l.Close()
	ready(l.LocalAddr().(*net.UDPAddr).Port)
	<-ctx.Done()
	return nil
}
