package target

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/onbu/onbu/internal/mmsg"
)

// answerer gives the answer of the host at an address to a datagram; nil if there is none. The answer lies in memory that the
// next call uses again.
type answerer func(datagram []byte, host netip.Addr, now time.Time) []byte

const (
	// socketBuffer holds what pollers send while the target does not run.
	socketBuffer = 8 << 20
	// largestQuestion and controlSize are more than comes.
	largestQuestion = 4096
	controlSize     = 64
)

// udpServer answers datagrams on one port of all loopback addresses, each from the address that was asked.
type udpServer struct {
	answer answerer
	socket *mmsg.Socket
	in     *mmsg.Messages
	out    *mmsg.Messages
	slots  [mmsg.Batch][]byte // what out points to
	// Answers wait in later for delay, if there is one.
	delay time.Duration
	later chan held
}

// held is an answer that waits. All wait for the same time, so that the first is due first.
type held struct {
	due               time.Time
	datagram, control []byte
	to                netip.AddrPort
}

// maxHeld bounds the answers that wait.
const maxHeld = 1 << 16

// serveUDP answers until ctx ends.
func serveUDP(ctx context.Context, answer answerer, delay time.Duration, ready func(port int)) error {
	config := net.ListenConfig{Control: loopbackWithAddress}
	l, err := config.ListenPacket(ctx, "udp4", "0.0.0.0:0")
	if err != nil {
		return err
	}
	conn := l.(*net.UDPConn)
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	_, _ = conn.SetReadBuffer(socketBuffer), conn.SetWriteBuffer(socketBuffer) // the kernel gives what it allows
	socket, err := mmsg.New(conn)
	if err != nil {
		return err
	}
	s := &udpServer{
		answer: answer, socket: socket, delay: delay, later: make(chan held, maxHeld),
		in: mmsg.ForReceiving(mmsg.Batch, largestQuestion, controlSize), out: mmsg.ForSending(mmsg.Batch),
	}
	defer close(s.later)
	go release(s.later, conn)
	ready(conn.LocalAddr().(*net.UDPAddr).Port)
	return s.serve(ctx)
}

// serve answers until the socket is closed, which is when ctx ends.
func (s *udpServer) serve(ctx context.Context) error {
	var failed error
	err := s.socket.Readable(func() bool {
		for {
			if failed = s.socket.Receive(s.in); failed != nil || s.in.Len() == 0 {
				return failed != nil
			}
			if failed = s.batch(); failed != nil {
				return true
			}
		}
	})
	if ctx.Err() != nil {
		return nil
	}
	return errors.Join(err, failed)
}

// batch answers what was received.
func (s *udpServer) batch() error {
	now := time.Now()
	s.out.Reset()
	for i := range s.in.Len() {
		control := s.in.Control(i)
		host, ok := reply(control)
		if !ok {
			return fmt.Errorf("the kernel does not say which address was asked: %x", control)
		}
		answer := s.answer(s.in.Payload(i), host, now)
		switch {
		case answer == nil:
		case s.delay > 0:
			s.hold(held{now.Add(s.delay), append([]byte(nil), answer...), append([]byte(nil), control...), s.in.From(i)})
		default:
			s.slots[i] = append(s.slots[i][:0], answer...)
			s.out.Add(s.slots[i], s.in.From(i), control)
		}
	}
	s.send()
	return nil
}

// send sends the answers. A poller that does not read loses some, as on any network.
func (s *udpServer) send() {
	tries := 0
	for from := 0; from < s.out.Len(); {
		n, err := s.socket.Send(s.out, from)
		from += n
		switch {
		case errors.Is(err, mmsg.ErrFull) && tries < 20:
			tries++
			time.Sleep(100 * time.Microsecond)
		case err != nil:
			from++
		}
	}
}

func (s *udpServer) hold(h held) {
	select {
	case s.later <- h:
	default:
	}
}

// release sends answers when they are due.
func release(later <-chan held, conn *net.UDPConn) {
	for h := range later {
		time.Sleep(time.Until(h.due))
		_, _, _ = conn.WriteMsgUDPAddrPort(h.datagram, h.control, h.to)
	}
}

// loopbackWithAddress binds a socket to the loopback interface and has each datagram come with the address that it was sent to.
func loopbackWithAddress(network, address string, c syscall.RawConn) error {
	if err := onlyLoopback(network, address, c); err != nil {
		return err
	}
	var set error
	err := c.Control(func(fd uintptr) { set = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_PKTINFO, 1) })
	return errors.Join(err, set)
}

// reply gives the address that a datagram was sent to, and turns its control message into one that sends from there: ip(7),
// IP_PKTINFO. A header of 16 bytes is followed by the interface, the local address and the one in the datagram.
func reply(control []byte) (host netip.Addr, ok bool) {
	const header, size = 16, 28
	if len(control) < size || binary.NativeEndian.Uint32(control[12:]) != syscall.IP_PKTINFO {
		return netip.Addr{}, false
	}
	info := control[header:size]
	host = netip.AddrFrom4([4]byte(info[8:12]))
	clear(info[:4])
	copy(info[4:8], info[8:12])
	return host, true
}
