package icmp

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/onbu/onbu/internal/mmsg"
	"github.com/onbu/onbu/modules"
)

const (
	// sendBatch is how many requests go with one system call. All have the same time on them, taken before, so more
	// would make the round trip of the last one too long.
	sendBatch = 16
	// unreadMax is how many requests may go out before replies are looked for. While the machine is busy, Go's poller does
	// not wake the receiver for up to 10 ms, and what does not fit into the socket's buffer by then is lost. So the sender
	// reads too when it sends much.
	unreadMax = 64
	// gather is how long requests may wait for others when there are many: to wake the sender for each costs as much as to
	// send it. It is no part of a round trip.
	gather = time.Millisecond
	// fullPause is how long the sender waits when the kernel has no room for more.
	fullPause = time.Millisecond
)

// conn is what an engine has to do with the world: a socket, a goroutine that sends and one that receives.
type conn struct {
	engine *engine
	socket *socket
	start  time.Time // what the engine's moments are measured from
	wg     sync.WaitGroup

	wakeup  chan struct{}
	asleep  atomic.Bool // whether the sender waits for wakeup
	ended   chan struct{}
	unread  atomic.Int32 // requests since replies were looked for
	unheard atomic.Bool  // whether an error told of something in the error queue

	// The sender's own. Of the requests in batch those of from to filled are still to be sent.
	batch        []request
	from, filled int
	packets      [][]byte
	outgoing     *mmsg.Messages
	ready        func(n int) moment
	sentText     []byte
	looked       time.Duration // when it was last looked for what is due
	roused       time.Duration // when the sender last woke

	receiving sync.Mutex // guards the rest: the receiver's, or the sender's while it reads
	incoming  *mmsg.Messages
	reports   *mmsg.Messages
	arrivals  []arrival
	text      []byte
}

// conns are the sockets of a family. Two do a fifth more than one, since the kernel lets one processor at a time into a
// socket; with more than two nothing is won.
type conns [2]*conn

// dial opens the sockets of a family and starts their goroutines.
func dial(f family) (*conns, error) {
	var all conns
	id := uint16(rand.Uint32())
	for i := range all {
		s, err := openSocket(f)
		if err == nil && s.raw {
			err = s.share(id + uint16(i))
		}
		if err != nil {
			return nil, errors.Join(err, all.close())
		}
		all[i] = newConn(s, id+uint16(i))
		all[i].wg.Go(all[i].send)
		all[i].wg.Go(all[i].receive)
	}
	return &all, nil
}

// of gives the socket for an address.
func (all *conns) of(a netip.Addr) *conn {
	b := a.As16()
	return all[int(b[15])%len(all)]
}

func (all *conns) close() (err error) {
	for _, c := range all {
		if c != nil {
			err = errors.Join(err, c.close())
		}
	}
	return err
}

// newConn gives a conn whose goroutines do not run yet.
func newConn(s *socket, id uint16) *conn {
	c := &conn{
		engine: newEngine(s.family, s.raw, id), socket: s, start: time.Now(),
		wakeup: make(chan struct{}, 1), ended: make(chan struct{}),
		batch: make([]request, sendBatch), packets: make([][]byte, sendBatch), outgoing: mmsg.ForSending(sendBatch),
		incoming: mmsg.ForReceiving(mmsg.Batch, 256, 64), reports: mmsg.ForReceiving(8, 256, 256),
	}
	c.ready = c.write
	return c
}

// begin starts a check. w is told at the latest a little after until; a zero until is never.
func (c *conn) begin(r rules, hosts []target, brief bool, until time.Time, w modules.Waiter) *check {
	limit := time.Duration(1 << 62)
	if !until.IsZero() {
		limit = until.Sub(c.start)
	}
	check := c.engine.begin(r, hosts, brief, limit, time.Since(c.start), w)
	c.rouse()
	return check
}

// cancel ends a check with an error, if it is still w's.
func (c *conn) cancel(check *check, w modules.Waiter, err error) {
	c.engine.cancel(check, w, err)
	c.engine.tell(new([]byte))
}

// rouse wakes the sender if it sleeps.
func (c *conn) rouse() {
	if c.asleep.CompareAndSwap(true, false) {
		select {
		case c.wakeup <- struct{}{}:
		default:
		}
	}
}

// close ends all checks with an error.
func (c *conn) close() error {
	c.engine.close()
	close(c.ended)
	err := c.socket.file.Close()
	c.wg.Wait()
	c.engine.tell(&c.text)
	return err
}

func (c *conn) now() moment {
	now := time.Now()
	return moment{now.Sub(c.start), now.UnixNano()}
}

// send sends what is to be sent, and looks after the deadlines, until the conn is closed.
func (c *conn) send() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for c.open() {
		n, err := c.sendBatch()
		if c.unread.Add(int32(n)) > unreadMax && c.receiving.TryLock() {
			c.read(false)
			c.receiving.Unlock()
		}
		c.expire()
		c.engine.tell(&c.sentText)
		switch {
		case err != nil:
			c.sleep(timer, fullPause)
		case n == 0:
			c.rest(timer)
		}
	}
}

