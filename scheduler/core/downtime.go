package core

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/onbu/onbu/monitor"
)

// engine is the author of what the engine writes itself.
const engine = "(Onbu)"

// schedule enters a downtime with its comment and gives its number. It begins at once if its time has come, or if the one
// that triggers it is in effect.
func (c *Core) schedule(id monitor.ID, t monitor.Downtime, d *Decisions) uint64 {
	t.ID, t.Ref, t.Entered = c.newNote(), c.inv.Ref(id), c.now
	c.keepDowntime(id, &t, d)
	c.comment(id, monitor.Comment{
		Author: orElse(t.Author, engine), Text: downtimeText(&t), Kind: monitor.CommentDowntime, Downtime: t.ID,
	}, d)
	trigger := c.downtimes.byID[t.Trigger]
	if trigger != nil && trigger.Began != 0 || byItself(&t) && t.Start <= c.now {
		c.beginDowntime(id, t.ID, d)
	}
	return t.ID
}

// downtimeText is Nagios' comment on a downtime (downtime.c, register_downtime).
func downtimeText(t *monitor.Downtime) string {
	kind := "service"
	if t.Ref.IsHost() {
		kind = "host"
	}
	when := fmt.Sprintf("fixed downtime from %s to %s", stamp(t.Start), stamp(t.End))
	if !t.Fixed {
		when = fmt.Sprintf("flexible downtime starting between %s and %s and lasting for a period of %d hours and %d minutes",
			stamp(t.Start), stamp(t.End), int(t.Duration.Hours()), int(t.Duration.Minutes())%60)
	}
	return fmt.Sprintf("This %s has been scheduled for %s.  Notifications for the %s will not be sent out during that time period.",
		kind, when, kind)
}

// stamp writes a time as people read it.
func stamp(t monitor.Time) string { return t.Std().Format(time.DateTime) }

func (c *Core) keepDowntime(id monitor.ID, t *monitor.Downtime, d *Decisions) {
	c.downtimes.put(id, t.ID, t)
	c.agenda.add(nextOf(t), aboutDowntime, t.ID)
	d.Broks = append(d.Broks, monitor.Brok{Kind: monitor.BrokDowntime, Time: c.now, Shard: c.inv.Shard, Downtime: t})
}

// byItself says whether a downtime begins at its start, whatever happens: a flexible one waits for a problem, a triggered
// one for another.
func byItself(t *monitor.Downtime) bool { return t.Fixed && t.Trigger == 0 }

// nextOf gives when something happens to a downtime next: its end if it is in effect, its start if it begins by itself,
// and else the second after its end, when it is dropped unused.
func nextOf(t *monitor.Downtime) monitor.Time {
	switch {
	case t.Began != 0 && t.Fixed:
		return t.End
	case t.Began != 0:
		return t.Began.Add(t.Duration)
	case byItself(t):
		return t.Start
	}
	return t.End.Add(time.Second)
}

// lookAtDowntime begins, ends or drops a downtime if it is time.
func (c *Core) lookAtDowntime(number uint64, d *Decisions) {
	t := c.downtimes.byID[number]
	if t == nil || nextOf(t) > c.now {
		return
	}
	id, _ := c.find(t.Ref)
	switch {
	case t.Began != 0:
		c.endDowntime(id, number, "STOPPED", d)
	case byItself(t) && t.End > c.now:
		c.beginDowntime(id, number, d)
	default:
		c.endDowntime(id, number, "UNUSED", d)
	}
}

// beginFlexible begins the flexible downtimes that wait for the problem which an object has now (Nagios 4 checks.c: at
// each change of a state or hard state that leaves it a problem).
func (c *Core) beginFlexible(id monitor.ID, d *Decisions) {
	if len(c.downtimes.of) == 0 || !c.isProblem(id) {
		return
	}
	for _, t := range c.downtimes.on(id) {
		if c.waits(t) {
			c.beginDowntime(id, t.ID, d)
		}
	}
}

// waits says whether a flexible downtime would begin with a problem now.
func (c *Core) waits(t *monitor.Downtime) bool {
	return !t.Fixed && t.Trigger == 0 && t.Began == 0 && t.Start <= c.now && c.now <= t.End
}

