package core

import (
	"github.com/onbu/onbu/monitor"
)

// While nobody tells of a border host, since this shard or that one has another owner, what fails behind it is believed to suffer
// from it, and nobody is told. What would have been done meanwhile is made up for when somebody tells, or when the wait for that is over.

// endSilence has hosts behind a border host looked at that are not UP, once that one is UP or counts as such. They may be
// found again, or be a problem of their own that was kept from people. What cannot be looked at is told of as it is.
func (c *Core) endSilence(id monitor.ID, d *Decisions) {
	for _, host := range c.behindBorder(id) {
		switch {
		case c.isUp(host) || c.run[host].flags.has(held):
		case c.askable(host):
			c.ask(host, d)
		case c.standing[host].marks&problem != 0:
			c.notify(host, d)
		}
	}
}

// keepParts remembers what part in problems objects had with the owner before, as the journal has it and people see it. The
// border hosts that it follows from are not known yet.
func (c *Core) keepParts() {
	c.borders.parts = nil
	if len(c.borders.rows) == 0 {
		return
	}
	for id := range c.edge {
		if is := c.standing[id].marks; is != 0 {
			if c.borders.parts == nil {
				c.borders.parts = make(map[monitor.ID]marks)
			}
			c.borders.parts[id] = is
		}
	}
}

// sayParts tells of objects whose part in problems is another than with the owner before, once no border host is waited for any more.
// Told at once, all that stands behind a problem elsewhere would be seen to come back for the moment until somebody tells of it.
func (c *Core) sayParts(d *Decisions) {
	if len(c.borders.parts) == 0 {
		return
	}
	for n := range c.borders.rows {
		if c.faint(c.edge + monitor.ID(n)) {
			return
		}
	}
	c.tellParts(d)
}

// tellParts tells of them now.
func (c *Core) tellParts(d *Decisions) {
	for id := range c.edge {
		if was, kept := c.borders.parts[id]; kept && c.standing[id].marks != was {
			c.changed(monitor.BrokState, id, "", d)
		}
	}
	c.borders.parts = nil
	c.dropShown()
}
