package core

import "github.com/onbu/onbu/monitor"

// HeardSince adds a BrokHeard for each object whose last result was passive and came at that time or later: for a journal
// that has to hold once more what no snapshot was made of.
func (c *Core) HeardSince(since monitor.Time, d *Decisions) {
	for id := range monitor.ID(c.inv.Objects()) {
		if c.standing[id].check != monitor.Passive || c.times[id].check == 0 || c.times[id].update < since {
			continue
		}
		s := d.status()
		c.fill(id, s)
		d.Broks = append(d.Broks, monitor.Brok{Kind: monitor.BrokHeard, Time: c.now, Shard: c.inv.Shard, Status: s})
	}
}
