package target

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/onbu/onbu/modules/listen/nsca/packet"
)

// nscaIdleKind is the kind that connects to an NSCA server, reads the greeting and then says nothing.
const nscaIdleKind = "nsca-idle"

// NSCAIdle is so many connections to a port of 127.0.0.1 from so many addresses, all held at once.
type NSCAIdle struct{ Port, Connections, Sources int }

const nscaIdleForm = nscaIdleKind + "+%dx%dx%d"

// Name names the kind that holds those connections.
func (l *NSCAIdle) Name() string {
	return fmt.Sprintf(nscaIdleForm, l.Port, l.Connections, l.Sources)
}

// nscaIdleOf reads the name of a kind; ok is false if it is another kind's.
func nscaIdleOf(name string) (l NSCAIdle, ok bool) {
	n, _ := fmt.Sscanf(name, nscaIdleForm, &l.Port, &l.Connections, &l.Sources)
	return l, strings.HasPrefix(name, nscaIdleKind+"+") && n == 3 && l.Connections > 0 && l.Sources > 0 && l.Sources < 1<<16
}

// nscaIdler says that it listens, at port 0, once all connections are greeted. It counts those that the server has not closed.
func nscaIdler(l NSCAIdle) Kind {
	var open atomic.Int64
	return Kind{
		Name: nscaIdleKind, About: "holds connections to an NSCA server and says nothing", Count: open.Load,
		Serve: func(ctx context.Context, ready func(port int)) error { return l.hold(ctx, &open, ready) },
	}
}

func (l *NSCAIdle) hold(ctx context.Context, open *atomic.Int64, ready func(port int)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for i := range l.Connections {
		c, err := l.connect(ctx, i)
		if err != nil {
			return fmt.Errorf("idle connection %d of %d: %w", i+1, l.Connections, err)
		}
		open.Add(1)
		context.AfterFunc(ctx, func() { c.Close() })
		go func() {
			_, _ = io.Copy(io.Discard, c) // until the server closes it
			open.Add(-1)
		}()
	}
	ready(0)
	<-ctx.Done()
	return nil
}

// connect gives a connection once its greeting is read.
func (l *NSCAIdle) connect(ctx context.Context, i int) (net.Conn, error) {
	from := net.Dialer{Timeout: 10 * time.Second, KeepAlive: -1, LocalAddr: &net.TCPAddr{IP: net.IP(loopback(i % l.Sources).AsSlice())}}
	c, err := from.DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", l.Port))
	if err != nil {
		return nil, err
	}
	var init [packet.InitSize]byte
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.ReadFull(c, init[:]); err != nil {
		c.Close()
		return nil, fmt.Errorf("the greeting: %w", err)
	}
	return c, c.SetReadDeadline(time.Time{})
}
