package serve_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/monitor"
)

// port is a listener on pipes, with an address for each.
type port struct {
	come chan net.Conn
	once sync.Once
	gone chan struct{}
}

func newPort() *port { return &port{come: make(chan net.Conn), gone: make(chan struct{})} }

func (p *port) Accept() (net.Conn, error) {
	select {
	case c := <-p.come:
		return c, nil
	case <-p.gone:
		return nil, net.ErrClosed
	}
}

func (p *port) Close() error   { p.once.Do(func() { close(p.gone) }); return nil }
func (p *port) Addr() net.Addr { return &net.TCPAddr{} }

type from struct {
	net.Conn
	addr string
}

func (f from) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(f.addr), 1))
}

// dial connects from an address.
func (p *port) dial(addr string) net.Conn {
	theirs, ours := net.Pipe()
	p.come <- from{ours, addr}
	synctest.Wait()
	return theirs
}

// open says whether the server still holds the other end.
func open(c net.Conn) bool {
	_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := c.Read(make([]byte, 1))
	return errors.Is(err, context.DeadlineExceeded) || isTimeout(err)
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// swallow reads until the end.
func swallow(_ context.Context, c *serve.Conn) { _, _ = io.Copy(io.Discard, c) }

// counting gives what counts refusals, and the counts once all is quiet.
func counting() (func(serve.Reason), func(serve.Reason) int) {
	var mu sync.Mutex
	n := map[serve.Reason]int{}
	return func(r serve.Reason) { mu.Lock(); n[r]++; mu.Unlock() },
		func(r serve.Reason) int { synctest.Wait(); mu.Lock(); defer mu.Unlock(); return n[r] }
}

// serving serves on p until the test is over.
func serving(t *testing.T, p *port, o serve.Options, h serve.Handler) {
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- serve.Serve(ctx, p, o, h) }()
	t.Cleanup(func() {
		cancel()
		if err := <-over; err != nil {
			t.Error(err)
		}
	})
}

func TestTheOneThatWaitsLongestGivesWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPort()
		refused, count := counting()
		serving(t, p, serve.Options{Most: 3, MostPerSource: 3, Refused: refused}, swallow)
		var c [5]net.Conn
		for i := range 3 {
			c[i] = p.dial(fmt.Sprintf("10.0.0.%d", i+1))
			time.Sleep(time.Second)
		}
		if _, err := c[0].Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		c[3] = p.dial("10.0.0.9")
		for i, want := range []bool{true, false, true, true} {
			if got := open(c[i]); got != want {
				t.Errorf("connection %d open: %t, want %t", i, got, want)
			}
		}
		if n := count(serve.Idle); n != 1 {
			t.Errorf("%d connections counted as closed for idleness, want 1", n)
		}
	})
}

func TestASourceThatTakesTooManyClosesItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPort()
		serving(t, p, serve.Options{Most: 10, MostPerSource: 2}, swallow)
		other := p.dial("10.0.0.1")
		time.Sleep(time.Second)
		var mine [4]net.Conn
		for i := range mine {
			mine[i] = p.dial([]string{"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4"}[i])
			time.Sleep(time.Second)
		}
		if !open(other) || open(mine[0]) || open(mine[1]) || !open(mine[2]) || !open(mine[3]) {
			t.Error("want the two oldest of the /64 closed and nobody else's")
		}
	})
}

func TestConnectionsAtWorkStayAndNewOnesAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPort()
		refused, count := counting()
		through := make(chan struct{})
		serving(t, p, serve.Options{Most: 2, MostPerSource: 2, Refused: refused}, func(_ context.Context, c *serve.Conn) {
			_, _ = c.Read(make([]byte, 1))
			<-through
		})
		for range 2 {
			c := p.dial("10.0.0.1")
			if _, err := c.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		p.dial("10.0.0.1")
		p.dial("10.0.0.2")
		if a, b := count(serve.SourceFull), count(serve.Full); a != 1 || b != 1 {
			t.Errorf("%d refused for their source, %d for all; want 1 and 1", a, b)
		}
		close(through)
	})
}

func TestABugInAHandlerEndsItsConnectionOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPort()
		refused, count := counting()
		o := serve.Options{Refused: refused, Log: slog.New(slog.DiscardHandler)}
		serving(t, p, o, func(ctx context.Context, c *serve.Conn) {
			if c.From() == "10.0.0.1" {
				panic("a bug")
			}
			swallow(ctx, c)
		})
		for addr, want := range map[string]bool{"10.0.0.1": false, "10.0.0.2": true} {
			if got := open(p.dial(addr)); got != want {
				t.Errorf("%s served: %t, want %t", addr, got, want)
			}
		}
		if n := count(serve.Bug); n != 1 {
			t.Errorf("%d counted, want 1", n)
		}
	})
}

func TestOnlyAllowedAddressesAreServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nets, err := serve.Networks([]string{"10.0.0.0/24", "::1"})
		if err != nil {
			t.Fatal(err)
		}
		p := newPort()
		refused, count := counting()
		serving(t, p, serve.Options{Allow: nets.Contain, Refused: refused}, swallow)
		for addr, want := range map[string]bool{"10.0.0.7": true, "::ffff:10.0.0.7": true, "::1": true, "10.0.1.7": false, "::2": false} {
			if got := open(p.dial(addr)); got != want {
				t.Errorf("%s served: %t, want %t", addr, got, want)
			}
		}
		if n := count(serve.NotAllowed); n != 2 {
			t.Errorf("%d counted, want 2", n)
		}
	})
}

func TestTheEndLetsHandlersFinishButNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPort()
		ctx, cancel := context.WithCancel(t.Context())
		said := make(chan string, 2)
		over := make(chan error)
		go func() {
			over <- serve.Serve(ctx, p, serve.Options{Grace: 5 * time.Second}, func(ctx context.Context, c *serve.Conn) {
				_ = c.SetReadDeadline(time.Now().Add(time.Hour))
				if _, err := c.Read(make([]byte, 1)); errors.Is(err, serve.ErrEnding) {
					said <- "idle"
					return
				}
				<-ctx.Done() // work that takes too long
				said <- "busy"
			})
		}()
		p.dial("10.0.0.1")
		busy := p.dial("10.0.0.2")
		_, _ = busy.Write([]byte("x"))
		began := time.Now()
		cancel()
		first, at := <-said, time.Since(began)
		second, took := <-said, time.Since(began)
		if err := <-over; err != nil || first != "idle" || at != 0 || second != "busy" || took != 5*time.Second {
			t.Errorf("%s after %s, %s after %s, %v; want idle at once, busy after 5s", first, at, second, took, err)
		}
	})
}

func TestWhatIsGivenUpHasLessGrace(t *testing.T) {
	for cause, want := range map[error]time.Duration{monitor.ErrGiveUp: time.Second, nil: 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			p := newPort()
			ctx, cancel := context.WithCancelCause(t.Context())
			waited, over := make(chan time.Time, 1), make(chan error)
			go func() {
				over <- serve.Serve(ctx, p, serve.Options{Grace: 5 * time.Second, GiveUp: time.Second}, func(ctx context.Context, c *serve.Conn) {
					<-c.Open().Done()
					waited <- time.Now()
					<-ctx.Done()
				})
			}()
			p.dial("10.0.0.1")
			time.Sleep(time.Minute)
			began := time.Now()
			cancel(cause)
			at := (<-waited).Sub(began)
			if err := <-over; err != nil || at != 0 || time.Since(began) != want {
				t.Errorf("ended by %v: a wait ended after %s, work after %s, %v; want at once, and after %s", cause, at, time.Since(began), err, want)
			}
		})
	}
}

func TestAPeerThatReadsNothingHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPort()
		wrote := make(chan error, 1)
		serving(t, p, serve.Options{WriteTimeout: time.Minute}, func(_ context.Context, c *serve.Conn) {
			_, err := c.Write([]byte("hello"))
			wrote <- err
		})
		began := time.Now()
		p.dial("10.0.0.1")
		if err := <-wrote; !isTimeout(err) || time.Since(began) != time.Minute {
			t.Errorf("%v after %s, want a timeout after 1m", err, time.Since(began))
		}
	})
}

func TestWhoDoesNotSpeakTLSIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPort()
		refused, count := counting()
		serving(t, p, serve.Options{TLS: &tls.Config{Certificates: []tls.Certificate{{}}}, Refused: refused}, swallow)
		p.dial("10.0.0.1")
		time.Sleep(time.Minute)
		if n := count(serve.Handshake); n != 1 {
			t.Errorf("%d counted, want 1", n)
		}
	})
}

func TestAUnixSocketTakesThePlaceOfADeadOneOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	o := serve.Options{Network: "unix", Address: path}
	l, err := serve.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := serve.Open(o); err == nil {
		t.Error("a second server took the socket of a living one")
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	if l, err = serve.Open(o); err != nil {
		t.Fatal("the file of a dead server is in the way:", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error)
	go func() {
		over <- serve.Serve(ctx, l, o, func(_ context.Context, c *serve.Conn) { _, _ = c.Write([]byte(c.From())) })
	}()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if said, err := io.ReadAll(c); err != nil || string(said) != "unix" {
		t.Errorf("got %q, %v", said, err)
	}
	cancel()
	if err := <-over; err != nil {
		t.Error(err)
	}
}
