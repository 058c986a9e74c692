package core

import (
	"maps"

	"github.com/onbu/onbu/monitor"
)

// overlay gives what an object is shown as that suffers without having failed itself.
func (c *Core) overlay(id monitor.ID) monitor.State {
	if c.isAnyHost(id) {
		return monitor.Unreachable
	}
	return monitor.Unknown
}

// noteShown keeps since when a root problem has an object shown as UNREACHABLE or UNKNOWN: the times of its own state know nothing
// of that. It stays when the object's own check comes to the same, since nobody sees a difference.
func (c *Core) noteShown(id monitor.ID, is marks) {
	switch {
	case id >= c.edge:
	case is&overlaid != 0:
		if _, known := c.shownSince[id]; !known {
			c.shownSince[id] = c.now
		}
	case len(c.shownSince) > 0:
		c.forgetShown(id)
	}
}

// forgetShown drops it once the object is shown as something else, and the owner before had not told otherwise.
func (c *Core) forgetShown(id monitor.ID) {
	if c.standing[id].State != c.overlay(id) && c.borders.parts[id]&overlaid == 0 {
		delete(c.shownSince, id)
	}
}

// takeShown empties what noteShown keeps, while everything is worked out anew.
func (c *Core) takeShown() map[monitor.ID]monitor.Time {
	was := c.shownSince
	c.shownSince = make(map[monitor.ID]monitor.Time)
	return was
}

// keepShown ends what takeShown began. What was shown so before is so since then; what the owner before kept no time of is since its
// root problems were found.
func (c *Core) keepShown(was map[monitor.ID]monitor.Time) {
	for id := range c.shownSince {
		if _, known := was[id]; !known {
			c.shownSince[id] = min(c.now, max(c.times[id].change, c.lastFound(c.suffering.from[id])))
		}
	}
	maps.Copy(c.shownSince, was)
	c.dropShown()
}

// dropShown forgets what is not so any more.
func (c *Core) dropShown() {
	for id := range c.shownSince {
		if c.standing[id].marks&overlaid == 0 {
			c.forgetShown(id)
		}
	}
}

// shownAt gives since when an object is shown as it is, if its own times do not say it; else 0.
func (c *Core) shownAt(id monitor.ID) monitor.Time {
	if len(c.shownSince) == 0 || c.effective(id) != c.overlay(id) {
		return 0
	}
	return c.shownSince[id]
}
