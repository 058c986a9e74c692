package service

import (
	"sync"
	"time"
)

// mostCounters bounds what is remembered of one host.
const mostCounters = 20_000

// Counters remembers the counters of a host between two outputs, so that they become rates. Any goroutine may use it.
type Counters struct {
	mu   sync.Mutex
	last map[string]sample
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
// the last quarter of its range into the first has wrapped. The same moment gives the same rate again.
func (c *Counters) Rate(key string, value float64, at time.Time, bits int) (perSecond float64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was, known := c.last[key]
	if known && !at.After(was.at) {
		return was.rate, was.rated
	}
	if c.last == nil {
		c.last = map[string]sample{}
	}
	if !known && len(c.last) >= mostCounters {
		return 0, false
	}
	now := sample{value: value, at: at}
	grown := value - was.value
	const range32 = 1 << 32
	if grown < 0 && bits == 32 && was.value >= range32*3/4 && was.value < range32 && value < range32/4 {
		grown += range32
	}
	if known && grown >= 0 {
		now.rate, now.rated = grown/at.Sub(was.at).Seconds(), true
	}
	c.last[key] = now
	return now.rate, now.rated
}
