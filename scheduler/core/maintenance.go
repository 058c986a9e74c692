package core

import (
	"cmp"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/calendar"
)

// Maintenance is Shinken's maintenance_period: a downtime is entered by itself for each stretch of it (scheduler.py,
// update_maintenance_downtimes). One that somebody cancels does not come again before the next stretch.

// planMaintenance has all objects looked at that have a maintenance period or are in a downtime because of one. The
// downtimes themselves say after a restart what was entered before it.
func (c *Core) planMaintenance() {
	for id, numbers := range c.downtimes.of {
		for _, number := range numbers {
			if c.downtimes.byID[number].Maintenance {
				c.agenda.add(c.now, aboutMaintenance, uint64(id))
			}
		}
	}
	if !c.maintains {
		return
	}
	for id := range monitor.ID(c.inv.Objects()) {
		if c.inv.Policy(id).MaintenancePeriod != monitor.None {
			c.agenda.add(c.now, aboutMaintenance, uint64(id))
		}
	}
}

// maintains says whether any object of an inventory may have a maintenance period.
func maintains(inv *monitor.Inventory) bool {
	for i := range inv.Policies {
		if inv.Policies[i].MaintenancePeriod != monitor.None {
			return true
		}
	}
	return false
}

// lookAtMaintenance brings an object's downtime in line with its maintenance period, and notes when that changes next.
func (c *Core) lookAtMaintenance(id monitor.ID, d *Decisions) {
	have, end := c.maintenanceOf(id), c.stretch(id)
	switch {
	case end == 0 && have != nil:
		c.endDowntime(id, have.ID, "STOPPED", d)
	case end != 0 && have == nil && c.maintained[id] != end:
		name := c.inv.Timeperiods[c.inv.Policy(id).MaintenancePeriod].Name
		c.schedule(id, monitor.Downtime{
			Start: c.now, End: end, Fixed: true, Duration: end.Sub(c.now), Maintenance: true,
			Author: engine, Comment: "maintenance period " + name,
		}, d)
	case end != 0 && have != nil && have.End != end:
		t := *have
		t.End, t.Duration = end, end.Sub(t.Start)
		c.keepDowntime(id, &t, d)
	}
	if end != 0 {
		c.maintained[id] = end
		c.agenda.add(end, aboutMaintenance, uint64(id))
	} else if period := c.inv.Policy(id).MaintenancePeriod; period != monitor.None {
		next := cmp.Or(c.periods[period].Next(c.now), c.now.Add(calendar.Horizon))
		c.agenda.add(next, aboutMaintenance, uint64(id))
	}
}

// maintenanceOf gives the downtime that the engine entered for an object, or nil.
func (c *Core) maintenanceOf(id monitor.ID) *monitor.Downtime {
	for _, t := range c.downtimes.on(id) {
		if t.Maintenance {
			return t
		}
	}
	return nil
}

// stretch gives the end of an object's present stretch of maintenance; 0 if there is none. One without an end is taken up
// to the horizon, and then again.
func (c *Core) stretch(id monitor.ID) monitor.Time {
	period := c.inv.Policy(id).MaintenancePeriod
	if period == monitor.None || !c.in(period, c.now) {
		return 0
	}
	if end := c.periods[period].Until(c.now); end != 0 {
		return end
	}
	if have := c.maintenanceOf(id); have != nil && have.End > c.now {
		return have.End
	}
	return c.now.Add(calendar.Horizon)
}
