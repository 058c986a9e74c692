package icmp

import (
	"net/netip"
	"time"
)

const (
	// unsure is how long it may take at most from reading the clock until the kernel has the packet.
	unsure = time.Millisecond
	// voidsMax is how often a flight may have a packet again for that.
	voidsMax = 5
)

// ticket stands for the next packet of a flight; it is void when the flight has another token. again says that the packet
// goes in place of one that is void, and is not the check's next one.
type ticket struct {
	token uint64
	slot  uint32
	again bool
}

// queue has the tickets of packets that are to be sent, in their order.
type queue struct {
	tickets []ticket
	head    int
}

func (q *queue) push(t ticket) {
	if q.head > 1024 && q.head > len(q.tickets)/2 {
		q.tickets = q.tickets[:copy(q.tickets, q.tickets[q.head:])]
		q.head = 0
	}
	q.tickets = append(q.tickets, t)
}

func (q *queue) empty() bool { return q.head == len(q.tickets) }

func (q *queue) pop() (t ticket, ok bool) {
	if q.empty() {
		q.tickets, q.head = q.tickets[:0], 0
		return t, false
	}
	t = q.tickets[q.head]
	q.head++
	return t, true
}

// request is an echo request to be sent.
type request struct {
	ticket
	number   uint32
	to       netip.Addr
	size     int
	controls []byte
	flight   *flight
}

// requests fetches at most len(into) of the packets that are to be sent, and says how many. ready makes into[:n] ready and
// gives the time at which they go.
func (e *engine) requests(into []request, ready func(n int) moment) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for n < len(into) {
		t, ok := e.queue.pop()
		if !ok {
			break
		}
		f := e.slots[t.slot]
		if f.check == nil || f.token != t.token {
			continue
		}
		p := &f.check.plan
		into[n] = request{t, uint32(len(f.packets)), f.addr, p.size, p.controls, f}
		f.packets = append(f.packets, packet{})
		if t.again {
			f.again--
		}
		n++
	}
	if n == 0 {
		return 0
	}
	now := ready(n)
	for i := range into[:n] {
		f := into[i].flight
		f.packets[into[i].number].sent = now
		if !into[i].again {
			e.sent(f.check, now.at)
		}
	}
	e.count.Sent += uint64(n)
	return n
}

// unsent takes the error of a request that could not be sent.
func (e *engine) unsent(r *request, err error, now time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f := r.flight; f.check != nil && f.token == r.token {
		if !f.check.rules.cannotSend(f.check, f, err) {
			e.count.Sent--
			f.packets[r.number].void = true
			f.voids++
		}
		e.step(f.check, now)
	}
}

// confirm says that the kernel has taken requests, at the latest at the moment now. Those whose time is too far from that
// are void, and others go in their place; but not for ever, on a machine that is always busy.
func (e *engine) confirm(list []request, now time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range list {
		f := list[i].flight
		if f.check == nil || f.token != list[i].token {
			continue
		}
		p := &f.packets[list[i].number]
		late := now - p.sent.at
		if late > unsure {
			e.excuse(f.check, late)
		}
		if late > unsure && f.voids < voidsMax {
			p.void = true
			f.voids++
			f.again++
			e.count.Late++
			e.queue.push(ticket{f.token, f.slot, true})
			continue
		}
		p.sure = true
		if p.heard {
			e.accept(f, p, now)
		}
	}
}

// excuse gives a check the time that the machine lost.
func (e *engine) excuse(c *check, late time.Duration) {
	c.limit = min(c.limit+late, c.until)
	c.began += late
	c.pause += late
	at := c.limit
	if !c.waiting {
		at = min(at, c.pause)
	}
	e.wheel.Set(&c.deadline, at)
}

// stamp has requests that were fetched before go at the moment now.
func (e *engine) stamp(list []request, now moment) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range list {
		if f := list[i].flight; f.check != nil && f.token == list[i].token {
			f.packets[list[i].number].sent = now
		}
	}
}

// idling says whether nothing is to be sent.
func (e *engine) idling() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.queue.empty()
}
