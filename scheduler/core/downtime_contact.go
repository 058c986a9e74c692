package core

import (
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// A contact's downtime (Shinken): from start to end the contact is told of nothing. Each shard keeps its own copy, under
// the same number.

// obeyContactDowntime enters and cancels downtimes of contacts.
func (c *Core) obeyContactDowntime(r *command.Request, d *Decisions) (bool, error) {
	switch r.Name {
	case "SCHEDULE_CONTACT_DOWNTIME":
		return true, c.scheduleContact(r, d)
	case "DEL_CONTACT_DOWNTIME":
		number := uint64(r.Int(0))
		if c.away[number] == nil {
			return true, fmt.Errorf("no contact has a downtime %d", number)
		}
		c.endContactDowntime(number, "CANCELLED", d)
		return true, nil
	}
	return false, nil
}

func (c *Core) scheduleContact(r *command.Request, d *Decisions) error {
	t := monitor.Downtime{
		Contact: r.Text(0), Start: r.Moment(1), End: r.Moment(2), Fixed: true, Author: r.Text(3), Comment: r.Text(4), Entered: c.now,
	}
	t.Duration = t.End.Sub(t.Start)
	t.ID = contactDowntimeID(&t)
	switch _, known := c.contacts[t.Contact]; {
	case !known:
		return fmt.Errorf("there is no contact %q", t.Contact)
	case c.away[t.ID] != nil:
		return errors.New("the contact has this very downtime already")
	}
	if err := c.checkSpan(&t); err != nil {
		return err
	}
	c.keepContactDowntime(&t, d)
	c.lookAtContactDowntime(t.ID, d)
	return nil
}

// contactDowntimeID names a downtime by what it says, so that all shards give it the same number without a word between
// them. It has 53 bits: JSON readers take numbers for floats.
func contactDowntimeID(t *monitor.Downtime) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%d\x00%d\x00%s\x00%s", t.Contact, t.Start, t.End, t.Author, t.Comment)
	return max(h.Sum64()&(1<<53-1), 1)
}

func (c *Core) keepContactDowntime(t *monitor.Downtime, d *Decisions) {
	c.away[t.ID] = t
	c.agenda.add(nextOf(t), aboutContactDowntime, t.ID)
	d.Broks = append(d.Broks, monitor.Brok{
		Kind: monitor.BrokContactDowntime, Time: c.now, Shard: c.inv.Shard, Downtime: t,
	})
}

// lookAtContactDowntime begins or ends a contact's downtime if it is time.
func (c *Core) lookAtContactDowntime(number uint64, d *Decisions) {
	old := c.away[number]
	switch {
	case old == nil || nextOf(old) > c.now:
	case old.Began != 0 || old.End <= c.now:
		c.endContactDowntime(number, "STOPPED", d)
	default:
		t := *old
		t.Began = c.now
		c.keepContactDowntime(&t, d)
		c.log(d, "CONTACT DOWNTIME ALERT: %s;STARTED; Contact has entered a period of scheduled downtime", t.Contact)
	}
}

func (c *Core) endContactDowntime(number uint64, how string, d *Decisions) {
	t := c.away[number]
	delete(c.away, number)
	d.Broks = append(d.Broks, monitor.Brok{
		Kind: monitor.BrokContactDowntimeGone, Time: c.now, Shard: c.inv.Shard, Text: how,
		Downtime: &monitor.Downtime{ID: number, Contact: t.Contact},
	})
	switch {
	case t.Began == 0:
	case how == "CANCELLED":
		c.log(d, "CONTACT DOWNTIME ALERT: %s;CANCELLED; Scheduled downtime for contact has been cancelled", t.Contact)
	default:
		c.log(d, "CONTACT DOWNTIME ALERT: %s;STOPPED; Contact has exited from a period of scheduled downtime", t.Contact)
	}
}

// isAway says whether a contact is in a downtime.
func (c *Core) isAway(contact string) bool {
	for _, t := range c.away {
		if t.Contact == contact && t.Began != 0 {
			return true
		}
	}
	return false
}

// contactDowntimes gives those of all contacts, sorted by number.
func (c *Core) contactDowntimes() []monitor.Downtime {
	var all []monitor.Downtime
	for _, number := range slices.Sorted(maps.Keys(c.away)) {
		all = append(all, *c.away[number])
	}
	return all
}

// shelveContactDowntime takes over one from a snapshot or a journal.
func (c *Core) shelveContactDowntime(t *monitor.Downtime) {
	own := *t
	c.away[t.ID] = &own
}

// forgetContacts drops the downtimes of contacts that are gone from the configuration.
func (c *Core) forgetContacts(d *Decisions) {
	for _, t := range c.contactDowntimes() {
		if _, known := c.contacts[t.Contact]; !known {
			c.endContactDowntime(t.ID, "CANCELLED", d)
		}
	}
}
