package core

import (
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/timetable"
)

// What is done for an object needs a dozen rows that lie far apart, and waiting for memory, row after row, would be a
// tenth of a check's cost. So the rows of some objects are touched in a short loop before their turn comes: the processor
// then fetches them side by side.

// warmth is how many objects are touched together: their rows fit into the caches close to the processor.
const warmth = 64

// warmDue touches what fire reads.
func (c *Core) warmDue(due []timetable.Due) {
	touched := 0
	for i := range due[:min(len(due), warmth)] {
		id := due[i].Item
		touched += int(c.run[id].flags) + int(c.standing[id].State) + len(c.inv.Hosts[c.inv.HostOf(id)].Name)
	}
	c.touched = touched
}

// warmResults touches what apply reads. Objects that are not of the inventory are somebody's mistake.
func (c *Core) warmResults(results []monitor.Result) {
	touched := 0
	for i := range results[:min(len(results), warmth)] {
		id := results[i].Object
		if id >= c.edge {
			continue
		}
		host := c.inv.HostOf(id)
		touched += int(c.run[id].seq) + int(c.standing[id].State) + int(c.past.index[id]) +
			int(c.times[id].check) + int(c.times[id].fine) + int(c.standing[host].State) + int(c.times[host].check) +
			int(c.pulses[host].last)
		if output := c.text[id]; output != "" {
			touched += int(output[0])
		}
	}
	c.touched = touched
}
