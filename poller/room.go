package poller

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

const (
	// A check in a goroutine holds a slot: its stack and its descriptor. One in a module's engine holds some hundred bytes
	// and no descriptor of its own, which is a thirty-second of the 16 kB or so that the other one needs.
	slotShares   = 32
	engineShares = 1
	// ahead is how many jobs the schedulers may send beyond those under way before they hear of the room again, or of
	// answers: what is on the bus takes memory there, and answers that wait for the bus take it here. Checks in engines may
	// end the moment they begin, so slots alone would let a million answers come up at once, of which the collector drops
	// what is beyond keepResults. At the pace of wantEvery this allows for 130,000 checks a second where none is over soon.
	ahead = keepResults / 4
	// meanOver is over how many jobs the mean share of a job is taken.
	meanOver = 1024
)

// room is what a poller has for checks, and which checks have it. Any goroutine may use it; it starts and ends nothing
// itself.
type room struct {
	nudge chan struct{} // holds a token when the schedulers are to hear at once how much room there is
	wake  chan struct{} // holds a token when something that waits can begin, or something is to be cut short

	mu      sync.Mutex // guards everything that follows, and the checks in its lists
	whole   int        // shares that there are
	held    int        // shares of checks under way
	under   int        // checks under way
	mean    float64    // share of the jobs that came lately
	free    *check     // to be used again
	senders map[string]*sender
	// short says that a scheduler believes that there is no room.
	short bool
	// young are under way in goroutines and can be cut short, the oldest first; cutting are shares of those that were.
	young   list
	cutting int
	aside   aside
	// pressure counts those under way in goroutines that are in no lane.
	pressure pressure
	closing  bool
	empty    chan struct{} // closed when closing and nothing is under way
	ends     ends

	forgot atomic.Bool // what is under way does not count any more; set under mu
}

// ends counts how jobs ended: taken is the sum of answered, timedOut, cancelled, refused, what is under way and what waits
// aside. Cancelled is what got no answer: a newer issue of the same check took its place, or the poller ended.
type ends struct {
	taken, answered, timedOut, cancelled, refused *metrics.Counter
	// cut counts checks that were cut short and began anew.
	cut *metrics.Counter
}

func newEnds(set *metrics.Set) ends {
	end := func(how string) *metrics.Counter {
		return set.NewCounter(`onbu_poller_results_total{end="` + how + `"}`)
	}
	return ends{
		taken: set.NewCounter("onbu_poller_jobs_total"), answered: end("answered"), timedOut: end("timed_out"),
		cancelled: end("cancelled"), refused: end("refused"), cut: set.NewCounter("onbu_poller_cut_short_total"),
	}
}

// sender is a scheduler.
type sender struct {
	last  time.Time // when it sent jobs
	aside int       // its jobs that are aside
	heard heard
}

func newRoom(slots, plugins int, busy func() bool, e ends) *room {
	whole := slots * slotShares
	r := &room{
		nudge: make(chan struct{}, 1), wake: make(chan struct{}, 1), empty: make(chan struct{}),
		whole: whole, mean: slotShares, senders: map[string]*sender{}, ends: e,
	}
	r.aside = newAside(slots, plugins)
	r.pressure = newPressure(slots, busy)
	return r
}

// hear notes that a scheduler sent a batch of jobs with that serial. It does not keep name.
func (r *room) hear(name string, serial uint64, now time.Time) *sender {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.senders[name]
	if s == nil {
		s = &sender{}
		r.senders[strings.Clone(name)] = s
	}
	s.last = now
	s.heard.note(serial, now)
	return s
}

// enter finds a place for a job. It gives a check that is to be begun now, or nil: then ok says whether the job waits aside or
// there is no room.
func (r *room) enter(p *Poller, job *monitor.Job, f found, from *sender, now time.Time) (c *check, ok bool) {
	starter, _ := f.probe.(modules.Starter)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ends.taken.Inc()
	shares, q := engineShares, (*queue)(nil)
	if starter == nil {
		shares, q = slotShares, r.aside.laneOf(f)
		if q != nil && (q != &r.aside.plugins || q.waiting.n > 0 || !r.fitsLocked(q)) {
			r.asideLocked(p, job, f, from, q)
			return nil, true
		}
	}
	r.mean += (float64(shares) - r.mean) / meanOver
	if r.held+shares > r.whole {
		r.short = true
		r.ends.refused.Inc()
		return nil, false
	}
	c = r.newLocked(p)
	c.fill(job, f, from)
	c.starter, c.shares = starter, shares
	r.beginLocked(c, q, now)
	return c, true
}