// sendBatch sends some requests, and says how many. The error is that the kernel has no room for the rest.
func (c *conn) sendBatch() (sent int, err error) {
	if c.from < c.filled {
		c.engine.stamp(c.batch[c.from:c.filled], c.now()) // what they have waited is none of the target's
	} else {
		c.from, c.filled = 0, c.engine.requests(c.batch, c.ready)
	}
	for tries := 0; c.from < c.filled; {
		n, err := c.socket.Send(c.outgoing, c.from)
		c.engine.confirm(c.batch[c.from:c.from+n], time.Since(c.start))
		c.from += n
		sent += n
		switch {
		case err == nil:
			tries = 0
		case errors.Is(err, mmsg.ErrFull), errors.Is(err, unix.ENOBUFS):
			return sent, err
		case !c.socket.raw && pending(err) && tries < 3:
			// It may be about an earlier packet, so it counts only when it comes again.
			c.unheard.Store(true)
			tries++
		default:
			c.engine.unsent(&c.batch[c.from], err, c.now().at)
			c.from++
			tries = 0
		}
	}
	return sent, nil
}

// write makes the messages of the first n of batch, and gives the time at which they go.
func (c *conn) write(n int) moment {
	c.outgoing.Reset()
	for i := range c.batch[:n] {
		r := &c.batch[i]
		if len(c.packets[i]) < headerLen+r.size {
			c.packets[i] = make([]byte, headerLen+r.size)
		}
		b := c.packets[i][:headerLen+r.size]
		putEcho(b, c.engine.family, c.engine.identifier(r.slot), uint16(r.token)+uint16(r.number), tag{r.token, r.slot, r.number})
		c.outgoing.Add(b, netip.AddrPortFrom(r.to, 0), r.controls)
	}
	return c.now()
}

// expire ends what is due. Before that it reads what has arrived: a machine that had no time to look does not make a target
// dead.
func (c *conn) expire() {
	due := time.Since(c.start)
	if due < c.looked+resolution {
		return
	}
	c.looked = due
	if at, ok := c.engine.wake(); !ok || at > due {
		return
	}
	c.receiving.Lock()
	c.read(true)
	c.receiving.Unlock()
	c.engine.expire(due)
}

// rest sleeps until there is something to send or a deadline is over.
func (c *conn) rest(timer *time.Timer) {
	if time.Since(c.start) < c.roused+gather {
		c.sleep(timer, gather)
		return
	}
	c.asleep.Store(true)
	at, ok := c.engine.wake()
	pause := time.Hour
	if ok {
		pause = at - time.Since(c.start)
	}
	if !c.engine.idling() { // somebody had something to send who saw the sender awake
		pause = 0
	}
	c.sleep(timer, pause)
	c.asleep.Store(false)
	c.roused = time.Since(c.start)
}

// sleep returns after the pause, or when the sender is roused or the conn closed.
func (c *conn) sleep(timer *time.Timer, pause time.Duration) {
	timer.Reset(max(pause, 0))
	select {
	case <-timer.C:
	case <-c.wakeup:
	case <-c.ended:
	}
}

func (c *conn) open() bool {
	select {
	case <-c.ended:
		return false
	default:
		return true
	}
}

// receive takes what arrives until the socket is closed.
func (c *conn) receive() {
	_ = c.socket.Readable(func() bool {
		c.receiving.Lock()
		defer c.receiving.Unlock()
		c.read(true)
		return false
	})
}

// read handles what has arrived, without waiting for more. errorsToo says to look into the error queue even if nothing says
// that there is something in it. The caller holds receiving.
func (c *conn) read(errorsToo bool) {
	c.unread.Store(0)
	for failures := 0; failures < 16; {
		if err := c.socket.Receive(c.incoming); err != nil {
			// About a packet of ours: the error queue says it better. Or the socket is closed.
			errorsToo = true
			failures++
			continue
		}
		n := c.incoming.Len()
		if n == 0 {
			break
		}
		c.deliver(c.socket.arrivals(c.incoming, c.arrivals[:0], c.now()), n)
	}
	if c.socket.raw || !c.unheard.Swap(false) && !errorsToo {
		return
	}
	for c.socket.ReceiveErrors(c.reports) == nil && c.reports.Len() > 0 {
		c.deliver(c.socket.reports(c.reports, c.arrivals[:0], c.now()), c.reports.Len())
	}
}

// deliver takes what was received as n messages; those that are missing in list were of no use.
func (c *conn) deliver(list []arrival, n int) {
	c.arrivals = list
	c.engine.arrived(list, n-len(list))
	c.engine.tell(&c.text)
	if !c.engine.idling() {
		c.rouse()
	}
}
