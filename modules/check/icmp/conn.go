package icmp

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Counters say what became of packets.
type Counters struct {
	// Sent requests and the Replies that answered them; Duplicates are further replies to the same requests.
	Sent, Replies, Duplicates uint64
	// Reports are ICMP errors about requests of ours.
	Reports uint64
	// Foreign messages belong to no request that is under way: late ones, other programs' ones, invented ones.
	Foreign uint64
	// Misplaced replies carry the secret of a request but come from an address that was not asked.
	Misplaced uint64
	// Malformed messages are too short or of no kind that is asked for.
	Malformed uint64
}

func (c *Counters) add(d Counters) {
	c.Sent += d.Sent
	c.Replies += d.Replies
	c.Duplicates += d.Duplicates
	c.Reports += d.Reports
	c.Foreign += d.Foreign
	c.Misplaced += d.Misplaced
	c.Malformed += d.Malformed
}

// unreadMax is how many requests may go out before replies are looked for. While many goroutines send, Go's poller does
// not wake the reader for up to 10 ms, and what does not fit into the socket's buffer by then is lost. So whoever sends
// much reads too.
const unreadMax = 64

// conn is a socket shared by all checks of a family. Replies find their flight by the slot in their tag.
type conn struct {
	socket *socket
	start  time.Time // what packets' times are measured from
	id     uint16    // identifier of the packets of slot 0, on raw sockets
	unread atomic.Int32
	done   chan struct{} // closed when the reader has ended

	receiving sync.Mutex // held by whoever calls receive
	buf       []byte

	mu    sync.Mutex // guards everything that follows, and the flights in slots
	slots []*flight
	free  []uint32
	count Counters
}

// flight is the pinging of one address by one run. What follows wake is guarded by conn's mu.
type flight struct {
	addr  netip.Addr // without a zone
	to    unix.Sockaddr
	oob   []byte
	slot  uint32
	token uint64
	wake  chan<- struct{} // gets a value, if there is room, whenever something arrives

	packets       []packet
	received      int
	duplicates    int
	sum, min, max time.Duration // of the round trips
	reports       int
	first         report // the first of the reports
}

// packet is one request.
type packet struct {
	at       time.Duration // since conn.start
	answered bool
}

// report is what somebody on the way said became of a packet.
type report struct {
	typ, code byte
	from      netip.Addr
}

// pending gives how many packets are neither answered nor reported on.
func (f *flight) pending() int { return max(len(f.packets)-f.received-f.reports, 0) }

// dial opens the socket of a family and starts its reader.
func dial(f family) (*conn, error) {
	s, err := openSocket(f)
	if err != nil {
		return nil, err
	}
	c := &conn{
		socket: s, start: time.Now(), id: uint16(rand.Uint32()),
		done: make(chan struct{}), buf: make([]byte, 64<<10),
	}
	go c.read()
	return c, nil
}

func (c *conn) close() error {
	err := c.socket.file.Close()
	<-c.done
	return err
}

func (c *conn) counters() Counters {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}

func (c *conn) now() time.Duration { return time.Since(c.start) }

// read receives until the socket is closed.
func (c *conn) read() {
	defer close(c.done)
	for open := true; open; {
		_ = c.socket.conn.Read(func(fd uintptr) bool {
			c.receiving.Lock()
			c.receive(int(fd))
			c.receiving.Unlock()
			return false
		})
		// Either the socket is closed, or Go's poller gave up on an event that is an error and nothing else: wait for the
		// next one without it.
		open = c.socket.conn.Control(func(fd uintptr) {
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 10)
		}) == nil
	}
}

// receive handles what has arrived. The caller holds receiving.
func (c *conn) receive(fd int) {
	c.unread.Store(0)
	if n := c.socket.receive(fd, c.buf, c.handle); n > 0 {
		c.mu.Lock()
		c.count.Malformed += uint64(n)
		c.mu.Unlock()
	}
}

