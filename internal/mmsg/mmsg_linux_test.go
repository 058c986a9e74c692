package mmsg_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/onbu/onbu/internal/mmsg"
	"github.com/onbu/onbu/internal/realpeer"
)

func open(t testing.TB, network, at string) (*net.UDPConn, *mmsg.Socket, netip.AddrPort) {
	t.Helper()
	conn, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(at)))
	if err != nil {
		realpeer.Skip(t, fmt.Sprintf("%s: %v", network, err))
	}
	t.Cleanup(func() { conn.Close() })
	s, err := mmsg.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	return conn, s, conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func TestDatagramsArriveWithTheirSenders(t *testing.T) {
	for network, at := range map[string]string{"udp4": "127.0.0.1:0", "udp6": "[::1]:0"} {
		t.Run(network, func(t *testing.T) {
			_, a, from := open(t, network, at)
			_, b, to := open(t, network, at)
			out, in := mmsg.ForSending(mmsg.Batch), mmsg.ForReceiving(10, 16, 0)
			for i := range 25 {
				if !out.Add(fmt.Appendf(nil, "message %d", i), to, nil) {
					t.Fatal("the batch is full")
				}
			}
			if n, err := a.Send(out, 0); n != 25 || err != nil {
				t.Fatalf("sent %d, %v", n, err)
			}
			got := 0
			err := b.Readable(func() bool {
				for {
					if err := b.Receive(in); err != nil || in.Len() == 0 {
						return got == 25 || err != nil
					}
					for i := range in.Len() {
						if want := fmt.Sprintf("message %d", got); string(in.Payload(i)) != want || in.From(i) != from || in.Truncated(i) {
							t.Errorf("got %q from %v, want %q from %v", in.Payload(i), in.From(i), want, from)
						}
						got++
					}
				}
			})
			if err != nil || got != 25 {
				t.Errorf("got %d messages, %v", got, err)
			}
		})
	}
}

func TestOneBadMessageIsTold(t *testing.T) {
	_, a, to := open(t, "udp4", "127.0.0.1:0")
	out := mmsg.ForSending(4)
	out.Add([]byte("good"), to, nil)
	out.Add(make([]byte, 70000), to, nil)
	out.Add([]byte("good"), to, nil)
	if n, err := a.Send(out, 0); n != 1 || err != nil {
		t.Errorf("from the first: sent %d, %v, want 1", n, err)
	}
	if n, err := a.Send(out, 1); n != 0 || !errors.Is(err, unix.EMSGSIZE) {
		t.Errorf("from the bad one: sent %d, %v, want EMSGSIZE", n, err)
	}
	if n, err := a.Send(out, 2); n != 1 || err != nil {
		t.Errorf("from the one behind: sent %d, %v, want 1", n, err)
	}
	out.Reset()
	for range 4 {
		out.Add(nil, to, nil)
	}
	if out.Add(nil, to, nil) {
		t.Error("a full batch took one more")
	}
}

func TestLongDatagramsAreMarked(t *testing.T) {
	conn, s, to := open(t, "udp4", "127.0.0.1:0")
	in := mmsg.ForReceiving(2, 8, 0)
	if _, err := conn.WriteToUDPAddrPort([]byte("0123456789"), to); err != nil {
		t.Fatal(err)
	}
	if err := s.Receive(in); err != nil || in.Len() != 1 || !in.Truncated(0) || string(in.Payload(0)) != "01234567" {
		t.Errorf("got %d, truncated %v, %q, %v", in.Len(), in.Truncated(0), in.Payload(0), err)
	}
}

func TestKernelTimestampsCome(t *testing.T) {
	conn, s, to := open(t, "udp4", "127.0.0.1:0")
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1) })
	if err != nil {
		t.Fatal(err)
	}
	in := mmsg.ForReceiving(4, 8, 64)
	for range 2 { // the room for control messages is there again the second time
		if _, err := conn.WriteToUDPAddrPort([]byte("x"), to); err != nil {
			t.Fatal(err)
		}
		if err := s.Receive(in); err != nil || in.Len() != 1 {
			t.Fatal(in.Len(), err)
		}
		list, err := unix.ParseSocketControlMessage(in.Control(0))
		if err != nil || len(list) != 1 || list[0].Header.Type != unix.SCM_TIMESTAMPNS {
			t.Errorf("got %v, %v, want one timestamp", list, err)
		}
	}
}

func TestErrorQueueIsWokenFor(t *testing.T) {
	conn, s, _ := open(t, "udp4", "127.0.0.1:0")
	closed, _, to := open(t, "udp4", "127.0.0.1:0")
	closed.Close()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_RECVERR, 1) })
	if err != nil {
		t.Fatal(err)
	}
	in, sent := mmsg.ForReceiving(4, 8, 128), false
	err = s.Readable(func() bool {
		if !sent {
			out := mmsg.ForSending(1)
			out.Add([]byte("x"), to, nil)
			_, err := s.Send(out, 0)
			sent = err == nil
			return false
		}
		_ = s.Receive(in)
		if err := s.ReceiveErrors(in); err != nil {
			t.Error(err)
		}
		return in.Len() > 0
	})
	if err != nil || in.Len() != 1 || in.From(0) != to || string(in.Payload(0)) != "x" || len(in.Control(0)) == 0 {
		t.Errorf("got %d errors, %v", in.Len(), err)
	}
}

func TestClosingEndsTheWait(t *testing.T) {
	conn, s, _ := open(t, "udp4", "127.0.0.1:0")
	looked := make(chan struct{})
	go func() {
		<-looked
		conn.Close()
	}()
	once := false
	if err := s.Readable(func() bool {
		if !once {
			once = true
			close(looked)
		}
		return false
	}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v, want net.ErrClosed", err)
	}
}

func BenchmarkLoopback(b *testing.B) {
	_, a, _ := open(b, "udp4", "127.0.0.1:0")
	_, c, to := open(b, "udp4", "127.0.0.1:0")
	for _, size := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			out, in := mmsg.ForSending(size), mmsg.ForReceiving(size, 64, 0)
			payload := make([]byte, 44)
			b.ReportAllocs()
			for n := 0; n < b.N; n += size {
				out.Reset()
				for range size {
					out.Add(payload, to, nil)
				}
				if _, err := a.Send(out, 0); err != nil {
					b.Fatal(err)
				}
				for left := size; left > 0; left -= in.Len() {
					if err := c.Receive(in); err != nil || in.Len() == 0 {
						b.Fatal(in.Len(), err)
					}
					_ = in.From(0)
				}
			}
		})
	}
}
