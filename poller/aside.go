package poller

import (
	"time"

	"github.com/onbu/onbu/monitor"
)

// aside are the lanes of checks in goroutines that may have to wait here for their turn. Such checks do not count against the
// windows of the schedulers, and there is one job for each object, whose newer issue takes the place of an older one.
//
// The last run of a slow check waited for a target that did not answer. Slow checks run in half of the slots, so that dead
// targets never hold what the living need. What dies for the first time is not known to be slow: when slots run short, checks that
// were expected to be brisk and have run for longer are cut short, and begin anew in the slow lane.
//
// Of plugins fewer may run at once than there are slots: as many slow ones as half of those, and of others four times as many may be
// with the fork module, which shares its places out by program and so has to see who wants them. They are not cut short: if they
// take long, the machine may be what is slow, and beginning them anew would make it worse.
type aside struct {
	slow, slowPlugins, plugins queue
	// sure are shares that slow plugins get whatever others wait: an eighth, of a few one, of a single one none.
	sure int

	of     map[objectKey]*check // all that wait or run in the lanes
	under  int                  // those that run
	untold int                  // shares of those that came less those that left since the schedulers heard of the room
}

type queue struct {
	waiting    list
	held, most int // shares
}

// newAside gives the lanes; plugins is 0 if as many may run as there are slots.
func newAside(slots, plugins int) aside {
	if plugins == 0 {
		plugins = slots
	}
	a := aside{of: map[objectKey]*check{}}
	a.slow.most = max(slots/2, 1) * slotShares
	a.slowPlugins.most = max(plugins/2, 1) * slotShares
	a.plugins.most = min(4*plugins, slots) * slotShares
	a.sure = min(max(plugins/8, 1), plugins-1) * slotShares
	return a
}

// laneOf gives the lane of a check with such a line; nil for what does not wait.
func (a *aside) laneOf(f found) *queue {
	isSlow := f.line.last.pace() == paceSlow
	switch {
	case f.forked && isSlow:
		return &a.slowPlugins
	case f.forked:
		return &a.plugins
	case isSlow:
		return &a.slow
	}
	return nil
}

// fitsLocked says whether another check of a lane can begin. A slow one does not take the eighth of the slots that is kept free,
// unless its lane has not even so much.
func (r *room) fitsLocked(q *queue) bool {
	free := r.whole - r.held - slotShares
	a := &r.aside
	switch {
	case free < 0 || q.held+slotShares > q.most:
		return false
	case q != &a.slow && a.plugins.held+a.slowPlugins.held+slotShares > a.plugins.most:
		return false
	case q == &a.slowPlugins && a.plugins.waiting.n > 0 && q.held >= a.sure:
		return false
	}
	return q == &a.plugins || free >= r.reserve() || q.held < r.reserve()
}

func (r *room) readyLocked() bool {
	for _, q := range r.aside.lanes() {
		if q.waiting.n > 0 && r.fitsLocked(q) {
			return true
		}
	}
	return false
}

func (a *aside) lanes() [3]*queue { return [...]*queue{&a.slow, &a.slowPlugins, &a.plugins} }

// reserve is an eighth of the slots; none where there are fewer than eight.
func (r *room) reserve() int { return r.whole / slotShares / 8 * slotShares }

// asideLocked has a job wait in a lane.
func (r *room) asideLocked(p *Poller, job *monitor.Job, f found, from *sender, q *queue) {
	old := r.aside.of[objectKey{job.Shard, job.Object}]
	if old != nil && (old.waits || old.line == f.line) {
		r.renewLocked(old, job, f, from, q)
		return
	}
	c := r.newLocked(p)
	c.fill(job, f, from)
	c.shares = slotShares
	r.standLocked(c, q)
}

// renewLocked lets a check answer the newer issue of its job; nobody waits for the older one any more.
func (r *room) renewLocked(c *check, job *monitor.Job, f found, from *sender, q *queue) {
	r.ends.cancelled.Inc()
	c.from.aside--
	from.aside++
	if !c.waits {
		c.from, c.issue = from, issue{job.Epoch, job.Seq}
		return
	}
	c.fill(job, f, from)
	if q != c.queue {
		c.queue.waiting.remove(c)
		q.waiting.push(c)
		c.queue = q
	}
}

