package snmp

import (
	"errors"
	"net"
	"syscall"
	"time"

	"github.com/onbu/onbu/internal/mmsg"
)

// receiveBuffer is the room asked for datagrams that wait to be read. The kernel gives what net.core.rmem_max allows.
const receiveBuffer = 8 << 20

// longest is the longest datagram that there is. Of its room in a batch only what is received takes memory.
const longest = 1 << 16

// socket is a UDP socket shared by all conversations of a family.
type socket struct {
	conn *net.UDPConn
	*mmsg.Socket
	in, out *mmsg.Messages
	sending []unsent
}

// unsent is a lane whose message is to be sent, if it still has that one by then: a repeat is not needed any more when the
// answer to the first try has come, and the lane may be another device's.
type unsent struct {
	*lane
	id int32
}

func (u unsent) wanted() bool { return u.id != 0 && u.lane.id == u.id }

// socketFor gives the socket for a device, opened when it is first needed.
func (s *shard) socketFor(d *device) (*socket, error) {
	which, network := 0, "udp4"
	if !d.addr.Addr().Is4() {
		which, network = 1, "udp6"
	}
	if s.sockets[which] != nil {
		return s.sockets[which], nil
	}
	m, err := openSocket(network)
	if err != nil {
		return nil, err
	}
	s.sockets[which] = m
	s.group.Go(func() { s.read(m) })
	return m, nil
}

func openSocket(network string) (*socket, error) {
	conn, err := net.ListenUDP(network, nil)
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(receiveBuffer)
	_ = conn.SetWriteBuffer(receiveBuffer)
	forceBuffer(conn, receiveBuffer)
	inner, err := mmsg.New(conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &socket{conn: conn, Socket: inner, in: mmsg.ForReceiving(mmsg.Batch, longest, 0), out: mmsg.ForSending(mmsg.Batch)}, nil
}

// read receives until the socket is closed.
func (s *shard) read(m *socket) {
	_ = m.Readable(func() bool {
		for s.readBatch(m) {
		}
		return false
	})
}

// readBatch handles what has arrived, and what follows from it; it says whether there may be more.
func (s *shard) readBatch(m *socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at(time.Since(s.begun))
	got := s.receive(m)
	s.settleAll()
	return got
}

func (s *shard) receive(m *socket) bool {
	if m.Receive(m.in) != nil || m.in.Len() == 0 {
		return false
	}
	for i := range m.in.Len() {
		s.handle(m, i)
	}
	return true
}

// send has the lane's message sent by the next flush.
func (s *shard) send(l *lane) {
	m, err := s.socketFor(l.device)
	if err != nil {
		s.fail(l, err)
		return
	}
	l.messages++
	s.count.Requests++
	wait := l.wait()
	if l.device.lesson.doubtful(l.size) && l.device.lesson != nil && l.tries == 0 {
		wait = min(wait, quietAfter) // a smaller one may get through
	}
	if l.quiet = wait > quietAfter; l.quiet {
		wait = quietAfter
	}
	s.retries.Set(&l.timer, s.now+wait)
	m.sending = append(m.sending, unsent{l, l.id})
}

// flush sends what there is to send, and takes in what comes meanwhile, so that little waits in the socket. It says
// whether there was anything.
func (s *shard) flush() bool {
	any := false
	for _, m := range s.sockets {
		for m != nil && len(m.sending) > 0 {
			any = true
			s.sendBatch(m)
			s.receive(m)
		}
	}
	return any
}

func (s *shard) sendBatch(m *socket) {
	m.out.Reset()
	taken, n := 0, 0
	for ; taken < len(m.sending) && n < mmsg.Batch; taken++ {
		if u := m.sending[taken]; u.wanted() {
			m.out.Add(u.msg, u.device.addr, nil)
			m.sending[n] = u
			n++
		}
	}
	for from, full := 0, 0; from < n; {
		sent, err := m.Send(m.out, from)
		from += sent
		switch {
		case errors.Is(err, mmsg.ErrFull) && full < 10:
			full++
			time.Sleep(time.Millisecond) // the network card is behind: so are we
		case errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.EACCES):
			if u := m.sending[from]; u.wanted() {
				s.fail(u.lane, &Unreachable{err})
			}
			from++
		case err != nil: // as good as a datagram that is lost: the next try may do better
			from++
		}
	}
	m.sending = append(m.sending[:0], m.sending[taken:]...)
}

// fail ends all that waits for a device that nothing can be sent to.
func (s *shard) fail(l *lane, err error) { s.endAll(l, err) }