// beginDowntime lets a downtime take effect, and those that it triggers. Nobody is told about the object from now on, nor
// about the services of a host.
func (c *Core) beginDowntime(id monitor.ID, number uint64, d *Decisions) {
	t := *c.downtimes.byID[number]
	t.Began = c.now
	c.keepDowntime(id, &t, d)
	if c.standing[id].depth == 0 {
		c.log(d, "%s", c.downtimeAlert(id, "STARTED", "has entered a period of scheduled downtime"))
		c.notifyDowntime(id, "DOWNTIMESTART", &t, d)
	}
	c.standing[id].depth++
	c.moved(id, d)
	for _, other := range c.triggeredBy(number) {
		if o := c.downtimes.byID[other]; o != nil && o.Began == 0 {
			own, _ := c.find(o.Ref)
			c.beginDowntime(own, other, d)
		}
	}
}

// endDowntime takes a downtime away, whether it has begun or not, with its comment and the downtimes that it triggers.
func (c *Core) endDowntime(id monitor.ID, number uint64, how string, d *Decisions) {
	t := c.downtimes.take(id, number)
	c.dropDowntimeComments(id, number, d)
	d.Broks = append(d.Broks, monitor.Brok{
		Kind: monitor.BrokDowntimeGone, Time: c.now, Shard: c.inv.Shard, Text: how,
		Downtime: &monitor.Downtime{ID: t.ID, Ref: t.Ref},
	})
	if t.Began != 0 && c.standing[id].depth > 0 {
		c.standing[id].depth--
		if c.standing[id].depth == 0 {
			c.leaveDowntime(id, t, how, d)
		}
		c.moved(id, d)
	}
	for _, other := range c.triggeredBy(number) {
		if o := c.downtimes.byID[other]; o != nil {
			own, _ := c.find(o.Ref)
			c.endDowntime(own, other, how, d)
		}
	}
}

// leaveDowntime tells that the last of an object's downtimes is over. Of a cancelled one Nagios says neither by whom nor
// why it was entered.
func (c *Core) leaveDowntime(id monitor.ID, t *monitor.Downtime, how string, d *Decisions) {
	if how == "CANCELLED" {
		c.log(d, "%s", c.downtimeAlert(id, how, "has been cancelled"))
		c.notifyDowntime(id, "DOWNTIMECANCELLED", &monitor.Downtime{ID: t.ID}, d)
		return
	}
	c.log(d, "%s", c.downtimeAlert(id, how, "has exited from a period of scheduled downtime"))
	c.notifyDowntime(id, "DOWNTIMEEND", t, d)
}

// downtimeAlert is the line that Nagios would log.
func (c *Core) downtimeAlert(id monitor.ID, how, what string) string {
	ref := c.inv.Ref(id)
	kind, name, subject := "SERVICE", ref.Host+";"+ref.Service, "Service"
	if ref.IsHost() {
		kind, name, subject = "HOST", ref.Host, "Host"
	}
	if how == "CANCELLED" {
		subject = "Scheduled downtime for " + map[bool]string{true: "host", false: "service"}[ref.IsHost()]
	}
	return fmt.Sprintf("%s DOWNTIME ALERT: %s;%s; %s %s", kind, name, how, subject, what)
}

// triggeredBy gives the numbers of the downtimes that another one triggers, smallest first. The slice is the caller's.
func (c *Core) triggeredBy(number uint64) []uint64 { return slices.Clone(c.downtimes.with[number]) }

// releaseTriggered lets downtimes stand for themselves whose trigger is not in this shard any more: a reload took its
// object away. A fixed one then begins at its start, a flexible one with a problem.
func (c *Core) releaseTriggered(d *Decisions) {
	for _, number := range slices.Sorted(maps.Keys(c.downtimes.byID)) {
		t := *c.downtimes.byID[number]
		if t.Trigger == 0 || c.downtimes.byID[t.Trigger] != nil {
			continue
		}
		id, _ := c.find(t.Ref)
		c.log(d, "downtime %d of %s stands for itself now: downtime %d, which triggered it, is not in this shard any more",
			number, t.Ref, t.Trigger)
		t.Trigger = 0
		c.keepDowntime(id, &t, d)
	}
}

// moved adds a brok with an object's status after a change; not while a result of it is being applied, whose own brok
// comes with everything.
func (c *Core) moved(id monitor.ID, d *Decisions) {
	if id != c.settling {
		c.changed(monitor.BrokState, id, "", d)
	}
}
