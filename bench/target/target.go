// Package target knows how to pretend to be what is monitored: fake targets that answer on every address of the loopback
// interface, so that thousands of hosts can be looked at on one machine. Each kind runs in a process of its own, so that what
// it costs is told apart from what the engine costs. Linux only.
package target

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Kind is a kind of fake target.
type Kind struct {
	Name, About string
	// Serve answers on one port of all loopback addresses until ctx ends. It calls ready with the port once it listens.
	Serve func(ctx context.Context, ready func(port int)) error
	// Count gives how many requests were answered so far; nil if nobody counts. It is called while Serve runs.
	Count func() int64
	// Trouble has a share of the hosts, 0 to 1, fail from now on in the way of the kind; which ones, seed decides. Nil if nothing
	// can be done to them. It is called while Serve runs.
	Trouble func(share float64, seed uint32)
}

// Kinds is the one list of kinds.
func Kinds() []Kind {
	return append(snmpKinds(), []Kind{
		hold(),
		{Name: "tcp-closed", About: "refuses every connection", Serve: closed},
		{Name: "tcp-mute", About: "answers no attempt to connect", Serve: mute},
		{Name: "udp-mute", About: "takes datagrams and answers none", Serve: unread},
		agentsWith(0, 0),
		{Name: "ssh", About: "takes everybody in, and answers every command with a line", Serve: sshd},
		{Name: "http", About: "a small page", Serve: page().serve},
		{Name: "nrpe", About: "nrpe without TLS, packet versions 2 to 4", Serve: nrpe().serve},
		{Name: "nrpe-tls13", About: "nrpe over TLS 1.3 with a certificate and without tickets", Serve: nrpeTLS(tls.VersionTLS13, false)},
		{Name: "nrpe-tls12", About: "nrpe over TLS 1.2 with a certificate and tickets", Serve: nrpeTLS(tls.VersionTLS12, true)},
		nscaFloor(),
		{Name: "nrpe-adh", About: "nrpe over TLS 1.2 with anonymous keys and without tickets", Serve: nrpeADH},
	}...)
}

// Run runs a kind until ctx ends or whoever started it closes input. Once it listens it writes "listening PORT" to output,
// and "answered N" for each line "count" of input. A line "trouble SHARE SEED" calls Trouble.
func Run(ctx context.Context, kind string, input io.Reader, output io.Writer) error {
	k, err := find(kind)
	if err != nil {
		return err
	}
	return run(ctx, k, input, output)
}

// find gives the kind of a name; agent+HOSTSxBYTES is one too.
func find(name string) (Kind, error) {
	if size, ok := strings.CutPrefix(name, agentKind+"+"); ok {
		guests, bytes, err := guestsOf(size)
		if err != nil {
			return Kind{}, fmt.Errorf("fake target %s: %w", name, err)
		}
		return agentsWith(guests, bytes), nil
	}
	if l, ok := nscaOf(name); ok {
		return nscaSender(l), nil
	}
	if l, ok := nscaIdleOf(name); ok {
		return nscaIdler(l), nil
	}
	var names []string
	for _, k := range Kinds() {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return Kind{}, fmt.Errorf("no fake target is called %q; there are %s, and %s+HOSTSxBYTES with payloads for other hosts", name, strings.Join(names, ", "), agentKind)
}

func run(ctx context.Context, k Kind, input io.Reader, output io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer cancel() // any end of input is the end
		k.obey(input, output)
	}()
	err := k.Serve(ctx, func(port int) { fmt.Fprintln(output, "listening", port) })
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("fake target %s: %w", k.Name, err)
	}
	return nil
}

// obey does what the lines of input say, until it ends.
func (k *Kind) obey(input io.Reader, output io.Writer) {
	lines := bufio.NewScanner(input)
	for lines.Scan() {
		var share float64
		var seed uint32
		switch n, _ := fmt.Sscanf(lines.Text(), "trouble %g %d", &share, &seed); {
		case n == 2 && k.Trouble != nil:
			k.Trouble(share, seed)
		case lines.Text() == "count" && k.Count != nil:
			fmt.Fprintln(output, "answered", k.Count())
		}
	}
}

// listen takes TCP connections on one port of all loopback addresses and has each handled in a goroutine, until ctx ends.
func listen(ctx context.Context, ready func(port int), handle func(net.Conn)) error {
	return listenAt(ctx, 0, ready, handle)
}

// queues is how many sockets listen on a target's port. A kernel that is left as it is keeps 4,096 connections for each to be
// taken; thousands of real hosts have as many queues, and never lose a connection because another host is behind.
const queues = 16

// listenAt is listen at a port, 0 for one that is free.
func listenAt(ctx context.Context, port int, ready func(port int), handle func(net.Conn)) error {
	config := net.ListenConfig{Control: onlyLoopback}
	var all sync.WaitGroup
	defer all.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for range queues {
		l, err := config.Listen(ctx, "tcp4", fmt.Sprintf("0.0.0.0:%d", port))
		if err != nil {
			return err
		}
		port = l.Addr().(*net.TCPAddr).Port
		context.AfterFunc(ctx, func() { l.Close() })
		all.Go(func() { take(ctx, l, handle) })
	}
	ready(port)
	<-ctx.Done()
	return nil
}

// take takes connections until ctx ends.
func take(ctx context.Context, l net.Listener, handle func(net.Conn)) {
	for {
		c, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil: // out of descriptors, or the connection ended in the queue
			time.Sleep(time.Millisecond)
			continue
		}
		go handle(c)
	}
}

// onlyLoopback binds a socket to the loopback interface: all addresses of 127.0.0.0/8 at once, and no others. Several may have
// the same port.
func onlyLoopback(_, _ string, c syscall.RawConn) error {
	var bound error
	err := c.Control(func(fd uintptr) {
		bound = errors.Join(syscall.BindToDevice(int(fd), "lo"), unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
	})
	return errors.Join(err, bound)
}
