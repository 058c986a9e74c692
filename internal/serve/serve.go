// Package serve knows how a port is held open towards strangers: how many connections there may be in all and from one
// address, which of them gives way when there are too many, and how they end with the daemon. What is spoken on a connection
// is the handler's.
package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/onbu/onbu/monitor"
)

const (
	defaultMost  = 8192
	defaultWrite = 30 * time.Second
	defaultGrace = 5 * time.Second
	handshake    = 10 * time.Second
	acceptPause  = 20 * time.Millisecond
)

// Reason is why a connection was not taken, or was closed by the server. The words fit a metric's label.
type Reason string

// The reasons.
const (
	// NotAllowed connections come from an address that may not.
	NotAllowed Reason = "address"
	// Full says that there are as many connections as may be, and that all of them are at work.
	Full Reason = "full"
	// SourceFull is Full for one source address.
	SourceFull Reason = "source_full"
	// Idle connections were closed to make room for a newer one.
	Idle Reason = "idle_closed"
	// Handshake says that TLS was not agreed upon.
	Handshake Reason = "tls"
	// Bug: what came met a bug of ours.
	Bug Reason = "bug"
)

// Reasons gives all reasons, for whoever counts them.
func Reasons() []Reason { return []Reason{NotAllowed, Full, SourceFull, Idle, Handshake, Bug} }

// Options says how a port is held. The zero value of everything but Network and Address has a meaning.
type Options struct {
	// Network is tcp or unix. The address of a unix socket is its path.
	Network, Address string
	// TLS is nil for a port without.
	TLS *tls.Config
	// Mode is that of a unix socket's file, 0660 if 0.
	Mode fs.FileMode
	// NoKeepAlive leaves out the kernel's probes of connections, for handlers that bound the time in which nothing comes.
	NoKeepAlive bool
	// Most is how many connections there may be at once, 8,192 if 0, and MostPerSource how many from one IPv4 address or one
	// /64 of IPv6, half of them if 0. When there are too many, the one that has been waiting longest for its peer to say something is closed; when none
	// waits, the new one is.
	Most, MostPerSource int
	// Allow says who may connect, nil for all. It is not asked about peers of a unix socket.
	Allow func(netip.Addr) bool
	// WriteTimeout is how long one Write may take, 30 s if 0.
	WriteTimeout time.Duration
	// Grace is how long handlers have at the end to finish what they have read, 5 s if 0.
	Grace time.Duration
	// GiveUp is Grace when the server ends since its role is to give everything up (monitor.ErrGiveUp); Grace if 0.
	GiveUp time.Duration
	// Drain is how long a read may last at the end, for what has arrived already and nobody has read yet.
	Drain time.Duration
	// Refused is told of every connection that is refused or closed by the server; nil for nobody. It must not block.
	Refused func(Reason)
	// Log is told of bugs; nil for the default one.
	Log *slog.Logger
}

// Handler works with one connection, which is closed when it returns. Its ctx ends when the time of grace after the end of the
// server is over; before that, reads that last longer than Drain fail with ErrEnding.
type Handler func(ctx context.Context, c *Conn)

// Conn is a connection that the server keeps an eye on. The time that a Read waits is its idle time; a handler that is at work
// is never idle. Writes have a deadline of their own each.
type Conn struct {
	net.Conn
	// Source is the peer's address without its zone and not as IPv4 in IPv6; invalid for a unix socket.
	Source netip.Addr

	open context.Context
}

// Open ends when the server begins to end, which is before the context of the handler does: what waits for anything but the peer waits
// under it.
func (c *Conn) Open() context.Context {
	if c.open == nil { // a connection that no server has
		return context.Background()
	}
	return c.open
}

// From names the peer for a log: its address, or "unix" for a unix socket.
func (c *Conn) From() string {
	if !c.Source.IsValid() {
		return "unix"
	}
	return c.Source.String()
}

// Subscriber names who the peer is, for what each may have: as From, but an IPv6 address is its /64, since one machine may speak from
// every address there.
func (c *Conn) Subscriber() string {
	if !c.Source.IsValid() {
		return c.From()
	}
	return subscriber(c.Source).String()
}

// ErrEnding is what reads give once the server ends.
var ErrEnding = errors.New("the server ends")

// ErrMadeRoom is what reads give when the connection was closed because it was idle and others needed its place.
var ErrMadeRoom = errors.New("closed as idle: others needed the room")

