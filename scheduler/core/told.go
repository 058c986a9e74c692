package core

import (
	"slices"

	"github.com/onbu/onbu/monitor"
)

// maxTold is how many notifications about one problem are remembered, unless more contacts were told.
const maxTold = 64

// noteTelling remembers who was told. Of a problem that lasts for months the oldest go, but never the first of all, from
// which escalations by time count, nor the last that says that a contact was told of it: those are told of its end.
func (c *Core) noteTelling(id monitor.ID, t monitor.Telling) {
	list := append(c.told[id], t)
	if len(list) > maxTold {
		if i := superseded(list); i >= 0 {
			list = slices.Delete(list, i, i+1)
		}
	}
	c.told[id] = list
}

// superseded gives the index of the oldest notification, but for the first of all, after which its contact was told
// the same again; -1 if there is none.
func superseded(list []monitor.Telling) int {
	type telling struct{ contact, kind string }
	first, oldest, later := firstProblem(list), -1, make(map[telling]bool, len(list))
	for i := len(list) - 1; i > first; i-- {
		t := telling{list[i].Contact, list[i].Type}
		if later[t] {
			oldest = i
		}
		later[t] = true
	}
	return oldest
}

// firstProblem gives the index of the first notification of the problem itself; -1 if there is none.
func firstProblem(list []monitor.Telling) int {
	return slices.IndexFunc(list, func(t monitor.Telling) bool { return t.Type == "PROBLEM" })
}

// wasTold says whether a contact was told of the problem.
func (c *Core) wasTold(id monitor.ID, contact string) bool {
	return slices.ContainsFunc(c.told[id], func(t monitor.Telling) bool {
		return t.Contact == contact && t.Type == "PROBLEM"
	})
}

// toldSince gives when people were told of the problem first; never if they were not.
func (c *Core) toldSince(id monitor.ID) monitor.Time {
	list := c.told[id]
	if i := firstProblem(list); i >= 0 {
		return list[i].Time
	}
	return 0
}

// toldLast gives when people were told of the problem last.
func (c *Core) toldLast(id monitor.ID) monitor.Time {
	last := monitor.Time(0)
	for _, t := range c.told[id] {
		if t.Type == "PROBLEM" {
			last = max(last, t.Time)
		}
	}
	return last
}
