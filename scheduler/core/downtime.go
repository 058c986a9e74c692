package core

import (
	"fmt"

	"github.com/onbu/onbu/monitor"
)

// engine is the author of comments that the engine writes itself.
const engine = "(Onbu)"

// schedule enters a fixed downtime, with its comment, and begins it if its time has come.
func (c *Core) schedule(id monitor.ID, t monitor.Downtime, d *Decisions) {
	t.ID, t.Ref, t.Entered = c.newID(), c.inv.Ref(id), c.now
	c.keepDowntime(id, &t, d)
	c.agenda.add(t.Start, t.ID)
	c.agenda.add(t.End, t.ID)
	c.comment(id, monitor.Comment{
		Author: engine, Kind: monitor.CommentDowntime, Downtime: t.ID,
		Text: fmt.Sprintf("In downtime from %s to %s by %s: %s", stamp(t.Start), stamp(t.End), t.Author, t.Comment),
	}, d)
	if t.Start <= c.now {
		c.beginDowntime(id, t.ID, d)
	}
}

// stamp writes a time as people read it.
func stamp(t monitor.Time) string { return t.Std().Format("2006-01-02 15:04:05") }

func (c *Core) keepDowntime(id monitor.ID, t *monitor.Downtime, d *Decisions) {
	c.downtimes.put(id, t.ID, t)
	d.Broks = append(d.Broks, monitor.Brok{Kind: monitor.BrokDowntime, Time: c.now, Shard: c.inv.Shard, Downtime: t})
}

// beginDowntime lets a downtime take effect. Nobody is told about the object from now on, nor about the services of a
// host.
func (c *Core) beginDowntime(id monitor.ID, number uint64, d *Decisions) {
	t := *c.downtimes.byID[number]
	t.Began = c.now
	c.keepDowntime(id, &t, d)
	c.standing[id].depth++
	c.changed(monitor.BrokState, id, "DOWNTIME ALERT: "+t.Ref.String()+";STARTED", d)
}

// endDowntime takes a downtime away, whether it has begun or not, and its comment.
func (c *Core) endDowntime(id monitor.ID, number uint64, how string, d *Decisions) {
	t := c.downtimes.take(id, number)
	for _, note := range c.comments.on(id) {
		if note.Downtime == number {
			c.dropComment(id, note.ID, d)
		}
	}
	gone := &monitor.Downtime{ID: t.ID, Ref: t.Ref}
	d.Broks = append(d.Broks, monitor.Brok{
		Kind: monitor.BrokDowntimeGone, Time: c.now, Shard: c.inv.Shard, Downtime: gone, Text: how,
	})
	if t.Began != 0 && c.standing[id].depth > 0 {
		c.standing[id].depth--
		c.changed(monitor.BrokState, id, "DOWNTIME ALERT: "+t.Ref.String()+";"+how, d)
	}
}

// tickDowntimes begins and ends what is due.
func (c *Core) tickDowntimes(d *Decisions) {
	for number, ok := c.agenda.due(c.now); ok; number, ok = c.agenda.due(c.now) {
		t := c.downtimes.byID[number]
		if t == nil {
			continue // cancelled
		}
		id, _ := c.find(t.Ref)
		switch {
		case t.End <= c.now:
			c.endDowntime(id, number, "STOPPED", d)
		case t.Began == 0 && t.Start <= c.now:
			c.beginDowntime(id, number, d)
		}
	}
}

// recountDowntimes sets the depth of every object and the agenda from the downtimes themselves.
func (c *Core) recountDowntimes() {
	for id := range c.standing {
		c.standing[id].depth = 0
	}
	c.agenda = nil
	for id, numbers := range c.downtimes.of {
		for _, number := range numbers {
			t := c.downtimes.byID[number]
			if t.Began != 0 {
				c.standing[id].depth++
			} else {
				c.agenda.add(t.Start, number)
			}
			c.agenda.add(t.End, number)
		}
	}
}
