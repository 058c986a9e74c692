package core

import (
	"cmp"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/timetable"
)

// firstLooks is how many objects that were never checked may be looked at in a second after Begin, although their turn
// has not come: a small site sees its first results in seconds.
const firstLooks = 50

// Begin lays all objects out in time: each where it was to be checked next, if that is still to come, and otherwise at its
// own phase of its interval, which depends on its names alone; none in the past, so that neither restart nor takeover
// causes a burst.
//
// Checks of the last moments of the owner before are the exception: those that were under way are lost, and those that fell due
// since nobody made. They are made within seconds, and not an interval later.
func (c *Core) Begin(now monitor.Time) {
	was := c.now
	c.enter(now)
	c.wheel = timetable.New(c.inv.Objects(), c.now)
	c.freshness = c.now.Add(c.freshnessInterval())
	c.settleAll()
	c.openBorders()
	c.planAgenda()
	c.resumeHeld()
	c.keepParts()
	c.reassess()
	spread := firstSpread(c.unseen())
	missing := c.unmadeSince(was)
	for id := range monitor.ID(c.inv.Objects()) {
		r := &c.run[id]
		r.flags &= pinned | held
		if r.next <= c.now.Add(-time.Minute) {
			r.flags &= held // demanded long ago: made since, or not worth a crowd of checks now
		}
		switch interval := c.interval(id); {
		case r.flags.has(pinned):
			r.next = max(r.next, c.now)
			c.lay(id)
		case r.next > c.now && r.next <= c.now.Add(interval):
			c.lay(id) // as promised before the restart: a retry counts from the check before it
		case c.times[id].check == 0:
			c.first(id, spread)
		case c.unmade(id, was) && 2*missing.within < interval: // else the next turn is as good, and makes no crowd
			r.next = c.again(id, missing, interval)
			c.lay(id)
		default:
			r.next = c.regular(id, interval, c.now)
			c.lay(id)
		}
	}
}

// first lays out an object that was never checked.
func (c *Core) first(id monitor.ID, spread time.Duration) {
	r, interval := &c.run[id], c.inv.Policy(id).CheckInterval
	if r.next = c.regular(id, interval, c.now); r.next != 0 && spread < interval {
		r.next = min(r.next, c.regular(id, spread, c.now))
	}
	c.lay(id)
}

// underWay is how long before its end an owner may have sent checks off whose results it did not live to see.
const underWay = 5 * time.Second

// unmade says that an object's check fell due in the last moments of the owner before, who was there at was, or since then, as far as
// is known of the owner's plans. Of one that was gone for longer than a minute nobody knows, and its heir begins at leisure.
func (c *Core) unmade(id monitor.ID, was monitor.Time) bool {
	r := &c.run[id]
	return r.next > was.Add(-underWay) && r.next <= c.now && c.now.Sub(was) <= longAgo && c.times[id].check != 0
}

// gap is the time in which checks fell due that nobody made, from the first of them until now, and within how long they are made.
type gap struct {
	first  monitor.Time
	within time.Duration
}

// unmadeSince gives the gap of those of which that is so. They are made at half the rate at most at which they fell due, since the others
// go on in their turn, and so that many small shards that move together make no crowd either.
func (c *Core) unmadeSince(was monitor.Time) gap {
	n, first := 0, c.now
	for id := range c.edge {
		if c.unmade(id, was) {
			n, first = n+1, min(first, c.run[id].next)
		}
	}
	return gap{first, max(firstSpread(2*n), 2*c.now.Sub(first))}
}

// again gives when a check is made that fell due in a gap: in the order in which they fell due, as far apart as the gap is drawn out. By
// their phases they would come close together, since those that fall due in a few seconds have phases that are near.
func (c *Core) again(id monitor.ID, g gap, interval time.Duration) monitor.Time {
	part := float64(c.run[id].next.Sub(g.first)) / float64(max(c.now.Sub(g.first), 1))
	if due := c.now.Add(1 + time.Duration(part*float64(g.within))); c.in(c.inv.Policy(id).CheckPeriod, due) {
		return due
	}
	return c.regular(id, interval, c.now)
}

