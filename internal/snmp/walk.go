package snmp

// walking is a walk that is under way.
type walking struct {
	columns []OID // what is still to be walked; the first is under way
	at      OID   // the last object that was found, or the column itself
	most    int
	arena   []byte
	found   []foundObject
	reps    int // max-repetitions of the message under way
	limit   int // the most that reps may be, since more were not answered; 0 for no limit
}

// foundObject is a binding in the arena.
type foundObject struct {
	tag                  byte
	nameAt, valueAt, end int32
}

// mostFound is how many objects a walk gives if its request does not say; mostOctets bounds what they take.
const (
	mostFound  = 10_000
	mostOctets = 64 << 20
)

func newWalking(r *Request) *walking {
	w := &walking{columns: r.OIDs, at: r.OIDs[0], most: r.Most}
	if w.most <= 0 {
		w.most = mostFound
	}
	return w
}

func (w *walking) done() bool { return len(w.columns) == 0 }

// take takes an answer: what lies in the column is kept, what does not ends it.
func (w *walking) take(p *pdu) error {
	const noSuchName = 2
	if p.status == noSuchName { // the end of the tree in version 1
		w.nextColumn()
		return nil
	}
	if p.status != 0 || len(p.bindings) == 0 {
		return walkRefusal(p)
	}
	column := w.columns[0]
	for i := range p.bindings {
		v := &p.bindings[i]
		if v.Tag == TagEndOfMibView || !v.Name.Under(column) {
			w.nextColumn()
			return nil
		}
		if v.Name.Compare(w.at) <= 0 {
			return ErrLoop
		}
		if len(w.found) == w.most || len(w.arena) > mostOctets {
			return ErrMost
		}
		w.keep(v)
	}
	return nil
}

func walkRefusal(p *pdu) error {
	if p.status == 0 {
		return ErrLoop
	}
	return Refusal("error-status " + itoa(p.status))
}

func (w *walking) keep(v *Binding) {
	f := foundObject{tag: v.Tag, nameAt: int32(len(w.arena))}
	w.arena = append(w.arena, v.Name...)
	f.valueAt = int32(len(w.arena))
	w.arena = append(w.arena, v.Value...)
	f.end = int32(len(w.arena))
	w.found = append(w.found, f)
	w.at = view(w.arena[f.nameAt:f.valueAt]) // of an older arena too: its octets never change
}

func (w *walking) nextColumn() {
	if w.columns = w.columns[1:]; len(w.columns) > 0 {
		w.at = w.columns[0]
	}
}

// bindings appends what was found to list.
func (w *walking) bindings(list []Binding) []Binding {
	for _, f := range w.found {
		list = append(list, Binding{
			Name: view(w.arena[f.nameAt:f.valueAt]), Tag: f.tag, Value: w.arena[f.valueAt:f.end:f.end],
		})
	}
	return list
}

// askWalk asks for the next objects of the first walk.
func (s *shard) askWalk(l *lane) {
	l.asked = l.asked[:0]
	l.steps++
	w := l.walks.head.walking
	if w.reps = l.device.lesson.repetitions(len(w.at)); w.limit > 0 {
		w.reps = min(w.reps, w.limit)
	}
	if l.version == Version1 {
		w.reps = 1
		s.encode(l, tagGetNext, 0, 0, 0)
		return
	}
	s.encode(l, tagGetBulk, 0, w.reps, 0)
}

// takeWalk takes the answer to a walk's message.
func (s *shard) takeWalk(l *lane, p *pdu) {
	r := l.walks.head
	w := r.walking
	if p.status == tooBig && w.reps > 1 {
		s.count.TooBig++
		s.learnRepetitions(l, w.reps/2, byTooBig)
		s.proceed(l)
		return
	}
	if w.limit > 0 {
		s.learnRepetitions(l, w.limit, bySilence)
		w.limit = 0
	}
	if err := w.take(p); err != nil {
		s.endWalk(l, r, err)
	} else if s.learnWalk(l, w, p); w.done() {
		s.endWalk(l, r, nil)
	}
	if l.active && l.id == 0 {
		s.proceed(l)
	}
}

// endWalk hands a walk its answer, with what was found so far.
func (s *shard) endWalk(l *lane, r *Request, err error) {
	l.walks.remove(r)
	a := &Answer{Err: err}
	if r.walking != nil {
		a.Bindings = r.walking.bindings(nil)
	}
	s.end(l, r, a)
}
