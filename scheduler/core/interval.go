package core

import (
	"slices"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/verdict"
)

// trouble is how a host fared during a check of something behind it.
type trouble uint8

const (
	calm trouble = iota
	// dark: it is not UP, or none of its parents is and nothing newer speaks for the host itself.
	dark
	// passed: it came back while the check ran, so that the check may have met the trouble.
	passed
)

// interval answers for one check how the hosts in front of it fared from its start until now.
type interval struct {
	core  *Core
	look  *look
	known map[monitor.ID]trouble // of hosts with several parents: there may be many ways up to the same host
}

// of gives the trouble of one host. It also lies in the dark if all of its parents do, which nobody may have noticed on
// the host itself; only checks of it that began before and after the one in question prove the contrary.
func (i *interval) of(host monitor.ID) trouble {
	c := i.core
	parents := c.graph.Parents(host)
	switch {
	case !c.isUp(host):
		return dark
	case c.back[host] > i.look.started:
		return passed
	case len(parents) == 0:
		return calm
	}
	if t, ok := i.known[host]; ok {
		return t
	}
	t := i.all(parents)
	if t == dark && c.heard(host, i.look.finished) {
		t = c.lit(host, i.look)
	}
	if len(parents) > 1 {
		if i.known == nil {
			i.known = make(map[monitor.ID]trouble)
		}
		i.known[host] = t
	}
	return t
}

// lit gives the trouble of a host that was seen UP although its parents are not. Their trouble may be over, and only
// nobody has noticed yet; but if that was so already when the check in question began, they are not the only way to it.
func (c *Core) lit(host monitor.ID, l *look) trouble {
	since, known := c.seenThrough[host]
	if known && since <= l.started {
		return calm
	}
	if !known {
		c.seenThrough[host] = c.now
	}
	return passed
}

// all gives what hosts have in common: one calm host is a way through.
func (i *interval) all(hosts []monitor.ID) trouble {
	worst := dark
	for _, h := range hosts {
		switch i.of(h) {
		case calm:
			return calm
		case passed:
			worst = passed
		}
	}
	return worst
}

// weather gives the trouble that a failing check of an object may have met: that of a service's host, or of all parents
// of a host.
func (c *Core) weather(id monitor.ID, l *look) trouble {
	i := interval{core: c, look: l}
	if !c.inv.IsHost(id) {
		return i.of(c.inv.HostOf(id))
	}
	if parents := c.graph.Parents(id); len(parents) > 0 {
		return i.all(parents)
	}
	return calm
}

// hostUp says whether a service's host may be taken for UP when its check failed.
func (c *Core) hostUp(id monitor.ID, l *look) bool {
	if c.inv.Policy(id).NoHostDependency {
		return true
	}
	if l.state != monitor.OK && c.isWithoutData(id, l) {
		return false
	}
	if l.state == monitor.OK || !c.rootFirst() {
		return c.isUp(c.inv.HostOf(id))
	}
	t := c.weather(id, l)
	l.past = t == passed
	return t == calm
}

// reach says what a host is if it does not answer.
func (c *Core) reach(host monitor.ID, l *look) monitor.State {
	if l.state != monitor.Up && c.isWithoutData(host, l) {
		return monitor.Unreachable
	}
	if l.state == monitor.Up || !c.rootFirst() {
		return c.graph.Reach(host, c.isUp)
	}
	t := c.weather(host, l)
	l.past = t == passed
	if t == calm {
		return monitor.Down
	}
	return monitor.Unreachable
}

// goOn does what follows from a result for others: those that failed with a host that is back, those that waited.
func (c *Core) goOn(id monitor.ID, l *look, steps verdict.Steps, d *Decisions) {
	if l.past {
		c.ask(id, d)
	}
	if steps.Has(verdict.Begins) {
		delete(c.seenThrough, id)
	}
	if steps.Has(verdict.Ends) && c.rootFirst() {
		c.returned(id, d)
	}
	c.looked(id)
	c.noteNews(id)
	c.wake(id)
	c.review(d)
}

// heard says whether an object was looked at, or reported itself, in a check that began at since or later. That a host
// without a check command is assumed to be UP proves nothing.
func (c *Core) heard(id monitor.ID, since monitor.Time) bool {
	return c.run[id].module != assumedModule && c.times[id].check != 0 && c.times[id].check >= since
}

// mastersReturned says whether something that an object depends on came back while a check of the object ran.
func (c *Core) mastersReturned(id monitor.ID, l *look) bool {
	if len(c.back) == 0 {
		return false
	}
	return slices.ContainsFunc(c.masters(id), func(m monitor.ID) bool { return c.back[m] > l.started })
}

// returned notes that an object came back that others stand on, for checks that began before, and has everything looked
// at that failed with a host: nobody is told of that before a check has begun after the return.
func (c *Core) returned(id monitor.ID, d *Decisions) {
	if !c.inv.IsHost(id) {
		if len(c.ties.ofMaster.of(id))+len(c.ties.ofParent.of(id)) > 0 {
			c.back[id] = c.now
		}
		return
	}
	c.back[id] = c.now
	first, last := c.services(id)
	for service := first; service < last; service++ {
		if c.isProblem(service) {
			c.ask(service, d)
		}
	}
}

// longest is how long ago a check may have begun for its interval to be judged, in nanoseconds.
const longest = monitor.Time(3600e9)

// forgetReturns drops what no check that is still out can have met.
func (c *Core) forgetReturns() {
	for host, at := range c.back {
		if at+longest < c.now {
			delete(c.back, host)
		}
	}
	for host, since := range c.seenThrough {
		if since+longest < c.now {
			delete(c.seenThrough, host)
		}
	}
}

// moveReturns takes over what an older core knew of returns, by name.
func (c *Core) moveReturns(old *Core) {
	c.back, c.seenThrough = make(map[monitor.ID]monitor.Time, len(old.back)), make(map[monitor.ID]monitor.Time)
	for was, at := range old.back {
		if id, ok := c.find(old.refOf(was)); ok {
			c.back[id] = at
		}
	}
}
