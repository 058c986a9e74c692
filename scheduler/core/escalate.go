package core

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/onbu/onbu/monitor"
)

// progress is how far the telling of a problem has got: what escalations go by.
type progress struct {
	// number is that of the notification; of a recovery, that of the last one about the problem.
	number int64
	// lasted is the time since people were told first.
	lasted time.Duration
}

// progress gives how far it has got with the notification of that number (Nagios 4.4.6 notifications.c,
// is_valid_escalation_for_service_notification: a recovery goes to those whom the problem was told last).
func (c *Core) progress(id monitor.ID, number uint32) progress {
	p := progress{number: int64(number)}
	since, at := c.toldSince(id), c.now
	if !c.isProblem(id) {
		p.number--
		at = c.toldLast(id)
	}
	if since != 0 {
		p.lasted = at.Sub(since)
	}
	return p
}

// escalations gives the indexes of an object's escalations.
func (c *Core) escalations(id monitor.ID) []uint32 {
	i, ok := slices.BinarySearchFunc(c.inv.Escalated, id, func(e monitor.Escalated, id monitor.ID) int {
		return cmp.Compare(e.Object, id)
	})
	if !ok {
		return nil
	}
	return c.inv.Escalated[i].Escalations
}

// escalated gives those of an object's escalations that hold.
func (c *Core) escalated(id monitor.ID, far progress) []*monitor.Escalation {
	var valid []*monitor.Escalation
	for _, i := range c.escalations(id) {
		if e := &c.inv.Escalations[i]; reached(e, far) && c.suits(e, id) {
			valid = append(valid, e)
		}
	}
	return valid
}

// suits says whether an escalation is for an object's present state, and for now.
func (c *Core) suits(e *monitor.Escalation, id monitor.ID) bool {
	return e.Options&c.option(id) != 0 && c.in(e.Period, c.now)
}

// renotifyInterval gives the time between notifications: the shortest of the escalations that hold and have one, else the
// object's own (Nagios 4.4.6 notifications.c, get_next_service_notification_time).
func (c *Core) renotifyInterval(id monitor.ID, far progress) time.Duration {
	shortest := time.Duration(-1)
	for _, e := range c.escalated(id, far) {
		if e.Interval >= 0 && (shortest < 0 || e.Interval < shortest) {
			shortest = e.Interval
		}
	}
	if shortest < 0 {
		return c.inv.Policy(id).NotificationInterval
	}
	return shortest
}

// nextEscalation gives when the next escalation by time begins; never if none is to come (Shinken schedulingitem.py,
// get_next_notification_time). One whose period does not hold then pulls nothing forward.
func (c *Core) nextEscalation(id monitor.ID, far progress) monitor.Time {
	first := monitor.Time(0)
	for _, i := range c.escalations(id) {
		e := &c.inv.Escalations[i]
		if !e.ByTime || e.FirstTime <= far.lasted || e.Options&c.option(id) == 0 {
			continue
		}
		at := c.now.Add(e.FirstTime - far.lasted)
		if (first == 0 || at < first) && (e.Period == monitor.None || c.periods[e.Period].Holds(at)) {
			first = at
		}
	}
	return first
}

// lookAtEscalation tells people of a problem without waiting for a result, if an escalation by time begins now.
func (c *Core) lookAtEscalation(id monitor.ID, d *Decisions) {
	n := c.noticeOf(id)
	if c.isProblem(id) && n.next != 0 && n.next <= c.now && c.escalationBegan(id) {
		c.notify(id, d)
	}
}

// escalationBegan says whether an escalation by time holds that did not yet when people were told last.
func (c *Core) escalationBegan(id monitor.ID) bool {
	now := c.progress(id, c.noticeOf(id).number)
	then := c.toldLast(id).Sub(c.toldSince(id))
	return slices.ContainsFunc(c.escalated(id, now), func(e *monitor.Escalation) bool {
		return e.ByTime && e.FirstTime > then
	})
}

// planEscalations puts the escalations by time that are to come on the agenda, or that began while nobody looked.
func (c *Core) planEscalations() {
	for _, e := range c.inv.Escalated {
		id := e.Object
		if !c.isProblem(id) || c.toldSince(id) == 0 {
			continue
		}
		if c.escalationBegan(id) {
			c.agenda.add(c.now, aboutEscalation, uint64(id))
		} else if next := c.nextEscalation(id, c.progress(id, c.noticeOf(id).number)); next != 0 {
			c.agenda.add(next, aboutEscalation, uint64(id))
		}
	}
}

// reached says whether the telling of a problem has got into an escalation's bounds, and not past them.
func reached(e *monitor.Escalation, far progress) bool {
	if e.ByTime {
		return far.lasted >= e.FirstTime && (e.LastTime == 0 || far.lasted <= e.LastTime)
	}
	return far.number >= int64(e.First) && (e.Last == 0 || far.number <= int64(e.Last))
}

// checkEscalations looks for what would make the core stumble later.
func (k *compiled) checkEscalations() error {
	inv := k.inv
	for i := range inv.Escalations {
		e := &inv.Escalations[i]
		if !k.isPeriod(e.Period) {
			return fmt.Errorf("escalation %d: timeperiod %d is out of bounds", i, e.Period)
		}
		for _, contact := range e.Contacts {
			if int(contact) >= len(inv.Contacts) {
				return fmt.Errorf("escalation %d: contact %d is out of bounds", i, contact)
			}
		}
	}
	for i, e := range inv.Escalated {
		if int(e.Object) >= inv.Objects() || i > 0 && e.Object <= inv.Escalated[i-1].Object {
			return fmt.Errorf("escalations of object %d: there is no such object, or they are not sorted", e.Object)
		}
		for _, number := range e.Escalations {
			if int(number) >= len(inv.Escalations) {
				return fmt.Errorf("escalations of object %d: escalation %d is out of bounds", e.Object, number)
			}
		}
	}
	return nil
}
