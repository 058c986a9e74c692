package core

import (
	"fmt"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/verdict"
)

// settle makes a verdict the object's standing and does what follows for it: numbers of problems, acknowledgement,
// flapping, notifications, event handlers. Contacts are told with what was seen; only then the rest of the problem is wiped off.
func (c *Core) settle(id monitor.ID, v verdict.Verdict, d *Decisions) {
	was := c.standing[id].Standing
	c.settling = id
	c.standing[id].Standing = v.Seen
	c.number(id, v.Steps)
	if c.touches(id, was, v.Seen) {
		c.ripple(id, d)
	}
	if v.Steps.Has(verdict.AckEnds) {
		c.setAckEnd(id, 0)
		c.dropAckComments(id, d)
	}
	if v.Steps&(verdict.Changed|verdict.HardChanged) != 0 {
		if !v.Steps.Has(verdict.Quiet) && !c.sameTrouble(id, was, v.Seen) { // a new state is told at once
			n := c.past.of(id)
			n.notice.last, n.notice.next = 0, 0
			c.past.put(id, n)
		}
		c.beginFlexible(id, d)
	}
	c.flap(id, v, d)
	if v.Steps.Has(verdict.Notify) {
		c.notify(id, d)
	}
	if v.Steps.Has(verdict.Alert) {
		c.handle(id, v, d)
	}
	c.standing[id].Standing = v.Next
	if !c.isProblem(id) {
		if !v.Steps.Has(verdict.Notify) && c.owesRecovery(id) {
			c.notify(id, d)
		}
		c.forget(id, v.Steps.Has(verdict.HardChanged) || c.owesRecovery(id) && !c.standing[id].flapping)
	}
	c.settling = monitor.NoID
	c.snap(id, d)
}

// number keeps the times of changes and the numbers of events and problems.
func (c *Core) number(id monitor.ID, steps verdict.Steps) {
	t := &c.times[id]
	if steps.Has(verdict.HardChanged) {
		t.hardChange = t.check
	}
	if !steps.Has(verdict.Changed) {
		return
	}
	t.change = t.check
	s := &c.past.open(id).serial
	s.lastEvent, s.event = s.event, c.newID()
	if steps.Has(verdict.Begins) {
		s.problem = c.newID()
	}
	if steps.Has(verdict.Ends) {
		s.lastProblem, s.problem = s.problem, 0
	}
}

// forget wipes off who was told of a problem that is over. While the object flaps nobody is told of the end, and those
// who were told of the beginning are remembered until they are. A number that a command set outlives problems of which
// nobody was told (over).
func (c *Core) forget(id monitor.ID, over bool) {
	s := &c.standing[id]
	if over {
		n := c.past.of(id)
		n.notice = notice{}
		c.past.put(id, n)
	}
	if s.flapping && s.notifiedOn != 0 {
		return
	}
	s.notifiedOn = 0
	if len(c.told) > 0 {
		delete(c.told, id)
	}
}

// alertText is the line that Nagios would log.
func (c *Core) alertText(id monitor.ID, seen verdict.Standing) string {
	ref := c.inv.Ref(id)
	if ref.IsHost() {
		return fmt.Sprintf("HOST ALERT: %s;%s;%s;%d;%s",
			ref.Host, seen.State.HostName(), seen.Type, seen.Attempt, c.text[id].Output())
	}
	return fmt.Sprintf("SERVICE ALERT: %s;%s;%s;%s;%d;%s",
		ref.Host, ref.Service, seen.State.ServiceName(), seen.Type, seen.Attempt, c.text[id].Output())
}

// changed adds a brok with an object's new status: something other than a check changed it.
func (c *Core) changed(kind monitor.BrokKind, id monitor.ID, text string, d *Decisions) {
	s := d.status()
	c.fill(id, s)
	d.Broks = append(d.Broks, monitor.Brok{Kind: kind, Time: c.now, Shard: c.inv.Shard, Status: s, Text: text})
}

// log adds a line for the log.
func (c *Core) log(d *Decisions, format string, args ...any) {
	d.Broks = append(d.Broks, monitor.Brok{
		Kind: monitor.BrokLog, Time: c.now, Shard: c.inv.Shard, Text: fmt.Sprintf(format, args...),
	})
}
