package service

import (
	"sync"
	"time"

	"github.com/onbu/onbu/monitor"
)

// mostCounters is how many counters of one host are surely remembered: those that were used last. It never remembers more
// than twice as many.
const mostCounters = 20_000

// oneOutput is how far two outputs that are on their way at the same time may lie apart. A counter that is older than that
// comes from a clock that was set back.
const oneOutput = 5 * time.Minute

// Counters remembers the counters of a host between two outputs, so that they become rates. Any goroutine may use it.
type Counters struct {
	mu sync.Mutex
	// young are those used since old was filled; one that is in both counts in young.
	young, old map[string]sample
}

// sample is a counter's newest value, and the rate that it gave.
type sample struct {
	value float64
	at    time.Time
	rate  float64
	rated bool
}

// Rate gives how much a counter grows in a second. ok is false at the first value, and after one that is smaller than the one
// before: the counter began anew. bits is 32 for a counter that is known to wrap at 2^32, and 0 for others: one that falls from
// the last quarter of its range into the first has wrapped. The same moment gives the same rate again, and so does one a little
// earlier; one that is much earlier begins anew.
func (c *Counters) Rate(key string, value float64, at time.Time, bits int) (perSecond float64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was, known := c.recallLocked(key)
	switch {
	case known && at.Before(was.at.Add(-oneOutput)):
		known = false
	case known && !at.After(was.at):
		return was.rate, was.rated
	}
	now := sample{value: value, at: at}
	grown := value - was.value
	const range32 = 1 << 32
	if grown < 0 && bits == 32 && was.value >= range32*3/4 && was.value < range32 && value >= 0 && value < range32/4 {
		grown += range32
	}
	if known && grown >= 0 {
		now.rate, now.rated = grown/at.Sub(was.at).Seconds(), true
	}
	c.rememberLocked(key, now)
	return now.rate, now.rated
}

// Since gives for how long a state has lasted: since the first call with the same value, as far as is remembered.
func (c *Counters) Since(key string, value float64, at time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	was, known := c.recallLocked(key)
	if !known || was.value != value || at.Before(was.at.Add(-oneOutput)) {
		was = sample{value: value, at: at}
		c.rememberLocked(key, was)
	}
	return max(at.Sub(was.at), 0)
}

// Note remembers that something was so at a moment.
func (c *Counters) Note(key string, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rememberLocked(key, sample{at: at})
}

// Noted gives the moment that was noted last; zero if there is none.
func (c *Counters) Noted(key string) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, _ := c.recallLocked(key)
	return s.at
}

func (c *Counters) recallLocked(key string) (sample, bool) {
	if s, ok := c.young[key]; ok {
		return s, true
	}
	s, ok := c.old[key]
	if ok {
		c.rememberLocked(key, s)
	}
	return s, ok
}

func (c *Counters) rememberLocked(key string, s sample) {
	if _, there := c.young[key]; !there && len(c.young) >= mostCounters {
		c.young, c.old = nil, c.young
	}
	if c.young == nil {
		c.young = map[string]sample{}
	}
	c.young[key] = s
}

// waiting is what a service says at the first look at counters of which it wants the rate.
const waiting = "waiting for a second look to know the rate"

// Wait says that rates are not known yet.
func (r *Report) Wait(label string) {
	if label != "" {
		label += ": "
	}
	r.Say(monitor.OK, label+waiting)
}
