package livestatus_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/modules/export/livestatus"
)

// onePipe is a listener with one connection, inside of the test.
type onePipe struct {
	come chan net.Conn
	gone context.Context
}

func (p onePipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.come:
		return c, nil
	case <-p.gone.Done():
		return nil, net.ErrClosed
	}
}

func (p onePipe) Close() error   { return nil }
func (p onePipe) Addr() net.Addr { return &net.TCPAddr{} }

// A broker that goes into maintenance, or ends, has to have ended long before such a wait is over.
func TestAWaitEndsWithThePortAndIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := built(t, newEngine())
		ctx, cancel := context.WithCancel(t.Context())
		p := onePipe{make(chan net.Conn), ctx}
		over := make(chan error)
		go func() {
			over <- serve.Serve(ctx, p, serve.Options{}, func(ctx context.Context, c *serve.Conn) { livestatus.Session(m, ctx, c) })
		}()
		ours, theirs := net.Pipe()
		p.come <- theirs
		_, err := io.WriteString(ours, "GET hosts\nColumns: name\nFilter: name = web\nWaitTimeout: 100000\nWaitTrigger: state\nWaitObject: web\nWaitCondition: state = 1\nKeepAlive: on\n\n")
		if err != nil {
			t.Fatal(err)
		}
		answered := make(chan string, 1)
		go func() {
			line, _ := bufio.NewReader(ours).ReadString('\n')
			answered <- line
		}()
		time.Sleep(10 * time.Second)
		began := time.Now()
		cancel()
		if err := <-over; err != nil || time.Since(began) != 0 {
			t.Errorf("the port ended after %s: %v", time.Since(began), err)
		}
		if line := <-answered; line != "web\n" {
			t.Errorf("the client got %q, want the answer as it is now", line)
		}
	})
}
