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
	// Sources is how many addresses connections of one result each come from, in turn; 0 for one, which the kernel chooses.
	Sources int
}

const nscaForm = nscaKind + "+%dx%dx%dx%dx%dx%dx%dx%dx%s"

// Name names the kind of that load.
func (l *NSCALoad) Name() string {
	return fmt.Sprintf(nscaForm, l.Port, l.Services, l.Size, int(l.Method), l.Results, l.Connections, l.Each, l.Sources, l.Password)
}

// nscaOf reads the name of a kind; ok is false if it is another kind's.
func nscaOf(name string) (l NSCALoad, ok bool) {
	var method int
	n, _ := fmt.Sscanf(name, nscaForm, &l.Port, &l.Services, &l.Size, &method, &l.Results, &l.Connections, &l.Each, &l.Sources, &l.Password)
	l.Method = packet.Method(method)
	valid := l.Services > 0 && (l.Size == packet.Short || l.Size == packet.Long) && l.Results > 0 && l.Connections > 0 && l.Each >= 0 && l.Sources >= 0 && l.Sources < 1<<16
	return l, strings.HasPrefix(name, nscaKind+"+") && n == 9 && valid
}

// nscaSender is the kind that sends a load once and then rests. It listens on no port: port 0 says that it begins. It counts
// results that the kernel has taken. In trouble it stops sending.
func nscaSender(l NSCALoad) Kind {
	s := &sender{NSCALoad: l}
	return Kind{
		Name: nscaKind, About: "sends passive results, as send_nsca does", Serve: s.serve, Count: s.sent.Load,
		Trouble: func(float64, uint32) { s.over.Store(true) },
	}
}

// sender is a load at work.
type sender struct {
	NSCALoad
	key   *packet.Key
	begun atomic.Int64 // results that somebody sends or has sent
	sent  atomic.Int64
	over  atomic.Bool
}

func (s *sender) serve(ctx context.Context, ready func(port int)) (err error) {
	if s.key, err = packet.NewKey(s.Method, s.Password); err != nil {
		return err
	}
	ready(0)
	if s.Each == 0 {
		s.Each = (s.Results + s.Connections - 1) / s.Connections
	}
	if err := s.all(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// all sends everything.
func (s *sender) all(ctx context.Context) error {
	if s.Each == 1 {
		return s.swarm(ctx)
	}
	failed := make(chan error, s.Connections)
	for range s.Connections {
		go func() { failed <- s.work(ctx) }()
	}
	for range s.Connections {
		if err := <-failed; err != nil {
			return err
		}
	}
	return nil
}

// work sends one connection after the other until all results are sent.
func (s *sender) work(ctx context.Context) error {
	w := worker{sender: s, raw: make([]byte, 0, min(s.Each*s.Size, piece+s.Size))}
	for ctx.Err() == nil && !s.over.Load() {
		first := int(s.begun.Add(int64(s.Each))) - s.Each
		if first >= s.Results {
			return nil
		}
		if err := w.connection(ctx, first, min(first+s.Each, s.Results)); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// piece is how much is written at once.
const piece = 64 << 10

// worker has one connection at a time.
type worker struct {
	*sender
	init [packet.InitSize]byte
	raw  []byte
}

// connection sends the results from first to last. One that the server refuses or breaks off is not tried again: what it held
// is lost, as with send_nsca.
func (w *worker) connection(ctx context.Context, first, last int) error {
	c, err := w.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if last-first > 1 {
		defer context.AfterFunc(ctx, func() { c.Close() })()
	}
	if _, err := io.ReadFull(c, w.init[:]); err != nil {
		return nil
	}
	e := packet.NewEncoder(w.key, w.init[:])
	for first < last && !w.over.Load() {
		w.raw = w.raw[:0]
		n := 0
		for ; first < last && len(w.raw) < piece; first, n = first+1, n+1 {
			w.raw = e.Append(w.raw, w.result(first), w.Size)
		}
		if _, err := c.Write(w.raw); err != nil {
			return nil
		}
		w.sent.Add(int64(n))
	}
	return nil
}

// dial connects, again and again for a minute while there is no room.
func (s *sender) dial(ctx context.Context) (net.Conn, error) {
	from := net.Dialer{Timeout: 10 * time.Second, KeepAlive: -1}
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