// standLocked has a check wait for its turn.
func (r *room) standLocked(c *check, q *queue) {
	c.queue, c.waits, c.aside = q, true, true
	r.aside.of[c.key] = c
	q.waiting.push(c)
	c.from.aside++
	r.untoldLocked(c.shares)
	signal(r.wake)
}

// untoldLocked notes that there is more room, or less, than schedulers believe: they take what is aside for jobs that
// hold slots until they are told. While room is scarce they are told at once.
func (r *room) untoldLocked(shares int) {
	r.aside.untold += shares
	free := r.whole - r.held
	if min(free, free-r.aside.untold) < r.reserve() || max(r.aside.untold, -r.aside.untold) > r.reserve() {
		signal(r.nudge)
	}
}

// next gives the next check that waits and is to be begun now; nil when there is none or no room.
func (r *room) next(now time.Time) *check {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range r.aside.lanes() {
		if !r.closing && q.waiting.n > 0 && r.fitsLocked(q) {
			c := q.waiting.pop()
			c.waits = false
			r.aside.under++
			r.beginLocked(c, q, now)
			return c
		}
	}
	return nil
}

// tightLocked says whether slots are short, those on the way of becoming free counted as such.
func (r *room) tightLocked() bool { return r.whole-r.held+r.cutting < r.reserve() }

// cut cuts checks short while slots are short, and says after what time to look again; 0 for not before wake.
func (r *room) cut(now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.tightLocked() && !r.closing {
		c := r.young.first
		if c == nil {
			return 0
		}
		if left := brisk - now.Sub(c.began); left > 0 {
			return left
		}
		r.young.remove(c)
		c.young, c.cut = false, true
		r.cutting += c.shares
		c.cancel()
	}
	return 0
}

// settle ends the run of a check in a goroutine. It gives the issue that is to be answered, and false when the check was cut
// short and has none.
func (r *room) settle(c *check, took time.Duration, o *monitor.Outcome) (issue, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.young {
		r.young.remove(c)
		c.young = false
	}
	if c.cut {
		r.cutting -= c.shares
		r.againLocked(c)
		return issue{}, false
	}
	c.line.last.set(c.line.last.pace().after(took, o))
	if c.aside {
		r.aside.under--
		r.outLocked(c)
	}
	return c.issue, true
}

// outLocked says that a check is not aside any more.
func (r *room) outLocked(c *check) {
	c.aside = false
	c.from.aside--
	r.untoldLocked(-c.shares)
	if r.aside.of[c.key] == c {
		delete(r.aside.of, c.key)
	}
}

// againLocked has a check that was cut short wait for its turn in the slow lane.
func (r *room) againLocked(c *check) {
	r.ends.cut.Inc()
	c.line.last.set(paceSlow)
	r.returnLocked(c, &r.aside.slow)
}

// postpone has a check wait for its turn again that its module had no room to begin.
func (r *room) postpone(c *check) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.forgot.Load() {
		return
	}
	if c.young {
		r.young.remove(c)
		c.young = false
	}
	if c.cut {
		r.cutting -= c.shares
	}
	if c.aside {
		r.aside.under--
		r.outLocked(c)
	}
	q := r.aside.laneOf(c.found)
	if q == nil {
		q = &r.aside.slow
	}
	r.returnLocked(c, q)
}

// returnLocked has a check that was under way wait in a lane.
func (r *room) returnLocked(c *check, q *queue) {
	r.vacateLocked(c)
	if r.closing || r.aside.of[c.key] != nil { // a newer issue is there already
		r.ends.cancelled.Inc()
		r.recycleLocked(c)
		return
	}
	r.standLocked(c, q)
}

// dropAsideLocked gives up what waits: it is issued again.
func (r *room) dropAsideLocked() {
	for _, q := range r.aside.lanes() {
		for c := q.waiting.pop(); c != nil; c = q.waiting.pop() {
			r.ends.cancelled.Inc()
			r.outLocked(c)
			r.recycleLocked(c)
		}
	}
}