// unseen counts the objects that were never checked.
func (c *Core) unseen() int {
	n := 0
	for i := range c.times[:c.edge] {
		if c.times[i].check == 0 {
			n++
		}
	}
	return n
}

// firstSpread gives over how long the first checks of n objects are spread.
func firstSpread(n int) time.Duration { return time.Duration(1+n/firstLooks) * time.Second }

// interval gives the distance between an object's checks at present: a soft problem is looked at more often.
func (c *Core) interval(id monitor.ID) time.Duration {
	p := c.inv.Policy(id)
	if c.standing[id].Type == monitor.Soft && c.isProblem(id) && p.RetryInterval > 0 {
		return p.RetryInterval
	}
	return p.CheckInterval
}

// Tick does what is due: checks, results that never came, freshness, and what is on the agenda.
func (c *Core) Tick(now monitor.Time, d *Decisions) {
	c.enter(now)
	c.tickAgenda(d)
	c.tickHeld(d)
	if c.inv.Options.Obsess && c.inv.Shard == 0 {
		c.sayObsess(d)
	}
	c.due = c.wheel.Advance(c.now, c.due[:0])
	crowd := len(c.due) > firstLooks
	for i, e := range c.due {
		if i%warmth == 0 {
			c.warmDue(c.due[i:])
		}
		if crowd && c.missed(e.Item) {
			c.plan(e.Item, c.interval(e.Item), c.now)
			continue
		}
		c.fire(e, d)
	}
	c.tickFreshness(d)
	c.followMembers(d)
	c.leave(d)
}

// longAgo is how long ago a check must have been due for its turn to be over, where many others were due as well.
const longAgo = time.Minute

// missed says that an object's turn is long over: the clock was set forward, or the machine slept. It is laid out anew, at its own phase
// of its interval as after a restart, since a crowd of checks at one moment would find a sleepy network and no poller with room.
func (c *Core) missed(id monitor.ID) bool {
	r := &c.run[id]
	if _, again := c.wheel.At(id); again {
		return false
	}
	return r.next != 0 && r.next < c.now.Add(-longAgo) && !r.flags.has(inFlight) && !r.flags.has(forced) && !r.flags.has(pinned)
}

// fire handles an object whose moment has come.
func (c *Core) fire(e timetable.Due, d *Decisions) {
	if _, again := c.wheel.At(e.Item); again {
		return // something before it in this very tick has sent it off already
	}
	r := &c.run[e.Item]
	if r.flags.has(inFlight) {
		c.reissue(e.Item, d)
		return
	}
	r.flags &^= pinned
	switch {
	case r.flags.has(forced):
		c.issue(e.Item, r.next, d)
	case !c.checked(e.Item):
		c.plan(e.Item, c.inv.Policy(e.Item).CheckInterval, c.now)
	case !c.in(c.inv.Policy(e.Item).CheckPeriod, c.now):
		c.plan(e.Item, c.inv.Policy(e.Item).CheckInterval, c.now)
	case c.skips(e.Item, d):
		c.plan(e.Item, c.interval(e.Item), c.now)
	default:
		c.issue(e.Item, r.next, d)
	}
}

// checked says whether active checks of an object are switched on, for itself and for all.
func (c *Core) checked(id monitor.ID) bool { return c.on(id, monitor.ActiveChecks) }

// on says whether a switch is on for an object and for all of its kind.
func (c *Core) on(id monitor.ID, s monitor.Switch) bool {
	all := c.program.ServiceSwitches
	if c.inv.IsHost(id) {
		all = c.program.HostSwitches
	}
	return c.standing[id].switches&all&s == s
}

// plan gives an object its next regular check after t, unless a command demanded another moment or a job is out. It
// clears what was special about the check before.
func (c *Core) plan(id monitor.ID, interval time.Duration, t monitor.Time) {
	r := &c.run[id]
	if r.flags.has(inFlight) {
		return
	}
	if !r.flags.has(pinned) {
		r.flags &= held
		r.next = c.notBefore(id, interval, c.regular(id, interval, t))
	}
	c.lay(id)
}

// lay puts an object at its next check into the wheel.
func (c *Core) lay(id monitor.ID) {
	if r := &c.run[id]; r.next != 0 {
		c.wheel.Set(id, r.next)
	} else {
		c.wheel.Remove(id)
	}
}

