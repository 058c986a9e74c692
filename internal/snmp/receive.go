package snmp

import "slices"

// handle takes a datagram that a socket received.
func (s *shard) handle(m *socket, i int) {
	defer func() { // whatever a device sends, a panic costs one datagram, not the daemon
		if recover() != nil {
			s.count.Malformed++
		}
	}()
	version, err := s.pdu.readCommunity(m.in.Payload(i))
	if err != nil || s.pdu.kind != tagResponse {
		s.count.Malformed++
		return
	}
	l := s.laneFor(s.pdu.request)
	switch {
	case l == nil || l.version != version:
		s.count.Foreign++
	case l.device.addr != m.in.From(i):
		s.count.Misplaced++
	default:
		s.count.Answers++
		s.take(l, &s.pdu)
	}
}

// The error-status of RFC 3416, 3 that is looked at here.
const tooBig = 1

// take takes the answer to a lane's message.
func (s *shard) take(l *lane, p *pdu) {
	s.retries.Remove(&l.timer)
	l.id, l.heard, l.silent = 0, true, s.now
	if len(l.asked) == 0 {
		s.takeWalk(l, p)
		return
	}
	switch {
	case p.status == 0:
		s.accept(l, p)
	case p.status == tooBig && len(l.asked) > 1:
		s.count.TooBig++
		s.learnTooBig(l)
		s.askAgain(l, max(1, len(l.asked)/2))
		return
	default:
		s.refuse(l, p)
	}
	if l.active && l.id == 0 {
		s.deliver(l)
		s.proceed(l)
	}
}

// askAgain asks for the first n of the asked objects only; the others come later.
func (s *shard) askAgain(l *lane, n int) {
	kind, size := byte(tagGet), overhead+len(l.community)
	if l.objects[l.asked[0]].next {
		kind = tagGetNext
	}
	l.putBack(n)
	for _, at := range l.asked {
		size += s.expected(l, l.objects[at].name)
	}
	l.full = true
	s.encode(l, kind, 0, 0, size)
}

// accept keeps the values of the asked objects.
func (s *shard) accept(l *lane, p *pdu) {
	if !l.fits(p) {
		s.misfit(l, p)
		return
	}
	total := 0
	for i := range p.bindings {
		v := &p.bindings[i]
		l.objects[l.asked[i]].put(l, v)
		total += len(v.Value)
		if len(p.bindings) > 1 {
			s.sizes.learn(v)
		}
	}
	s.learnAnswer(l, total)
	l.asked = l.asked[:0]
}

// put keeps an answer. The name is kept only where it may be another one.
func (o *object) put(l *lane, v *Binding) {
	o.done, o.tag = true, v.Tag
	o.nameAt = int32(len(l.arena))
	if v.Name != o.name {
		l.arena = append(l.arena, v.Name...)
	}
	o.valueAt = int32(len(l.arena))
	l.arena = append(l.arena, v.Value...)
	o.end = int32(len(l.arena))
}

// binding gives the answer; it lies in the arena.
func (o *object) binding(l *lane) Binding {
	b := Binding{Name: o.name, Tag: o.tag, Status: o.status, Value: l.arena[o.valueAt:o.end:o.end]}
	if o.valueAt > o.nameAt {
		b.Name = view(l.arena[o.nameAt:o.valueAt])
	}
	return b
}

// fits says whether an answer has what was asked for, in the order that it was asked in.
func (l *lane) fits(p *pdu) bool {
	if len(p.bindings) != len(l.asked) {
		return false
	}
	for i, at := range l.asked {
		if o := &l.objects[at]; !o.next && o.name != p.bindings[i].Name {
			return false
		}
	}
	return true
}

// misfit handles an answer with other objects than those asked for. If only one request is concerned it gets them as
// they are; else each is asked alone, so that nobody gets what is somebody else's.
func (s *shard) misfit(l *lane, p *pdu) {
	if r := l.only(); r != nil {
		s.end(l, r, &Answer{Bindings: p.bindings})
		l.forgetObjects()
		return
	}
	s.part(l)
}

// refuse handles an error-status: the object that it names is done with, and the others are asked for again.
func (s *shard) refuse(l *lane, p *pdu) {
	if p.index < 1 || p.index > len(l.asked) {
		if r := l.only(); r != nil {
			s.end(l, r, &Answer{Status: p.status, Index: p.index})
			l.forgetObjects()
			return
		}
		s.part(l)
		return
	}
	o := &l.objects[l.asked[p.index-1]]
	l.refused++
	o.done, o.status, o.order = true, uint8(min(p.status, 255)), l.refused
	l.asked = slices.Delete(l.asked, p.index-1, p.index)
	l.putBack(0)
}

// only gives the request of a conversation that is for one alone, nil if there are more.
func (l *lane) only() *Request {
	if len(l.current) != 1 {
		return nil
	}
	return l.current[0]
}

// part puts the requests that are not answered back: each gets a conversation of its own.
func (s *shard) part(l *lane) {
	rest := l.waiting
	l.waiting = queue{}
	for i, r := range l.current {
		if r != nil {
			l.waiting.push(r)
			l.apart++
			l.current[i] = nil
			l.left--
		}
	}
	for r := rest.pop(); r != nil; r = rest.pop() {
		l.waiting.push(r)
	}
	l.forgetObjects()
	s.learnApart(l)
}

// forgetObjects makes that nothing more is asked but walks.
func (l *lane) forgetObjects() { l.pending, l.first, l.asked = l.pending[:0], 0, l.asked[:0] }

// deliver gives answers to the requests whose objects are all there.
func (s *shard) deliver(l *lane) {
	for i := 0; i < len(l.current) && l.active; i++ {
		r := l.current[i]
		if r == nil {
			continue
		}
		for r.from < r.to && l.objects[l.refs[r.from]].done {
			r.from++
		}
		if r.from < r.to {
			continue
		}
		a := &s.answer
		list := a.Bindings[:0]
		for _, at := range l.refs[r.to-len(r.OIDs) : r.to] {
			list = append(list, l.objects[at].binding(l))
		}
		*a = Answer{Bindings: list}
		if l.refused > 0 {
			a.Refused = l.refusals(r)
		}
		s.end(l, r, a)
	}
}

// refusals gives the places of the objects that the agent refused, in its order.
func (l *lane) refusals(r *Request) []int {
	refs := l.refs[r.to-len(r.OIDs) : r.to]
	var list []int
	for i, at := range refs {
		if l.objects[at].status != 0 {
			list = append(list, i)
		}
	}
	slices.SortFunc(list, func(a, b int) int { return int(l.objects[refs[a]].order) - int(l.objects[refs[b]].order) })
	return list
}

// end hands a request of the conversation its answer.
func (s *shard) end(l *lane, r *Request, a *Answer) {
	for i, other := range l.current {
		if other == r {
			l.current[i] = nil
			l.left--
			break
		}
	}
	a.Messages, a.Repeats = l.messages, l.repeats
	if l.messages > 1 {
		a.Note = l.device.lesson.note()
	}
	s.limits.Remove(&r.giveUp)
	then := r.Then
	r.state = state{}
	then.Answered(r, a)
}
