package snmp

// objectKey is what makes an object the same for two requests.
type objectKey struct {
	name OID
	next bool
}

const (
	// overhead is what a message takes beside its community and its bindings.
	overhead = 32
	// perBinding is what an object takes beside its name and its value.
	perBinding = 6
	// maxTogether bounds the requests of a conversation.
	maxTogether = 1000
	// maxAsked bounds the objects of a message.
	maxAsked = 512
	// maxStep is how many messages of a walk are one turn, if others wait.
	maxStep = 16
)

// begin begins a conversation for all that wait.
func (s *shard) begin(l *lane) {
	s.takeSlot(l)
	l.active = true
	l.silent = s.now
	most := maxTogether
	if l.apart > 0 || l.device.lesson.alone() {
		most = 1
		l.apart = max(l.apart-1, 0)
	}
	many := l.waiting.head != nil && l.waiting.head.next != nil && most > 1
	if many {
		s.forgetKnown()
	}
	for n := 0; n < most && !l.waiting.empty(); n++ {
		r := l.waiting.pop()
		if r.Kind == Walk {
			r.walking = newWalking(r)
			l.walks.push(r)
			continue
		}
		l.current = append(l.current, r)
		l.left++
		s.plan(l, r, many)
	}
	s.proceed(l)
}

// forgetKnown empties the table of a conversation's objects. Emptying a large one takes as long as making it.
func (s *shard) forgetKnown() {
	if len(s.known) > 256 {
		s.known = map[objectKey]int32{}
	}
	clear(s.known)
}

// plan adds a request's objects; those that others want too only if no other is under way.
func (s *shard) plan(l *lane, r *Request, many bool) {
	r.from = len(l.refs)
	for _, name := range r.OIDs {
		key := objectKey{name, r.Kind == GetNext}
		if many {
			if at, ok := s.known[key]; ok {
				l.refs = append(l.refs, at)
				continue
			}
			s.known[key] = int32(len(l.objects))
		}
		at := int32(len(l.objects))
		l.objects = append(l.objects, object{name: name, next: key.next})
		l.pending = append(l.pending, at)
		l.refs = append(l.refs, at)
	}
	r.to = len(l.refs)
}

// proceed sends the conversation's next message, or ends it.
func (s *shard) proceed(l *lane) {
	l.id, l.tries = 0, 0
	switch {
	case l.first < len(l.pending):
		s.askObjects(l, l.device.lesson.octets())
	case !l.walks.empty() && (l.steps < maxStep || !s.wanted(l)):
		s.askWalk(l)
	default:
		s.rest(l)
	}
}

// wanted says whether anybody else waits for the lane's device.
func (s *shard) wanted(l *lane) bool {
	if !l.waiting.empty() {
		return true
	}
	for _, other := range l.device.lanes {
		if other != l && !other.active && !other.idle() {
			return true
		}
	}
	return false
}

// askObjects asks for as many pending objects as an answer of octets is expected to hold, one at least.
func (s *shard) askObjects(l *lane, octets int) {
	size := overhead + len(l.community)
	l.asked = l.asked[:0]
	kind := byte(tagGet)
	if l.objects[l.pending[l.first]].next {
		kind = tagGetNext
	}
	for l.first < len(l.pending) && len(l.asked) < maxAsked {
		o := &l.objects[l.pending[l.first]]
		more := size + s.expected(l, o.name)
		if o.next != (kind == tagGetNext) || more > octets && len(l.asked) > 0 {
			break
		}
		size = more
		l.asked = append(l.asked, l.pending[l.first])
		l.first++
	}
	l.full = l.first < len(l.pending)
	s.encode(l, kind, 0, 0, size)
}

// encode makes the message for the asked objects, or for a walk's step, and has it sent.
func (s *shard) encode(l *lane, kind byte, status, index, size int) {
	p := &s.pdu
	p.kind, p.request, p.status, p.index = kind, s.newID(l), status, index
	p.bindings = p.bindings[:0]
	for _, at := range l.asked {
		p.bindings = append(p.bindings, Binding{Name: l.objects[at].name, Tag: TagNull})
	}
	if len(l.asked) == 0 {
		p.bindings = append(p.bindings, Binding{Name: l.walks.head.walking.at, Tag: TagNull})
	}
	l.msg = appendCommunity(l.msg[:0], l.version, l.community, p)
	l.id, l.size = p.request, size
	s.send(l)
}

// putBack makes the asked objects from the n-th on pending again, the next to be asked.
func (l *lane) putBack(n int) {
	back := l.asked[n:]
	if l.first >= len(back) {
		l.first -= len(back)
		copy(l.pending[l.first:], back)
	} else {
		l.pending = append(append(make([]int32, 0, len(l.pending)+len(back)), back...), l.pending[l.first:]...)
		l.first = 0
	}
	l.asked = l.asked[:n]
}

// rest ends a conversation. What waits meanwhile gets another one.
func (s *shard) rest(l *lane) {
	s.retries.Remove(&l.timer)
	if l.active {
		s.lanes[l.slot] = nil
		s.free = append(s.free, l.slot)
	}
	l.clear()
	d := l.device
	if l.idle() {
		s.leave(l)
	} else if n := len(d.lanes); n > 1 { // the others first
		for i, other := range d.lanes {
			if other == l {
				copy(d.lanes[i:], d.lanes[i+1:])
				d.lanes[n-1] = l
				break
			}
		}
	}
	if len(d.lanes) > 0 && (d.turn == l || d.turn == nil) {
		s.pass(d)
	}
}
