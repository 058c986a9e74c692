package core

import (
	"time"

	"github.com/onbu/onbu/monitor"
)

// hash spreads names evenly and the same way for ever: FNV-1a with a final mix, since the low bits of FNV alone are too
// regular for names that differ in a digit.
func hash(name string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return mix(h)
}

// mix is the finalizer of MurmurHash3 (Appleby, public domain).
func mix(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// grid gives the first moment after t at which an object of the host is due, if it is checked every interval. The
// moments depend on the host's name and the interval alone: they are the same after a restart and at another owner, and
// services of one host with one interval fall due together, and with those whose interval is a multiple of theirs, so that
// one poll may serve them all.
func grid(host uint64, interval time.Duration, t monitor.Time) monitor.Time {
	step := monitor.Time(interval)
	phase := monitor.Time(host % uint64(interval)) // of a multiple of interval it is the same but for whole intervals
	return t - ((t-phase)%step+step)%step + step
}

// regular gives an object's next regular check after t: on its grid and inside its check period. A check period that is
// always missed by the grid, because it is shorter than the interval, is met at its beginning. 0 means that there is no
// regular check.
func (c *Core) regular(id monitor.ID, interval time.Duration, t monitor.Time) monitor.Time {
	if interval <= 0 {
		return 0
	}
	host := c.phase[c.inv.HostOf(id)]
	due := grid(host, interval, t)
	period := c.inv.Policy(id).CheckPeriod
	if c.in(period, due) {
		return due
	}
	open := c.periods[period].Next(due)
	if open == 0 {
		return 0
	}
	if due = grid(host, interval, open-1); c.in(period, due) {
		return due
	}
	return open
}
