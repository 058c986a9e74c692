package icmp

import (
	"net/netip"
	"time"
)

// arrival is a message with its sender and the time on it.
type arrival struct {
	message
	from netip.Addr
	when moment
}

// arrived takes what was received, and says what was of no use.
func (e *engine) arrived(list []arrival, malformed int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.count.Malformed += uint64(malformed)
	for i := range list {
		e.handle(&list[i])
	}
}

// handle finds whom a message is for.
func (e *engine) handle(a *arrival) {
	f := e.owner(&a.message)
	switch {
	case f == nil:
		e.count.Foreign++
	case a.isReply && a.from != f.addr:
		e.count.Misplaced++
	case a.isReply:
		e.answered(f, &f.packets[a.tag.number], a.when)
	default:
		e.count.Reports++
		if f.reports++; f.reports == 1 {
			f.first = report{typ: a.typ, code: a.code, from: a.from}
		}
		e.step(f.check, a.when.at)
	}
}

func (e *engine) answered(f *flight, p *packet, when moment) {
	if p.answered {
		e.count.Duplicates++
		f.duplicates++
		return
	}
	e.count.Replies++
	f.answer(p, when)
	e.step(f.check, when.at)
}

// owner gives the flight whose packet a message answers or quotes, nil if there is none.
func (e *engine) owner(m *message) *flight {
	if m.tagged {
		if int64(m.tag.slot) >= int64(len(e.slots)) {
			return nil
		}
		f := e.slots[m.tag.slot]
		if f.check == nil || f.token != m.tag.token || int64(m.tag.number) >= int64(len(f.packets)) {
			return nil
		}
		return f
	}
	// Eight bytes quoted by an old router: on raw sockets the identifier tells the slot; sequence number and destination
	// must fit as well.
	slot := int(m.id-e.id) / 2
	if !e.raw || (m.id-e.id)%2 != 0 || slot >= len(e.slots) || e.slots[slot].check == nil {
		return nil
	}
	f := e.slots[slot]
	if m.to != f.addr || int(m.seq-uint16(f.token)) >= len(f.packets) {
		return nil
	}
	return f
}

// ticket stands for the next packet of a flight; it is void when the flight has another token.
type ticket struct {
	slot  uint32
	token uint64
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
		n++
	}
	if n == 0 {
		return 0
	}
	now := ready(n)
	for i := range into[:n] {
		f := into[i].flight
		f.packets[into[i].number].sent = now
		e.sent(f.check, now.at)
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
			f.packets = f.packets[:len(f.packets)-1]
		}
		e.step(f.check, now)
	}
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