// issue sends a check of an object off. A host without a check command is assumed to be UP; a service without one can
// only hear from outside.
func (c *Core) issue(id monitor.ID, due monitor.Time, d *Decisions) {
	r := &c.run[id]
	if len(c.rules.at) > 0 { // whatever command an old change or a modulation would give it
		if r := c.ruleOf(id); r != nil {
			c.checkRule(r, d)
			return
		}
	}
	call := c.checkOf(id)
	if call.Command == monitor.None {
		if !c.judgeAlone(id, d) && c.inv.IsHost(id) {
			c.assumeUp(id, d)
		}
		c.plan(id, c.inv.Policy(id).CheckInterval, c.now)
		return
	}
	r.seq++
	r.flags = r.flags&^again | inFlight
	r.sent = c.now
	job := d.job()
	c.fillJob(job, id, call, d)
	job.Due = cmp.Or(due, c.now)
	c.wheel.Set(id, c.now.Add(job.Timeout+c.inv.Options.OrphanGrace))
}

func (c *Core) fillJob(job *monitor.Job, id monitor.ID, call monitor.Call, d *Decisions) {
	host := c.inv.HostOf(id)
	policy := c.inv.Policy(id)
	command := &c.inv.Commands[call.Command]
	job.Shard, job.Epoch, job.Object, job.Seq = c.inv.Shard, c.epoch, id, c.run[id].seq
	job.Pool = cmp.Or(policy.Pool, command.Pool)
	job.Timeout = cmp.Or(policy.CheckTimeout, command.Timeout, c.defaultTimeout(id))
	job.Host = c.inv.Hosts[host].Name
	if id != host {
		job.Service = c.inv.Service(id).Description
	}
	if len(c.watch.suspects) > 0 {
		job.Avoid = c.avoid(id)
	}
	job.Payload = c.payload(id)
	job.Reasons = c.run[id].reasons()
	start := len(d.lines)
	d.lines = c.appendLine(d.lines, id, call)
	job.Line, job.Env = d.lines[start:len(d.lines):len(d.lines)], c.environment()
}

// defaultTimeout gives host_check_timeout or service_check_timeout, or Nagios' defaults for them.
func (c *Core) defaultTimeout(id monitor.ID) time.Duration {
	if c.inv.IsHost(id) {
		return cmp.Or(c.inv.Options.HostCheckTimeout, 30*time.Second)
	}
	return cmp.Or(c.inv.Options.ServiceCheckTimeout, 60*time.Second)
}

// reissue sends a job off again whose answer never came, if the check is still wanted.
func (c *Core) reissue(id monitor.ID, d *Decisions) {
	r := &c.run[id]
	r.flags &^= inFlight
	d.Orphans++
	if !r.flags.has(forced) && !c.checked(id) {
		c.plan(id, c.inv.Policy(id).CheckInterval, c.now)
		return
	}
	c.issue(id, c.now, d)
}

// Orphan says that whoever held these jobs is gone: those still unanswered are issued again at once.
func (c *Core) Orphan(now monitor.Time, jobs []JobKey, d *Decisions) {
	c.enter(now)
	for _, k := range jobs {
		if c.awaits(k) {
			c.reissue(k.Object, d)
		}
	}
	c.followMembers(d)
	c.leave(d)
}

// awaits says whether a job is out that has not been answered.
func (c *Core) awaits(k JobKey) bool {
	if k.Object >= c.edge {
		return false
	}
	r := &c.run[k.Object]
	return r.flags.has(inFlight) && r.seq == k.Seq
}

// ask has an object checked now, whatever its timetable says, unless it is on its way, its active checks are off, or a
// dependency holds them back. Its regular checks are not moved.
func (c *Core) ask(id monitor.ID, d *Decisions) {
	if n, is := c.isBorder(id); is {
		c.press(n, d)
		return
	}
	if c.run[id].flags.has(inFlight) || !c.checked(id) || c.held(id).why != free {
		return
	}
	if r := &c.run[id]; r.flags.has(arrival) { // this check serves the payload that came as well
		r.flags &^= arrival | pinned
	}
	c.issue(id, c.now, d)
}
