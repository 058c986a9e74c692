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
	switch {
	case p.void: // counted already
	case p.heard:
		e.count.Duplicates++
		f.duplicates++
	default:
		p.heard, p.arrived = true, when
		if p.sure {
			e.accept(f, p, when.at)
		}
	}
}

// accept counts the reply to a packet that is sure.
func (e *engine) accept(f *flight, p *packet, now time.Duration) {
	e.count.Replies++
	f.answer(p)
	e.step(f.check, now)
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