func (r *room) newLocked(p *Poller) *check {
	c := r.free
	if c == nil {
		return &check{poller: p}
	}
	r.free, c.behind = c.behind, nil
	return c
}

// recycleLocked takes back a check that nobody but its module may still know.
func (r *room) recycleLocked(c *check) {
	c.probe, c.starter, c.line, c.from, c.cancel, c.trace = nil, nil, nil, nil, nil, nil
	c.behind, r.free = r.free, c
}

// beginLocked gives a check its place, in a lane if q is not nil.
func (r *room) beginLocked(c *check, q *queue, now time.Time) {
	c.queue, c.began, c.cut = q, now, false
	c.open.Store(true)
	r.held += c.shares
	r.under++
	if q != nil {
		q.held += c.shares
	} else if c.starter == nil {
		r.pressure.begin(c, now)
	}
}

// running notes how a check in a goroutine is cut short.
func (r *room) running(c *check, cancel func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.cancel = cancel
	if c.queue == nil && c.line.last.pace() != paceSteady {
		c.young = true
		r.young.push(c)
	}
	if r.tightLocked() {
		signal(r.wake)
	}
}

// leave frees the place of a check that is over, whose end is to be counted.
func (r *room) leave(c *check, end *metrics.Counter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.forgot.Load() {
		return
	}
	end.Inc()
	r.vacateLocked(c)
	r.recycleLocked(c)
}

func (r *room) vacateLocked(c *check) {
	r.held -= c.shares
	r.under--
	if c.queue != nil {
		c.queue.held -= c.shares
	} else if c.starter == nil {
		r.pressure.end(c)
	}
	if r.short && r.whole-r.held >= slotShares {
		r.short = false
		signal(r.nudge)
	}
	if r.readyLocked() {
		signal(r.wake)
	}
	if r.closing && r.under == 0 {
		close(r.empty)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// window is how many jobs each scheduler may have unanswered: those that are, and as many as there is room for if they go on
// as they did lately and the machine keeps up, shared out among the schedulers that use it. aside are those that do not count, by scheduler.
func (r *room) window(now time.Time) (window int, aside map[string]uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	using := 0
	for name, s := range r.senders {
		if s.aside > 0 {
			if aside == nil {
				aside = map[string]uint32{}
			}
			aside[name] = uint32(s.aside)
		}
		if now.Sub(s.last) <= schedulerGone {
			using++
		} else if s.aside == 0 {
			delete(r.senders, name)
		}
	}
	more := int(float64(r.whole-r.held) / r.mean)
	r.short = r.short || more == 0
	if inGoroutines := (r.mean - engineShares) / (slotShares - engineShares); inGoroutines > 0 {
		more = int(min(float64(more), float64(r.pressure.room(now, r.whole/slotShares))/inGoroutines))
	}
	r.aside.untold = 0
	return max(1, (r.under-r.aside.under+min(more, ahead))/max(1, using)), aside
}

// close lets nothing wait any more. What it returns is closed when nothing is under way.
func (r *room) close() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closing = true
	r.dropAsideLocked()
	if r.under == 0 {
		close(r.empty)
	}
	return r.empty
}

// forget gives up what is still under way: that has no answer.
func (r *room) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ends.cancelled.Add(r.under)
	r.under = 0
	r.forgot.Store(true)
}

// load is how many checks are under way, and how many wait aside.
func (r *room) load() (running, waiting int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.under, r.aside.slow.waiting.n + r.aside.slowPlugins.waiting.n + r.aside.plugins.waiting.n
}

func (r *room) measure(set *metrics.Set) {
	gauge := func(name string, value func() int) {
		set.NewGauge(name, func() float64 {
			r.mu.Lock()
			defer r.mu.Unlock()
			return float64(value())
		})
	}
	a := &r.aside
	gauge("onbu_poller_running", func() int { return r.under })
	gauge("onbu_poller_running_bound", func() int { return r.pressure.bound })
	gauge("onbu_poller_slow_running", func() int { return (a.slow.held + a.slowPlugins.held) / slotShares })
	gauge("onbu_poller_slow_waiting", func() int { return a.slow.waiting.n + a.slowPlugins.waiting.n })
	gauge("onbu_poller_plugins_waiting", func() int { return a.plugins.waiting.n })
}
