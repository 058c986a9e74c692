package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/serve/sinktest"
	"github.com/onbu/onbu/internal/serve/web"
	"github.com/onbu/onbu/modules"
)

// listener makes a modules.Listener of a server.
type listener struct {
	*web.Server
	handler http.Handler
}

func (l listener) Name() string                                     { return "test" }
func (l listener) Listen(ctx context.Context, _ modules.Sink) error { return l.Serve(ctx, l.handler) }

// serving serves with a handler that answers with the sender and the length of the body, or with the fault.
func serving(t *testing.T, settings ...string) (addr string, e modules.Env) {
	t.Helper()
	e = sinktest.Env()
	port := sinktest.Port(t)
	s := modules.Read(sinktest.Define("w", "x", append([]string{"port " + port}, settings...)...))
	srv := web.Read(s, e, "x", 1)
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	addr = "127.0.0.1:" + port
	sinktest.Listen(t, listener{srv, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, ok := srv.SignIn(r)
		body, release, err := srv.Body(w, r)
		defer release()
		if fault := (*web.Fault)(nil); errors.As(err, &fault) {
			http.Error(w, fault.Reason, fault.Code)
			return
		}
		fmt.Fprintf(w, "%t %s %d", ok, from.Name, len(body))
	})}, nil, addr)
	return addr, e
}

// until asks again until the answer is as wanted.
func until(t *testing.T, want string, ask func() string) {
	t.Helper()
	for {
		got := ask()
		if got == want {
			return
		}
		if t.Context().Err() != nil {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
}

func do(t *testing.T, r *http.Request) string {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func TestSlowAndSilentSendersAreCutOff(t *testing.T) {
	addr, _ := serving(t, "timeout 1s", "idle_timeout 1s")
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, begin := range []string{"", "POST / HT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, begin); err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			defer c.Close()
			if _, err := io.Copy(io.Discard, c); err != nil && !strings.Contains(err.Error(), "reset") { // it ends only when the server closes
				t.Error(err)
			}
		})
	}
}

// Large bodies that do not end take what memory there is; a small request gets through all the same, and a large one is told to
// come again.
func TestLargeBodiesThatNeverEndLeaveRoomForSmallOnes(t *testing.T) {
	addr, _ := serving(t, "max_body 2M")
	part := strings.Repeat("x", 1<<20)
	for range 64 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2097152\r\n\r\n"+part); err != nil {
			break
		}
	}
	until(t, "memory", func() string {
		r, _ := http.NewRequest("POST", "http://"+addr, strings.NewReader(part))
		return do(t, r)
	})
	r, _ := http.NewRequest("POST", "http://"+addr, strings.NewReader("abc"))
	if got := do(t, r); got != "true 127.0.0.1 3" {
		t.Errorf("a small request is answered with %s", got)
	}
}

func TestHeadersAreBounded(t *testing.T) {
	addr, _ := serving(t)
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n"); err != nil {
		t.Fatal(err)
	}
	go func() {
		for range 1000 { // until the server has enough
			if _, err := fmt.Fprintf(c, "X-%s: y\r\n", strings.Repeat("a", 100)); err != nil {
				return
			}
		}
	}()
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil && !strings.Contains(err.Error(), "reset") || err == nil && !strings.Contains(line, "431") {
		t.Errorf("got %q, %v", line, err)
	}
}

func TestReadsFormsAsPHPDoes(t *testing.T) {
	addr := "127.0.0.1:" + sinktest.Port(t)
	s := modules.Read(sinktest.Define("w", "x", "port "+strings.TrimPrefix(addr, "127.0.0.1:")))
	srv := web.Read(s, sinktest.Env(), "x", 1)
	var got web.Form
	sinktest.Listen(t, listener{srv, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, release, err := srv.Form(w, r)
		defer release()
		if got = f; err != nil {
			http.Error(w, err.Error(), err.(*web.Fault).Code)
		}
	})}, nil, addr)
	r, _ := http.NewRequest("POST", "http://"+addr+"/?q=1&a=%zz", strings.NewReader("a=x+y%41;b=2&&c&a=50%&%61=%e4"))
	if text := do(t, r); text != "" {
		t.Error(text)
	}
	want := web.Form{{"q", "1"}, {"a", "%zz"}, {"a", "x yA;b=2"}, {"c", ""}, {"a", "50%"}, {"a", "\xe4"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.Get("a", "") != "\xe4" || got.Get("none", "x") != "x" || len(got.All("a")) != 4 {
		t.Errorf("got %q", got.All("a"))
	}
	r, _ = http.NewRequest("POST", "http://"+addr, strings.NewReader(strings.Repeat("a&", 70_000)))
	if text := do(t, r); !strings.Contains(text, "too many fields") {
		t.Error(text)
	}
}
