package snmp

import "context"

// expire ends requests whose time is over, and repeats messages that were not answered.
func (s *shard) expire() {
	for e := s.limits.Next(s.now); e != nil; e = s.limits.Next(s.now) {
		s.giveUp(e.Owner)
	}
	for e := s.retries.Next(s.now); e != nil; e = s.retries.Next(s.now) {
		s.overdue(e.Owner)
	}
}

// giveUp ends a request whose time is over, and those with it that waited as patiently for a device that is silent.
func (s *shard) giveUp(r *Request) {
	l := r.lane
	if r.until {
		s.drop(l, r, context.DeadlineExceeded)
	} else {
		silence := s.now - l.silent
		share := l.active && !l.heard
		s.drop(l, r, ErrNoAnswer)
		if share {
			s.share(l, func(r *Request) bool { return r.To.patience() <= silence+tick })
		}
	}
	s.abandon(l)
}

// share ends all requests of a silent lane that are content with that.
func (s *shard) share(l *lane, content func(*Request) bool) {
	for _, r := range append([]*Request(nil), l.current...) {
		if r != nil && content(r) {
			s.drop(l, r, ErrNoAnswer)
		}
	}
	for _, q := range [...]*queue{&l.waiting, &l.walks} {
		for r := q.head; r != nil; {
			next := r.next
			if content(r) {
				s.drop(l, r, ErrNoAnswer)
			}
			r = next
		}
	}
}

// drop takes a request out of its lane and gives it an error.
func (s *shard) drop(l *lane, r *Request, err error) {
	l.waiting.remove(r)
	if r.Kind == Walk {
		s.endWalk(l, r, err)
		return
	}
	s.end(l, r, &Answer{Err: err})
}

// abandon ends what nobody waits for any more.
func (s *shard) abandon(l *lane) {
	if !l.active {
		if l.device != nil && l.idle() {
			s.forget(l)
		}
		return
	}
	objects := len(l.asked) > 0 || l.first < len(l.pending)
	if l.left > 0 || !objects && !l.walks.empty() && l.walks.head.walking.reps > 0 {
		return
	}
	s.retries.Remove(&l.timer)
	l.forgetObjects()
	s.proceed(l)
}

// forget removes a lane that had no conversation.
func (s *shard) forget(l *lane) {
	d := l.device
	s.leave(l)
	if d.turn == l {
		s.pass(d)
	}
}

// endAll ends all requests of a lane with an error.
func (s *shard) endAll(l *lane, err error) {
	for _, r := range append([]*Request(nil), l.current...) {
		if r != nil {
			s.drop(l, r, err)
		}
	}
	for _, q := range [...]*queue{&l.waiting, &l.walks} {
		for !q.empty() {
			s.drop(l, q.head, err)
		}
	}
	if l.active {
		s.rest(l)
	} else {
		s.forget(l)
	}
}

// overdue is called when a message was not answered for a while.
func (s *shard) overdue(l *lane) {
	if l.quiet {
		l.quiet = false
		s.retries.Set(&l.timer, s.now+max(l.wait()-quietAfter, tick))
		if l.device.turn == l {
			s.pass(l.device)
		}
		return
	}
	l.tries++
	l.repeats++
	s.count.Repeats++
	switch {
	case len(l.asked) > 1 && l.device.lesson.doubtful(l.size):
		l.lost = max(l.lost, l.size)
		s.askAgain(l, len(l.asked)/2)
	case len(l.asked) == 0 && l.walks.head.walking.reps > 1:
		w := l.walks.head.walking
		w.limit = w.reps / 2 // a lesson only if that is answered
		s.askWalk(l)
	default:
		s.send(l)
	}
}
