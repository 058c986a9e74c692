package target

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// quick is a target of one question and one answer over TCP that costs as little as there is: threads that block in system
// calls, four of them a connection.
type quick struct {
	// answer gives what is said to a question, nil as long as it is not there as a whole. The slice is only read.
	answer func(question []byte) []byte
}

const (
	// mostAsked is how long a question may be.
	mostAsked = 1 << 14
	// patience is how long a question may take.
	patience = time.Second
)

// serve answers on one port of all loopback addresses until ctx ends.
func (q quick) serve(ctx context.Context, ready func(port int)) error {
	var threads sync.WaitGroup
	var sockets []int
	ctx, cancel := context.WithCancel(ctx)
	defer func() {
		cancel()
		for _, fd := range sockets {
			_ = unix.Shutdown(fd, unix.SHUT_RDWR) // which wakes its thread
		}
		threads.Wait()
		for _, fd := range sockets {
			unix.Close(fd)
		}
	}()
	port := 0
	for range queues {
		fd, at, err := listening(port)
		if err != nil {
			return err
		}
		port, sockets = at, append(sockets, fd)
		threads.Go(func() { q.work(ctx, fd) })
	}
	ready(port)
	<-ctx.Done()
	return nil
}

// listening opens a socket at a port, 0 for one that is free, that hands a connection out when its question is there. Sockets that
// it accepts have its time limit.
func listening(wanted int) (fd, port int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, 0, err
	}
	limit := unix.NsecToTimeval(patience.Nanoseconds())
	err = errors.Join(
		unix.BindToDevice(fd, "lo"),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1),
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, int(patience/time.Second)),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit),
		unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit),
		unix.Bind(fd, &unix.SockaddrInet4{Port: wanted}),
		unix.Listen(fd, 1<<16), // the kernel cuts it to what it has
	)
	if err == nil {
		var at unix.Sockaddr
		if at, err = unix.Getsockname(fd); err == nil {
			return fd, at.(*unix.SockaddrInet4).Port, nil
		}
	}
	unix.Close(fd)
	return 0, 0, err
}

// work takes connections, one at a time.
func (q quick) work(ctx context.Context, listener int) {
	buf := make([]byte, mostAsked)
	for ctx.Err() == nil {
		fd, _, err := unix.Accept4(listener, unix.SOCK_CLOEXEC)
		switch {
		case err == nil:
			q.talk(fd, buf)
			unix.Close(fd)
		case errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE):
			time.Sleep(time.Millisecond)
		}
	}
}

// talk reads a question and answers it.
func (q quick) talk(fd int, buf []byte) {
	for n := 0; n < len(buf); {
		got, err := unix.Read(fd, buf[n:])
		if err == unix.EINTR {
			continue
		}
		if err != nil || got == 0 {
			return
		}
		n += got
		if a := q.answer(buf[:n]); a != nil {
			_, _ = unix.Write(fd, a) // it fits the socket's buffer
			return
		}
	}
}
