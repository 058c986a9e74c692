package icmp

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/wheel"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// Counters say what became of packets.
type Counters struct {
	// Sent requests and the Replies that answered them; Duplicates are further replies to the same requests.
	Sent, Replies, Duplicates uint64
	// Late requests left so long after their time was taken that their round trips are unknown. Another one went in place
	// of each, and replies to them do not count.
	Late uint64
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
	c.Late += d.Late
	c.Reports += d.Reports
	c.Foreign += d.Foreign
	c.Misplaced += d.Misplaced
	c.Malformed += d.Malformed
}

// resolution is how late a deadline may be noticed.
const resolution = 5 * time.Millisecond

// keepPackets is how many packets a flight remembers room for.
const keepPackets = 32

var errClosed = errors.New("the icmp module is closed")

// engine decides what is sent to whom, and what it means that an answer comes or does not come, for all checks of an
// address family. It has neither a clock nor a socket: moments and messages are given to it, and requests fetched.
// Nothing is allocated for a check once as many were under way before.
type engine struct {
	family family
	raw    bool
	id     uint16 // identifier of the packets of slot 0, on raw sockets; its lowest bit is that of the other slots too

	mu     sync.Mutex // guards everything that follows, the flights in slots and their checks
	closed bool
	slots  []*flight
	free   []uint32
	queue  queue
	wheel  *wheel.Wheel[*check]
	over   *check // those that nobody was told of yet
	idle   *check // for use by the next ones
	count  Counters
}

func newEngine(f family, raw bool, id uint16) *engine {
	return &engine{family: f, raw: raw, id: id, wheel: wheel.New[*check](resolution)}
}

// identifier gives what raw sockets have in the packets of a slot.
func (e *engine) identifier(slot uint32) uint16 { return e.id + 2*uint16(slot) }

func (e *engine) counters() Counters {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.count
}

// begin starts a check of hosts, which has one address at least and only ones of the engine's family. It does not keep
// hosts. w is told by a later tell.
func (e *engine) begin(r rules, hosts []target, brief bool, until, now time.Duration, w modules.Waiter) *check {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.idle
	if c == nil {
		c = &check{}
		c.deadline.Owner = c
	} else {
		e.idle, c.next = c.next, nil
	}
	c.rules, c.waiter, c.family, c.brief = r, w, e.family, brief
	c.until, c.limit = until, until
	c.hosts = append(c.hosts, hosts...)
	for _, h := range hosts {
		c.flights = append(c.flights, e.board(c, h.addr))
	}
	if e.closed {
		c.err = errClosed
		e.finish(c)
		return c
	}
	c.plan = r.plan(len(hosts), e.family)
	e.step(c, now)
	return c
}

// board gives a flight for pinging addr.
func (e *engine) board(c *check, addr netip.Addr) *flight {
	var f *flight
	if n := len(e.free); n > 0 {
		f = e.slots[e.free[n-1]]
		e.free = e.free[:n-1]
	} else {
		f = &flight{slot: uint32(len(e.slots))}
		e.slots = append(e.slots, f)
	}
	if cap(f.packets) > keepPackets {
		f.packets = nil
	}
	*f = flight{slot: f.slot, check: c, token: rand.Uint64(), addr: addr, packets: f.packets[:0]}
	return f
}

// step goes on with a check as far as it can: when it begins, when something has arrived, and when its time has come.
func (e *engine) step(c *check, now time.Duration) {
	quiet := c.plan.eager && c.underWay() == 0
	switch {
	case c.over:
	case now >= c.limit || c.verdict != nil || c.rules.decided(c):
		e.finish(c)
	case c.waiting:
		e.wheel.Set(&c.deadline, c.limit)
	case now < c.pause && !quiet:
		e.wheel.Set(&c.deadline, min(c.pause, c.limit))
	case c.round < c.plan.rounds:
		e.enqueue(c, now)
	case quiet:
		e.finish(c)
	default:
		e.wheel.Set(&c.deadline, c.limit)
	}
}

// enqueue has the next packet of c's round sent. Who was reported on is passed over, and when nobody is left, the round
// ends at the moment now.
func (e *engine) enqueue(c *check, now time.Duration) {
	for ; c.turn < len(c.flights); c.turn++ {
		if f := c.flights[c.turn]; f.reports == 0 {
			c.waiting = true
			e.queue.push(ticket{token: f.token, slot: f.slot})
			e.wheel.Set(&c.deadline, c.limit)
			return
		}
	}
	c.endRound(now)
	e.wheel.Set(&c.deadline, min(c.pause, c.limit))
}

// sent goes on after the packet of c's turn, which goes at the moment now.
func (e *engine) sent(c *check, now time.Duration) {
	if c.round == 0 && c.turn == 0 {
		c.began = now
		c.limit = min(now+c.plan.patience, c.until)
	}
	c.waiting = false
	c.turn++
	switch gap := c.plan.targetGap; {
	case gap == 0:
		e.enqueue(c, now)
		return
	case c.turn == len(c.flights):
		c.endRound(now + gap)
	default:
		c.pause = now + gap
	}
	e.wheel.Set(&c.deadline, min(c.pause, c.limit))
}

// finish ends a check. What arrives from now on finds nobody.
func (e *engine) finish(c *check) {
	c.over = true
	e.wheel.Remove(&c.deadline)
	for _, f := range c.flights {
		f.check = nil
	}
	c.next, e.over = e.over, c
}

// tell tells the waiters of the checks that are over, in the memory of *b. The caller does not hold mu.
func (e *engine) tell(b *[]byte) {
	e.mu.Lock()
	list := e.over
	e.over = nil
	e.mu.Unlock()
	if list == nil {
		return
	}
	last := list
	for c := list; c != nil; last, c = c, c.next {
		var o monitor.Outcome
		if c.err == nil {
			o = c.rules.judge(c, b)
		}
		c.waiter.Done(o, c.err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := list; c != nil; c = c.next {
		e.leave(c)
	}
	last.next, e.idle = e.idle, list
}

// leave gives a check's flights back and forgets what it was.
func (e *engine) leave(c *check) {
	for _, f := range c.flights {
		e.free = append(e.free, f.slot)
	}
	*c = check{deadline: c.deadline, next: c.next, hosts: c.hosts[:0], flights: c.flights[:0]}
}

// expire goes on with checks whose time has come.
func (e *engine) expire(now time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for due := e.wheel.Next(now); due != nil; due = e.wheel.Next(now) {
		e.step(due.Owner, now)
	}
}

// wake gives when expire has something to do, not ok if never.
func (e *engine) wake() (at time.Duration, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.wheel.Wake()
}

// cancel ends the check of a waiter, if it is still its check.
func (e *engine) cancel(c *check, w modules.Waiter, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c.waiter == w && !c.over {
		c.err = err
		e.finish(c)
	}
}

// close ends all checks with an error, also those that begin later.
func (e *engine) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	for _, f := range e.slots {
		if c := f.check; c != nil {
			c.err = errClosed
			e.finish(c)
		}
	}
}
