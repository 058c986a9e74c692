package poller

import (
	"time"

	"github.com/onbu/onbu/monitor"
)

// slow are the lanes of checks in goroutines whose last run waited for a target that did not answer. They run in half of the
// slots, so that dead targets never hold what the living need, and wait for their turn: one job for each object, whose newer
// issue takes the place of an older one. They do not count against the windows of the schedulers.
//
// What dies for the first time is in the open. When slots run short there, checks that were expected to be brisk and have
// run for longer are cut short, and begin anew in the slow lane.
type slow struct {
	// Checks in a module's engine never come here: waiting costs next to nothing there. Plugins have a lane of their own,
	// because fewer of them may run at once than there are slots.
	net, forks queue
	of         map[objectKey]*check // all that wait, run, or are on their way here after they were cut short
	under      int                  // those that run
	untold     int                  // shares of those that came less those that left since the schedulers heard of the room
}

type queue struct {
	waiting    list
	held, most int // shares
}

// newSlow gives the lanes: half of the slots, and half of the plugins that may run at once, 0 for no bound.
func newSlow(slots, forks int) slow {
	s := slow{of: map[objectKey]*check{}}
	s.net.most = max(slots/2, 1) * slotShares
	s.forks.most = s.net.most
	if forks > 0 {
		s.forks.most = min(s.forks.most, max(forks/2, 1)*slotShares)
	}
	return s
}

func (s *slow) queue(c *check) *queue {
	if c.forked {
		return &s.forks
	}
	return &s.net
}

// readyLocked says whether a check of a slow lane can begin: it does not take the eighth of the slots that is kept free, unless
// its lane has not even so much.
func (r *room) readyLocked(q *queue) bool {
	free := r.whole - r.held - slotShares
	return q.waiting.n > 0 && q.held+slotShares <= q.most && free >= 0 && (free >= r.reserve() || q.held < r.reserve())
}

// reserve is an eighth of the slots; none where there are fewer than eight.
func (r *room) reserve() int { return r.whole / slotShares / 8 * slotShares }

// asideLocked takes a job of a slow line.
func (r *room) asideLocked(p *Poller, job *monitor.Job, f found, from *sender) {
	old := r.slow.of[objectKey{job.Shard, job.Object}]
	if old != nil && (old.line == f.line || old.lane == laneWaits) {
		r.renewLocked(old, job, f, from)
		return
	}
	c := r.newLocked(p)
	c.fill(job, f, from)
	c.shares = slotShares
	r.standLocked(c)
}

// renewLocked lets a check answer the newer issue of its job; nobody waits for the older one any more.
func (r *room) renewLocked(c *check, job *monitor.Job, f found, from *sender) {
	r.ends.cancelled.Inc()
	c.from.aside--
	from.aside++
	if c.lane != laneWaits {
		c.from, c.issue = from, issue{job.Epoch, job.Seq}
		return
	}
	was := r.slow.queue(c)
	c.fill(job, f, from)
	if is := r.slow.queue(c); is != was {
		was.waiting.remove(c)
		is.waiting.push(c)
	}
}

// standLocked has a check wait for its turn.
func (r *room) standLocked(c *check) {
	c.lane = laneWaits
	r.slow.of[c.key] = c
	q := r.slow.queue(c)
	q.waiting.push(c)
	c.from.aside++
	r.untoldLocked(c.shares)
	signal(r.wake)
}

// untoldLocked notes that there is more room, or less, than schedulers believe: they take what is in the slow lanes for jobs
// that hold slots until they are told. While room is scarce they are told at once.
func (r *room) untoldLocked(shares int) {
	r.slow.untold += shares
	free := r.whole - r.held
	if min(free, free-r.slow.untold) < r.reserve() || max(r.slow.untold, -r.slow.untold) > r.reserve() {
		signal(r.nudge)
	}
}

// next gives the next check of a slow lane that is to be begun now; nil when there is none or no room.
func (r *room) next(now time.Time) *check {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range []*queue{&r.slow.net, &r.slow.forks} {
		if !r.closing && r.readyLocked(q) {
			c := q.waiting.pop()
			q.held += c.shares
			r.slow.under++
			r.beginLocked(c, laneRuns, now)
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
	if c.lane == laneRuns {
		r.slow.under--
		r.slow.queue(c).held -= c.shares
		r.outLocked(c)
	}
	return c.issue, true
}

// outLocked says that a check is not in a slow lane any more.
func (r *room) outLocked(c *check) {
	c.from.aside--
	r.untoldLocked(-c.shares)
	if r.slow.of[c.key] == c {
		delete(r.slow.of, c.key)
	}
}

// againLocked has a check that was cut short wait for its turn in the slow lane.
func (r *room) againLocked(c *check) {
	r.ends.cut.Inc()
	c.line.last.set(paceSlow)
	r.vacateLocked(c)
	if r.closing || r.slow.of[c.key] != nil { // a newer issue is there already
		r.ends.cancelled.Inc()
		r.freeLocked(c)
		return
	}
	r.standLocked(c)
}

// dropSlowLocked gives up what waits in the slow lanes: it is issued again.
func (r *room) dropSlowLocked() {
	for _, q := range []*queue{&r.slow.net, &r.slow.forks} {
		for c := q.waiting.pop(); c != nil; c = q.waiting.pop() {
			r.ends.cancelled.Inc()
			r.outLocked(c)
			r.freeLocked(c)
		}
	}
}
