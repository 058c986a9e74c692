package bench

import (
	"context"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// Target runs the fake target until ctx ends or whoever started it closes input: it takes connections on one port of
// every address of the loopback interface, and never says a word. Once it listens it writes "listening PORT" to output.
func Target(ctx context.Context, input io.Reader, output io.Writer) error {
	config := net.ListenConfig{Control: onlyLoopback}
	l, err := config.Listen(ctx, "tcp4", "0.0.0.0:0")
	if err != nil {
		return fmt.Errorf("fake target: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	context.AfterFunc(ctx, func() { l.Close() })
	go func() {
		_, _ = io.Copy(io.Discard, input) // any end of it is the end
		cancel()
	}()
	fmt.Fprintln(output, "listening", l.Addr().(*net.TCPAddr).Port)
	for {
		c, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil: // out of descriptors, or the connection ended in the queue
			time.Sleep(time.Millisecond)
			continue
		}
		go hold(c)
	}
}

// onlyLoopback binds a socket to the loopback interface: all addresses of 127.0.0.0/8 at once, and no others.
func onlyLoopback(_, _ string, c syscall.RawConn) error {
	var bound error
	err := c.Control(func(fd uintptr) { bound = syscall.BindToDevice(int(fd), "lo") })
	if err != nil {
		return err
	}
	return bound
}

// hold keeps a connection until the other side closes it.
func hold(c net.Conn) {
	defer c.Close()
	var buf [512]byte
	for {
		if _, err := c.Read(buf[:]); err != nil {
			return
		}
	}
}

// targetListens is what Target writes.
var targetListens = regexp.MustCompile(`^listening (\d+)$`)

// startTarget starts the fake target as a process, so that what it costs is told apart.
func (r *run) startTarget(ctx context.Context) error {
	r.o.Progress("starting the fake target")
	c, err := start(ctx, targetListens, r.o.Program, "bench", "target")
	if err != nil {
		return fmt.Errorf("fake target: %w", err)
	}
	port, err := c.said(ctx)
	if err != nil {
		c.stop()
		return fmt.Errorf("fake target: %w", err)
	}
	r.target = c
	r.port, err = strconv.Atoi(port)
	return err
}
