package poller

// list is a queue of checks, each of which is in one list at most.
type list struct {
	first, last *check
	n           int
}

func (l *list) push(c *check) {
	c.before, c.behind = l.last, nil
	if l.last == nil {
		l.first = c
	} else {
		l.last.behind = c
	}
	l.last = c
	l.n++
}

// remove takes out a check that is in the list.
func (l *list) remove(c *check) {
	if c.before == nil {
		l.first = c.behind
	} else {
		c.before.behind = c.behind
	}
	if c.behind == nil {
		l.last = c.before
	} else {
		c.behind.before = c.before
	}
	c.before, c.behind = nil, nil
	l.n--
}

// pop takes out the first check; nil when there is none.
func (l *list) pop() *check {
	c := l.first
	if c != nil {
		l.remove(c)
	}
	return c
}
