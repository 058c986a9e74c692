package core

import (
	"github.com/onbu/onbu/monitor"
)

// cause is why people may be told.
type cause uint8

const (
	ofState cause = iota // a problem or its end
	ofAck
	ofFlap
	ofDowntime
	ofCustom
)

// notification is one occasion on which people are told.
type notification struct {
	why    cause
	kind   string // as $NOTIFICATIONTYPE$ says: PROBLEM, RECOVERY, ACKNOWLEDGEMENT, …
	id     monitor.ID
	number uint32
	// author and comment are those of whoever caused it by a command; downtime is the number of the downtime it is about.
	author, comment string
	downtime        uint64
	// broadcast tells the contacts of all escalations too, forced ignores filters, counts makes it the next in number.
	broadcast, forced, counts bool

	escalated  bool
	recipients []uint32 // indexes of contacts
	ways       [][]way  // of each recipient
}

// notify tells the contacts of an object about its state if nothing speaks against it.
func (c *Core) notify(id monitor.ID, d *Decisions) {
	n := notification{why: ofState, kind: "PROBLEM", id: id, counts: true}
	if !c.isProblem(id) {
		n.kind = "RECOVERY"
	}
	if !c.announce(&n, d) {
		c.postpone(id, d)
	}
}

// notifyFlap tells that an object begins (FLAPPINGSTART) or ceases (FLAPPINGSTOP, FLAPPINGDISABLED) to flap.
func (c *Core) notifyFlap(id monitor.ID, kind string, d *Decisions) {
	c.announce(&notification{why: ofFlap, kind: kind, id: id}, d)
}

// notifyDowntime tells that an object enters or leaves its downtimes.
func (c *Core) notifyDowntime(id monitor.ID, kind string, t *monitor.Downtime, d *Decisions) {
	c.announce(&notification{
		why: ofDowntime, kind: kind, id: id, author: t.Author, comment: t.Comment, downtime: t.ID,
	}, d)
}

// announce decides a notification unless something speaks against it, and says whether anybody is told. The status with
// its number comes before it.
func (c *Core) announce(n *notification, d *Decisions) bool {
	if !n.forced && c.silence(n.id, n.why) != "" {
		return false
	}
	n.number = c.noticeOf(n.id).number
	if n.counts {
		n.number++
	}
	at := len(d.Broks)
	if !c.send(n, d) {
		return false
	}
	if !n.counts {
		return true
	}
	c.past.open(n.id).notice.number = n.number
	if n.why == ofState && c.isProblem(n.id) {
		c.remember(n.id, n.number)
	}
	if n.id != c.settling {
		s := d.status()
		c.fill(n.id, s)
		d.insert(at, monitor.Brok{Kind: monitor.BrokState, Time: c.now, Shard: c.inv.Shard, Status: s})
	}
	return true
}

// postpone notes when the notification period opens again: no result is told before.
func (c *Core) postpone(id monitor.ID, d *Decisions) {
	period := c.notificationPeriod(id)
	if !c.isProblem(id) || c.in(period, c.now) || c.toldOnce(id) {
		return
	}
	next := c.periods[period].opens(c.now)
	if next == 0 {
		next = min(c.noticeOf(id).next, c.now) // it never opens again: should it be changed, people are told at once
	}
	if c.noticeOf(id).next != next {
		c.past.open(id).notice.next = next
		c.moved(id, d)
	}
}

// notificationPeriod gives the period in which people are told about an object: a service without one has its host's.
func (c *Core) notificationPeriod(id monitor.ID) int32 {
	period := c.inv.Policy(id).NotificationPeriod
	if period == monitor.None && !c.inv.IsHost(id) {
		period = c.inv.Policy(c.inv.HostOf(id)).NotificationPeriod
	}
	return period
}

// remember notes that a problem was told and when it may be told again: after the interval, or earlier where an
// escalation by time begins before. Never (0) where the interval is 0.
func (c *Core) remember(id monitor.ID, number uint32) {
	far := c.progress(id, number)
	n := &c.past.open(id).notice
	n.last, n.next = c.now, 0
	if interval := c.renotifyInterval(id, far); interval > 0 {
		n.next = c.now.Add(interval)
	}
	if early := c.nextEscalation(id, far); early != 0 {
		c.agenda.add(early, aboutEscalation, uint64(id))
		if early < n.next || n.next == 0 {
			n.next = early
		}
	}
	c.standing[id].notifiedOn |= 1 << c.standing[id].State
}

// toldOnce says whether people were told of an object's problem and are not to be told again: notification_interval 0.
func (c *Core) toldOnce(id monitor.ID) bool {
	n := c.noticeOf(id)
	return n.last != 0 && n.next == 0 && !c.isVolatile(id)
}

func (c *Core) isVolatile(id monitor.ID) bool {
	return c.inv.Policy(id).Volatile && !c.inv.IsHost(id)
}