// Listen opens the port and serves until ctx ends; then it closes the port, lets the handlers finish and returns nil. An error
// says that the port could not be opened.
func Listen(ctx context.Context, o Options, handle Handler) error {
	l, err := Open(o)
	if err != nil {
		return err
	}
	return Serve(ctx, l, o, handle)
}

// Open opens the port of Listen. A file that a server which is gone left in the place of a unix socket is removed.
func Open(o Options) (net.Listener, error) {
	if o.Network != "unix" {
		config := net.ListenConfig{}
		if o.NoKeepAlive {
			config.KeepAlive = -1 // four system calls less for each connection
		}
		l, err := config.Listen(context.Background(), "tcp", o.Address)
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("%s is taken, perhaps by another module: choose another port (%w)", o.Address, err)
		}
		return l, err
	}
	if err := clear(o.Address); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", o.Address)
	if err != nil {
		return nil, err
	}
	mode := o.Mode
	if mode == 0 {
		mode = 0o660
	}
	if err := os.Chmod(o.Address, mode); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// clear removes a socket that nobody answers on.
func clear(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSocket == 0:
		return fmt.Errorf("listen on %s: there is a file that is no socket", path)
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return fmt.Errorf("listen on %s: another program listens there", path)
	}
	return os.Remove(path)
}

// Serve is Listen for a port that is open. It closes l.
func Serve(ctx context.Context, l net.Listener, o Options, handle Handler) error {
	s := newServer(o, handle)
	open, end := context.WithCancel(ctx)
	defer end()
	s.open = open
	ended := context.AfterFunc(ctx, func() { l.Close() })
	defer ended()
	working, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	err := s.accept(ctx, working, l)
	l.Close()
	end()
	close(s.hands.over)
	s.end(s.grace(ctx), cancel)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (s *server) accept(ctx, working context.Context, l net.Listener) error {
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			s.take(working, c)
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return err
		default: // no descriptors, or the peer has gone meanwhile
			s.giveWay()
			select {
			case <-ctx.Done():
			case <-time.After(acceptPause):
			}
		}
	}
}

// take serves a connection if there is room.
func (s *server) take(ctx context.Context, raw net.Conn) {
	source := sourceOf(raw)
	if s.o.Allow != nil && source.IsValid() && !s.o.Allow(source) {
		s.o.Refused(NotAllowed)
		raw.Close()
		return
	}
	t, reason := s.admit(raw, source)
	if t == nil {
		s.o.Refused(reason)
		raw.Close()
		return
	}
	s.give(ctx, t)
}

func sourceOf(c net.Conn) netip.Addr {
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// grace is how long handlers have when ctx, which may have ended, is that of the server.
func (s *server) grace(ctx context.Context) time.Duration {
	if s.o.GiveUp > 0 && errors.Is(context.Cause(ctx), monitor.ErrGiveUp) {
		return s.o.GiveUp
	}
	return s.o.Grace
}

// end lets the handlers finish, for a time.
func (s *server) end(within time.Duration, cancel func()) {
	s.interrupt()
	over := make(chan struct{})
	go func() {
		s.working.Wait()
		close(over)
	}()
	grace := time.NewTimer(within)
	defer grace.Stop()
	select {
	case <-over:
		return
	case <-grace.C:
	}
	cancel()
	s.closeAll()
	<-over
}

// server is a port at work.
type server struct {
	o       Options
	handle  Handler
	began   time.Time
	open    context.Context
	working sync.WaitGroup
	hands   hands

	mu      sync.Mutex
	all     waiting
	sources map[netip.Addr]*waiting // by subscriber
	ending  bool
}

func newServer(o Options, handle Handler) *server {
	if o.Most <= 0 {
		o.Most = defaultMost
	}
	if o.MostPerSource <= 0 {
		o.MostPerSource = (o.Most + 1) / 2
	}
	if o.WriteTimeout <= 0 {
		o.WriteTimeout = defaultWrite
	}
	if o.Grace <= 0 {
		o.Grace = defaultGrace
	}
	if o.Refused == nil {
		o.Refused = func(Reason) {}
	}
	return &server{o: o, handle: handle, began: time.Now(), hands: newHands(), all: waiting{of: inAll}, sources: map[netip.Addr]*waiting{}}
}
