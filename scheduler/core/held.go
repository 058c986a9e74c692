package core

import (
	"container/heap"
	"maps"
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// heldLook is a failing result whose verdict waits for others.
type heldLook struct {
	look
	said         monitor.Outcome // what look.outcome points to
	since, until monitor.Time
	on           []monitor.ID // those that it is noted with in waiting.by
	// sign is when the wait for a sign of the poller ends, second when that for another poller's answer does; zero while
	// there is none. avoid is the poller that the second check is kept from; proven says that the first one was right.
	sign, second monitor.Time
	avoid        string
	noted        string // the poller whose suspect it is among
	proven       bool
}

// waiting keeps the results that are held. It is empty while nothing fails.
type waiting struct {
	of        map[monitor.ID]*heldLook
	by        map[monitor.ID][]monitor.ID // who waits for an object
	deadlines deadlines
	woken     []monitor.ID // whose verdict may be due now
	reviewing bool
}

func newWaiting() waiting {
	return waiting{of: make(map[monitor.ID]*heldLook), by: make(map[monitor.ID][]monitor.ID)}
}

// wait holds a failing result back while what the object stands on has to be looked at first, and says whether it does.
// A newer result of the same object replaces the one that is held, and its time limit stays.
func (c *Core) wait(id monitor.ID, l *look, d *Decisions) bool {
	if l.state == monitor.OK || !c.rootFirst() {
		c.release(id)
		return false
	}
	if !c.overdue(id) {
		if on := c.doubts(id, l); len(on) > 0 {
			c.hold(id, l, on, d)
			c.askUp(on, d)
			return true
		}
	}
	if c.unproven(id, l) {
		c.prove(id, l, d)
		return true
	}
	c.release(id)
	return false
}

// overdue says whether an object's held result has waited long enough for others.
func (c *Core) overdue(id monitor.ID) bool {
	h := c.waiting.of[id]
	return h != nil && h.until <= c.now
}

// hold keeps a result until those in on have answered. It goes into the journal at once: a passive one was taken, and
// nobody makes it again.
func (c *Core) hold(id monitor.ID, l *look, on []monitor.ID, d *Decisions) {
	h := c.waiting.of[id]
	if h == nil {
		h = &heldLook{since: c.now, until: c.now.Add(c.inv.Options.ParentWait)}
		c.waiting.of[id] = h
		c.waiting.deadlines.add(h.until, id)
	}
	c.run[id].flags |= held
	if l != &h.look {
		h.proven = h.proven || h.avoid != "" // the second answer
		h.look, h.said = *l, *l.outcome
		h.own()
		h.outcome = &h.said
		if l.how == monitor.Active {
			c.plan(id, c.interval(id), c.now)
		}
		c.changed(monitor.BrokState, id, "", d)
	}
	for _, p := range on {
		if !slices.Contains(h.on, p) {
			h.on = append(h.on, p)
			c.waiting.by[p] = append(c.waiting.by[p], id)
		}
	}
}

// own copies the strings of a result: it outlives the message that they lie in.
func (h *heldLook) own() {
	h.module, h.look.poller = strings.Clone(h.module), strings.Clone(h.look.poller)
	h.said.Output, h.said.LongOutput, h.said.Perfdata = strings.Clone(h.said.Output), strings.Clone(h.said.LongOutput), strings.Clone(h.said.Perfdata)
}

// release forgets that a result was held: its verdict is made now, or a newer one took its place.
func (c *Core) release(id monitor.ID) {
	if c.run[id].flags.has(held) {
		c.run[id].flags &^= held
		delete(c.waiting.of, id)
	}
}

// wake notes those that waited for an object: something is known of it now.
func (c *Core) wake(id monitor.ID) {
	children := c.waiting.by[id]
	if len(children) == 0 {
		return
	}
	delete(c.waiting.by, id)
	for _, child := range children {
		if h := c.waiting.of[child]; h != nil {
			h.on = slices.DeleteFunc(h.on, func(p monitor.ID) bool { return p == id })
			c.waiting.woken = append(c.waiting.woken, child)
		}
	}
}

// review makes the verdicts that can be made now, and those that follow from them, one level after the other.
func (c *Core) review(d *Decisions) {
	w := &c.waiting
	if w.reviewing || len(w.woken) == 0 {
		return
	}
	w.reviewing = true
	for i := 0; i < len(w.woken); i++ {
		if h := w.of[w.woken[i]]; h != nil {
			c.apply(w.woken[i], &h.look, d)
		}
	}
	w.woken, w.reviewing = w.woken[:0], false
}

// tickHeld makes the verdicts that have waited long enough.
func (c *Core) tickHeld(d *Decisions) {
	for id, ok := c.waiting.deadlines.due(c.now); ok; id, ok = c.waiting.deadlines.due(c.now) {
		c.waiting.woken = append(c.waiting.woken, id)
	}
	c.review(d)
}

// noun gives what is held as the journal has it.
func (h *heldLook) noun() *monitor.Held {
	return &monitor.Held{
		State: h.state, Type: h.how, Started: h.started, Finished: h.finished, Latency: h.latency,
		Module: h.module, Poller: h.look.poller, Outcome: h.said, Since: h.since, Until: max(h.until, h.second),
	}
}

// loadHeld takes over what was held, or that nothing was. The next Tick looks at it: after a restart it waits anew, since
// the answers that it waited for are lost.
func (c *Core) loadHeld(id monitor.ID, s *monitor.Held) {
	delete(c.waiting.of, id)
	if s == nil {
		return
	}
	h := &heldLook{since: s.Since, until: s.Until, said: s.Outcome, look: look{
		state: s.State, how: s.Type, started: s.Started, finished: s.Finished, latency: s.Latency,
		module: s.Module, poller: s.Poller,
	}}
	h.outcome = &h.said
	c.waiting.of[id] = h
	c.run[id].flags |= held
	c.waiting.deadlines.add(c.now, id)
}

// resumeHeld has all that is held judged anew at the next Tick.
func (c *Core) resumeHeld() {
	c.waiting.by, c.waiting.deadlines = make(map[monitor.ID][]monitor.ID), nil
	for _, id := range slices.Sorted(maps.Keys(c.waiting.of)) {
		h := c.waiting.of[id]
		h.on = nil
		if whole := c.now.Add(c.inv.Options.ParentWait); h.until <= c.now || h.until > whole {
			h.until = whole // nobody was there to look at what it stands on; else its time limit stays
		}
		h.sign, h.second, h.avoid, h.noted = 0, 0, "", ""
		c.run[id].flags |= held
		c.waiting.deadlines.add(c.now, id)
		c.waiting.deadlines.add(h.until, id)
	}
}

// moveHeld takes over what an older core held, by name.
func (c *Core) moveHeld(old *Core) {
	c.waiting = newWaiting()
	for was, h := range old.waiting.of {
		if id, ok := c.find(old.inv.Ref(was)); ok {
			c.waiting.of[id] = h
		}
	}
	c.resumeHeld()
}

// deadlines is a heap of moments at which a held result is to be looked at again. Entries of what is held no more mean
// nothing.
type deadlines []deadline

type deadline struct {
	at monitor.Time
	id monitor.ID
}

func (q deadlines) Len() int { return len(q) }

func (q deadlines) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].id < q[j].id
}
func (q deadlines) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *deadlines) Push(x any)   { *q = append(*q, x.(deadline)) }

func (q *deadlines) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

func (q *deadlines) add(at monitor.Time, id monitor.ID) { heap.Push(q, deadline{at, id}) }

// next gives the first moment, if there is one.
func (q deadlines) next() (monitor.Time, bool) {
	if len(q) == 0 {
		return 0, false
	}
	return q[0].at, true
}

// due takes out the first object whose moment has come.
func (q *deadlines) due(now monitor.Time) (monitor.ID, bool) {
	if at, ok := q.next(); !ok || at > now {
		return 0, false
	}
	return heap.Pop(q).(deadline).id, true
}
