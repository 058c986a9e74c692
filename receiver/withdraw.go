package receiver

import "slices"

// claim is the mark of one call on the items that it puts on their way: with it they are found again when the call is given up.
type claim uint64

// claim gives a call its mark.
func (r *Receiver) claim() claim { return claim(r.claims.Add(1)) }

// span is some items of a parcel, one behind the other, that are of one call.
type span struct {
	by           claim
	items, bytes int
}

// include adds an item to a parcel that waits; the lane's lock is held.
func (p *parcel) include(item any, by claim) {
	before := p.items.Size()
	p.items.Add(item)
	bytes := p.items.Size() - before
	if last := len(p.spans) - 1; last >= 0 && p.spans[last].by == by {
		p.spans[last].items++
		p.spans[last].bytes += bytes
		return
	}
	if before == 0 {
		bytes -= p.items.Head()
	}
	p.spans = append(p.spans, span{by, 1, bytes})
}

// withdraw takes the items of a call out of a parcel for which nobody waits any more. It says false if the parcel is on its way, or
// was: then nothing can be taken back.
func (p *parcel) withdraw(by claim) bool {
	l := p.lane
	if l == nil {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.taken {
		return false
	}
	at, left := 0, p.spans[:0]
	for _, s := range p.spans {
		if s.by == by {
			p.items.Cut(at, s.bytes, s.items)
			continue
		}
		left = append(left, s)
		at += s.bytes
	}
	if p.spans = left; len(left) == 0 {
		l.forget(p)
	}
	return true
}

// forget takes an empty parcel off the lane.
func (l *lane) forget(p *parcel) {
	if l.filling == p {
		l.filling = nil
	}
	if i := slices.Index(l.waiting, p); i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
	}
}

// giveUp takes back what a call put on its way and nobody waits for any more, and has leave called once nothing of it is left in
// memory: what was on its way already stays until it is stored.
func giveUp(parcels []*parcel, by claim, leave func()) {
	var going []*parcel
	for _, p := range parcels {
		select {
		case <-p.stored:
			continue
		default:
		}
		if !p.withdraw(by) {
			going = append(going, p)
		}
	}
	if len(going) == 0 {
		leave()
		return
	}
	go func() {
		for _, p := range going {
			<-p.stored
		}
		leave()
	}()
}
