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

// nscaKind is the kind that is no target but a sender of passive results.
const nscaKind = "nsca"

// NSCALoad is what a sender sends to 127.0.0.1. Results are for the services s0 to s9 of the hosts nsca-1, nsca-2 …, one after
// the other.
type NSCALoad struct {
	Port, Services int
	// Size is that of a packet, Method and Password are how it is encrypted.
	Size     int
	Method   packet.Method
	Password string
	// Results is how many are sent in all, over so many connections at once, with Each of them on one; 0 for as many as make
	// one connection after the other unnecessary.
	Results, Connections, Each int
}

const nscaForm = nscaKind + "+%dx%dx%dx%dx%dx%dx%dx%s"

// Name names the kind of that load.
func (l *NSCALoad) Name() string {
	return fmt.Sprintf(nscaForm, l.Port, l.Services, l.Size, int(l.Method), l.Results, l.Connections, l.Each, l.Password)
}

// nscaOf reads the name of a kind; ok is false if it is another kind's.
func nscaOf(name string) (l NSCALoad, ok bool) {
	var method int
	n, _ := fmt.Sscanf(name, nscaForm, &l.Port, &l.Services, &l.Size, &method, &l.Results, &l.Connections, &l.Each, &l.Password)
	l.Method = packet.Method(method)
	valid := l.Services > 0 && (l.Size == packet.Short || l.Size == packet.Long) && l.Results > 0 && l.Connections > 0 && l.Each >= 0
	return l, strings.HasPrefix(name, nscaKind+"+") && n == 8 && valid
}

// nscaSender is the kind that sends a load once and then rests. It listens on no port: port 0 says that it begins. It counts
// results that the kernel has taken.
func nscaSender(l NSCALoad) Kind {
	s := &sender{NSCALoad: l}
	return Kind{Name: nscaKind, About: "sends passive results, as send_nsca does", Serve: s.serve, Count: s.sent.Load}
}

// sender sends from many addresses, so that it does not run out of ports.
type sender struct {
	NSCALoad
	key   *packet.Key
	begun atomic.Int64 // results that somebody sends or has sent
	sent  atomic.Int64
}

func (s *sender) serve(ctx context.Context, ready func(port int)) (err error) {
	if s.key, err = packet.NewKey(s.Method, s.Password); err != nil {
		return err
	}
	ready(0)
	if s.Each == 0 {
		s.Each = (s.Results + s.Connections - 1) / s.Connections
	}
	failed := make(chan error, s.Connections)
	for i := range s.Connections {
		go func() { failed <- s.work(ctx, i) }()
	}
	for range s.Connections {
		if err := <-failed; err != nil {
			return err
		}
	}
	<-ctx.Done()
	return nil
}

// work sends one connection after the other until all results are sent.
func (s *sender) work(ctx context.Context, worker int) error {
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 2, byte(worker>>7), byte(worker&127+1))}, Timeout: 10 * time.Second}
	for ctx.Err() == nil {
		first := int(s.begun.Add(int64(s.Each))) - s.Each
		if first >= s.Results {
			return nil
		}
		if err := s.connection(ctx, &from, first, min(first+s.Each, s.Results)); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// connection sends the results from first to last. One that the server refuses or breaks off is not tried again: what it held
// is lost, as with send_nsca.
func (s *sender) connection(ctx context.Context, from *net.Dialer, first, last int) error {
	c, err := s.dial(ctx, from)
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	init := make([]byte, packet.InitSize)
	if _, err := io.ReadFull(c, init); err != nil {
		return nil
	}
	e := packet.NewEncoder(s.key, init)
	var raw []byte
	for first < last {
		raw = raw[:0]
		n := 0
		for ; first < last && len(raw) < 64<<10; first, n = first+1, n+1 {
			raw = e.Append(raw, s.result(first), s.Size)
		}
		if _, err := c.Write(raw); err != nil {
			return nil
		}
		s.sent.Add(int64(n))
	}
	return nil
}

// dial connects, again and again for a minute while there is no room.
func (s *sender) dial(ctx context.Context, from *net.Dialer) (net.Conn, error) {
	to := fmt.Sprintf("127.0.0.1:%d", s.Port)
	for end := time.Now().Add(time.Minute); ; {
		c, err := from.DialContext(ctx, "tcp", to)
		if err == nil || time.Now().After(end) || ctx.Err() != nil {
			return c, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// result is the nth. A second of 100,000 results gives every service a value of its own.
func (s *sender) result(n int) packet.Packet {
	service := n % s.Services
	return packet.Packet{
		Host: fmt.Appendf(nil, "nsca-%d", service/10+1), Service: fmt.Appendf(nil, "s%d", service%10), Output: fmt.Appendf(nil, "fine|value=%d", n),
	}
}