// handle finds whom a message is for.
func (c *conn) handle(m message, from netip.Addr) {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	f := c.owner(m)
	switch {
	case f == nil:
		c.count.Foreign++
	case m.isReply && from != f.addr:
		c.count.Misplaced++
	case m.isReply:
		c.answer(f, &f.packets[m.tag.number], now)
	default:
		c.count.Reports++
		if f.reports++; f.reports == 1 {
			f.first = report{typ: m.typ, code: m.code, from: from}
		}
		f.signal()
	}
}

// owner gives the flight whose packet a message answers or quotes, nil if there is none. The caller holds mu.
func (c *conn) owner(m message) *flight {
	if m.tagged {
		if int64(m.tag.slot) >= int64(len(c.slots)) {
			return nil
		}
		f := c.slots[m.tag.slot]
		if f == nil || f.token != m.tag.token || int64(m.tag.number) >= int64(len(f.packets)) {
			return nil
		}
		return f
	}
	// Eight bytes quoted by an old router: on raw sockets the identifier tells the slot; sequence number and destination
	// must fit as well.
	slot := int(m.id - c.id)
	if !c.socket.raw || slot >= len(c.slots) || c.slots[slot] == nil {
		return nil
	}
	f := c.slots[slot]
	if m.to != f.addr || int(m.seq-uint16(f.token)) >= len(f.packets) {
		return nil
	}
	return f
}

// answer notes a reply. The caller holds mu.
func (c *conn) answer(f *flight, p *packet, now time.Duration) {
	if p.answered {
		c.count.Duplicates++
		f.duplicates++
		return
	}
	p.answered = true
	trip := max(now-p.at, 0)
	if f.received == 0 || trip < f.min {
		f.min = trip
	}
	f.max = max(f.max, trip)
	f.sum += trip
	f.received++
	c.count.Replies++
	f.signal()
}

func (f *flight) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// board gives a flight for pinging addr; leave gives its slot back.
func (c *conn) board(addr netip.Addr, oob []byte, wake chan<- struct{}) *flight {
	f := &flight{addr: addr, to: sockaddr(addr), oob: oob, token: rand.Uint64(), wake: wake}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.free); n > 0 {
		f.slot = c.free[n-1]
		c.free = c.free[:n-1]
	} else {
		f.slot = uint32(len(c.slots))
		c.slots = append(c.slots, nil)
	}
	c.slots[f.slot] = f
	return f
}

func (c *conn) leave(flights []*flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range flights {
		c.slots[f.slot] = nil
		c.free = append(c.free, f.slot)
	}
}

// packetBuffers keeps room for outgoing packets.
var packetBuffers = sync.Pool{New: func() any { return new([]byte) }}

// send sends the flight's next packet with size bytes of payload. After an error the packet counts as sent all the same,
// until unsend. Only one goroutine sends for a flight.
func (c *conn) send(f *flight, size int) error {
	b := packetBuffers.Get().(*[]byte)
	defer packetBuffers.Put(b)
	if len(*b) < headerLen+size {
		*b = make([]byte, headerLen+size)
	}
	number := uint32(len(f.packets))
	message := (*b)[:headerLen+size]
	putEcho(message, c.socket.family, c.id+uint16(f.slot), uint16(f.token)+uint16(number), tag{f.token, f.slot, number})
	if c.unread.Add(1) > unreadMax && c.receiving.TryLock() {
		_ = c.socket.conn.Control(func(fd uintptr) { c.receive(int(fd)) })
		c.receiving.Unlock()
	}
	c.mu.Lock()
	c.count.Sent++
	f.packets = append(f.packets, packet{at: c.now()})
	c.mu.Unlock()
	return c.socket.send(message, f.oob, f.to)
}

// unsend takes the last packet back, which could not be sent.
func (c *conn) unsend(f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count.Sent--
	f.packets = f.packets[:len(f.packets)-1]
}

func sockaddr(a netip.Addr) unix.Sockaddr {
	if a.Is4() {
		return &unix.SockaddrInet4{Addr: a.As4()}
	}
	return &unix.SockaddrInet6{Addr: a.As16()}
}
