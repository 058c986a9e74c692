package core

import (
	"time"

	"github.com/onbu/onbu/monitor"
)

// jitter is how much a clock may go back without having been set.
const jitter = time.Second

// enter sets the time of a call. Time never runs backwards inside: where a clock was set back, or is behind that of the owner before,
// the core goes on from the latest time it has seen, and a tenth slower than the clock until that has caught up.
func (c *Core) enter(now monitor.Time) {
	switch {
	case c.callers == 0 || now >= c.now:
		c.now = max(c.now, now)
	case now > c.callers:
		c.now = c.now.Add(now.Sub(c.callers) / 10 * 9)
	}
	if now > c.callers || c.callers.Sub(now) > jitter {
		c.callers = now
	}
}

// clock gives a moment of the core's time as the caller's clock will show it, or a little earlier.
func (c *Core) clock(t monitor.Time) monitor.Time {
	if t == 0 || c.callers >= c.now {
		return t
	}
	return t.Add(c.callers.Sub(c.now))
}
