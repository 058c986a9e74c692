package nsca

import (
	"context"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/serve"
	"github.com/onbu/onbu/modules/listen/nsca/packet"
)

// pipes is a port whose connections are given.
type pipes struct {
	come chan net.Conn
	gone context.Context
	end  context.CancelFunc
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.come:
		return c, nil
	case <-p.gone.Done():
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.end(); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{} }

// alone has a listener at work, with one connection to it.
func alone(t *testing.T, do func(l *Listener, s *sink, p *peer, end func())) {
	synctest.Test(t, func(t *testing.T) {
		l, err := defined(t, "encryption_method 14", "password secret")
		if err != nil {
			t.Fatal(err)
		}
		s, port := newSink(), &pipes{come: make(chan net.Conn)}
		port.gone, port.end = context.WithCancel(t.Context())
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan error)
		go func() {
			over <- serve.Serve(ctx, port, l.port, func(ctx context.Context, c *serve.Conn) { l.converse(ctx, c, s) })
		}()
		theirs, ours := net.Pipe()
		port.come <- ours
		p := &peer{Conn: theirs}
		if _, err := io.ReadFull(p, p.init[:]); err != nil {
			t.Fatal(err)
		}
		p.Encoder = packet.NewEncoder(secret(t), p.init[:])
		do(l, s, p, cancel)
		cancel()
		p.Close()
		if err := <-over; err != nil {
			t.Error(err)
		}
	})
}

func TestAByteASecondIsTooSlow(t *testing.T) {
	alone(t, func(l *Listener, s *sink, p *peer, _ func()) {
		began := time.Now()
		for _, b := range p.Append(nil, result("slow"), packet.Short) {
			if _, err := p.Write([]byte{b}); err != nil {
				break
			}
			time.Sleep(time.Second)
		}
		p.closed()
		if took := time.Since(began); took < time.Minute || took > time.Minute+time.Second || l.refused[tooSlow].Get() != 1 || s.batches != 0 {
			t.Errorf("closed after %s, %d counted, %d batches; want 1m, 1 and 0", took, l.refused[tooSlow].Get(), s.batches)
		}
	})
}

func TestALongConnectionMayRestAndItsTimeStaysGood(t *testing.T) {
	alone(t, func(l *Listener, s *sink, p *peer, _ func()) {
		for range 3 {
			p.send(t, p.Append(nil, result("h"), packet.Long))
			s.wait(1)
			time.Sleep(9 * time.Minute)
		}
		began := time.Now()
		p.closed()
		if rest := time.Since(began); rest != time.Minute || l.refused[tooSlow].Get() != 0 {
			t.Errorf("closed %s after the ninth minute, %d counted; want 1m and 0", rest, l.refused[tooSlow].Get())
		}
	})
}

func TestWhatHasArrivedBeforeTheEndIsStored(t *testing.T) {
	alone(t, func(_ *Listener, s *sink, p *peer, end func()) {
		s.block = make(chan struct{})
		written := make(chan struct{})
		raw := p.Append(p.Append(nil, result("first"), packet.Long), result("second"), packet.Long)
		go func() {
			p.send(t, raw)
			close(written)
		}()
		synctest.Wait()
		end()
		time.Sleep(time.Second)
		close(s.block)
		<-written
		if got := s.wait(2); len(got) != 2 {
			t.Errorf("%d stored, want both", len(got))
		}
	})
}

func TestWhatCannotBeStoredAtTheEndIsCountedResultByResult(t *testing.T) {
	alone(t, func(l *Listener, s *sink, p *peer, end func()) {
		s.fail = true
		var raw []byte
		for _, host := range []string{"that nobody knows", "a", "b", "c"} {
			raw = p.Append(raw, result(host), packet.Short)
		}
		p.send(t, raw)
		synctest.Wait()
		end()
		p.closed()
		synctest.Wait()
		if n := l.refused[notStored].Get(); n != 3 {
			t.Errorf("%d counted, want 3", n)
		}
	})
}
