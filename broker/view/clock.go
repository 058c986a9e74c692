package view

import (
	"time"

	"github.com/onbu/onbu/monitor"
)

// tick is a moment in steps since the view's clock was first set: 13 years have room in it.
type tick uint32

const step = monitor.Time(100 * time.Millisecond)

// clock says when something is applied, which may be long after it happened: who asks what is new since his last question
// must not miss what was under way then.
type clock struct {
	begin monitor.Time
	tick  tick
}

// Clock tells the time at which all that follows is applied.
func (v *View) Clock(now monitor.Time) {
	c := &v.clock
	if c.begin == 0 {
		c.begin = now
	}
	if now > c.begin {
		c.tick = max(c.tick, tick((now-c.begin+step-1)/step))
	}
}

// time gives the moment of a tick: at most a step later than it was.
func (c *clock) time(t tick) monitor.Time { return c.begin + monitor.Time(t)*step }

// shown is what a host shows of each of its services.
type shown struct {
	state, lastHard monitor.State
	checked         bool
}

func (r *row) shown() shown {
	if r.whole != nil {
		return shown{r.state, r.whole.LastHardState, r.whole.LastCheck != 0}
	}
	return shown{r.state, r.lastHard, r.lastCheck != 0}
}

// changed makes the host new too if it shows something else of a service now than before.
func (h *host) changed(before shown, r *row) {
	if r.shown() != before {
		h.own.seen = r.seen
	}
}
