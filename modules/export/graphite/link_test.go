package graphite

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// listen gives a link to a server that does something with each connection, which it closes afterwards.
func listen(t *testing.T, timeout time.Duration, serve func(*net.TCPConn)) *link {
	t.Helper()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{target: target{host: "127.0.0.1", port: strconv.Itoa(server.Addr().(*net.TCPAddr).Port)}, watch: true, timeout: timeout}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				serve(c.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() { l.close(); server.Close(); all.Wait() })
	return l
}

func TestABatchIsSafeOnceTheOtherSideHasReadItToTheEnd(t *testing.T) {
	got := make(chan string, 2)
	l := listen(t, time.Minute, func(c *net.TCPConn) {
		all, _ := io.ReadAll(c)
		got <- string(all)
	})
	if err := l.send(t.Context(), [][]byte{[]byte("a 1 2\n"), []byte("b 1 2\n")}); err != nil {
		t.Error(err)
	}
	if got := <-got; got != "a 1 2\nb 1 2\n" {
		t.Errorf("got %q", got)
	}
}

func TestWhatThePeerDidNotReadIsAnError(t *testing.T) {
	large := []byte(strings.Repeat("a 1 2\n", 1000))
	for name, serve := range map[string]func(*net.TCPConn){
		"it ends with bytes unread": func(c *net.TCPConn) {
			_, _ = io.ReadFull(c, make([]byte, 10))
		},
		"it closes at once": func(*net.TCPConn) {},
		"it resets": func(c *net.TCPConn) {
			_, _ = io.ReadAll(c)
			_ = c.SetLinger(0)
		},
	} {
		l := listen(t, time.Minute, serve)
		for range 20 {
			if err := l.send(t.Context(), [][]byte{large}); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	}
}

func TestAPeerThatDoesNotEndIsGivenUp(t *testing.T) {
	done := make(chan struct{})
	l := listen(t, 50*time.Millisecond, func(*net.TCPConn) { <-done })
	err := l.send(t.Context(), [][]byte{[]byte("a 1 2\n")})
	if err == nil || !strings.Contains(err.Error(), "within 50ms") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.send(ctx, [][]byte{[]byte("a 1 2\n")}); err == nil {
		t.Error("no error although the context ended")
	}
	close(done)
}

func TestATargetThatEndedBetweenTwoBatchesIsNoticed(t *testing.T) {
	conns := make(chan *net.TCPConn, 10)
	l := listen(t, time.Minute, func(c *net.TCPConn) {
		conns <- c
		_, _ = io.ReadAll(c)
	})
	batch := [][]byte{[]byte("a 1 2\n")}
	if err := l.send(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	silent := <-conns
	for silent.RemoteAddr().String() != l.sentry.conn.LocalAddr().String() { // that of the batch may be told of first
		silent = <-conns
	}
	silent.Close()
	<-l.sentry.over
	if err := l.send(t.Context(), batch); !errors.Is(err, errAgain) {
		t.Errorf("got %v", err)
	}
	if err := l.send(t.Context(), batch); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
