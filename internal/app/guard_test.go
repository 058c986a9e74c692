package app

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"
)

func TestOnlyNamesOfThisMachineAreServed(t *testing.T) {
	machine, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	h := hostsOnly("monitor.example:7760", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for host, want := range map[string]int{
		"": 200, "localhost": 200, "LOCALHOST:7760": 200, "localhost.": 200, "127.0.0.1:7760": 200, "[::1]:7760": 200, "[::1]": 200,
		"10.0.0.1": 200, machine: 200, machine + ":7760": 200, "monitor.example:7760": 200,
		"evil.example": 403, "evil.example:7760": 403, "127.0.0.1.evil.example": 403, "localhost.evil.example:7760": 403,
	} {
		r := httptest.NewRequest(http.MethodGet, "/api/hosts", nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%q: got %d, want %d", host, w.Code, want)
		}
	}
}

// pair gives both ends of a connection that was accepted by a listener that waits so long.
func pair(t *testing.T, wait time.Duration) (server, client net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	if server, err = (impatient{l, wait}).Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server, client
}

func TestAClientThatDoesNotReadIsGivenUp(t *testing.T) {
	server, _ := pair(t, 50*time.Millisecond)
	n, err := server.Write(make([]byte, 64<<20))
	if !errors.Is(err, os.ErrDeadlineExceeded) || n == 64<<20 {
		t.Errorf("got %d, %v", n, err)
	}
}

func TestALargeAnswerGetsThrough(t *testing.T) {
	server, client := pair(t, time.Minute)
	want := bytes.Repeat([]byte("0123456789abcdef"), 4<<20/16+1)
	go func() {
		server.Write(want)
		server.Close()
	}()
	got, err := io.ReadAll(client)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes of %d, %v", len(got), len(want), err)
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := guarded(l)
	defer g.Close()
	accepted := make(chan net.Conn, connectionsAtOnce+1)
	go func() {
		for {
			c, err := g.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	for range connectionsAtOnce + 1 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	var first net.Conn
	for range connectionsAtOnce {
		first = <-accepted
		defer first.Close()
	}
	select {
	case <-accepted:
		t.Fatal("one connection too many")
	case <-time.After(50 * time.Millisecond):
	}
	first.Close()
	<-accepted
}
