package core

import (
	"cmp"
	"time"

	"github.com/onbu/onbu/monitor"
)

func (c *Core) freshnessInterval() time.Duration {
	return cmp.Or(c.inv.Options.FreshnessInterval, time.Minute)
}

// tickFreshness looks, once in an interval, for objects of which nothing was heard for too long, and has them checked
// (Nagios 4 "Service and Host Freshness Checks").
func (c *Core) tickFreshness(d *Decisions) {
	if c.freshness == 0 || c.now < c.freshness {
		return
	}
	c.freshness = c.now.Add(c.freshnessInterval())
	c.forgetReturns()
	for id := range monitor.ID(len(c.standing)) {
		if c.standing[id].switches&monitor.FreshnessChecks != 0 && c.isStale(id) {
			c.run[id].flags |= forced | stale
			c.issue(id, c.now, d)
		}
	}
}

// isStale says whether an object is to be checked because nothing was heard of it.
func (c *Core) isStale(id monitor.ID) bool {
	active, passive := c.on(id, monitor.ActiveChecks), c.on(id, monitor.PassiveChecks)
	p := c.inv.Policy(id)
	switch {
	case !c.on(id, monitor.FreshnessChecks), !active && !passive:
		return false
	case c.run[id].flags.has(inFlight), c.inv.Check(id).Command == monitor.None:
		return false
	case p.CheckInterval == 0 && p.FreshnessThreshold == 0, !c.in(p.CheckPeriod, c.now):
		return false
	}
	return c.now > c.expires(id, active)
}

// expires says until when the last result holds. What came in before the engine started is judged from the start: it
// could not hear anything while it was down.
func (c *Core) expires(id monitor.ID, active bool) monitor.Time {
	own := c.inv.Policy(id).FreshnessThreshold
	threshold := own
	if own == 0 {
		threshold = c.interval(id) + c.run[id].latency.Duration() + c.inv.Options.AdditionalFreshness
	}
	last := c.times[id].check
	down := c.start.Sub(last)
	switch {
	case last == 0:
		return c.start.Add(threshold)
	case active && down > 0 && own == 0:
		return c.start.Add(threshold)
	case c.standing[id].check == monitor.Passive && down.Seconds() > 0.618*threshold.Seconds():
		return c.start.Add(threshold)
	}
	return last.Add(threshold)
}
