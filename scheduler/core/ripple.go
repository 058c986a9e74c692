package core

import (
	"cmp"
	"maps"
	"slices"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/verdict"
)

// touches says whether a verdict may change what an object is to others. While there are problems that goes for each
// time that a host without a check command is assumed to be UP: the last that it said of itself does not count any more.
func (c *Core) touches(id monitor.ID, was, is verdict.Standing) bool {
	if len(c.suffering.roots) > 0 && c.run[id].module == assumedModule {
		return true
	}
	if was.State == monitor.Pending && is.State == monitor.OK && c.isQuiet(id) {
		return false
	}
	return is.State != was.State || is.Type != was.Type || is.HostProblem != was.HostProblem ||
		c.standing[id].marks&impact != 0
}

// isQuiet says whether there are no problems at all, and nothing that might tell an object that was never checked from
// one that is OK.
func (c *Core) isQuiet(id monitor.ID) bool {
	return len(c.suffering.roots) == 0 && c.standing[id].marks == 0 &&
		len(c.ties.ofMaster.of(id)) == 0 && len(c.ties.ofParent.of(id)) == 0
}

// moved is an object whose marks changed, with what they were.
type moved struct {
	id   monitor.ID
	was  marks
	from []monitor.ID
}

// ripple follows a change of an object's state down to all that stand on it. Those that become or cease to be part of a
// problem each get a brok with their new status; the object itself gets it from whoever changed it.
func (c *Core) ripple(id monitor.ID, d *Decisions) {
	c.noteNews(id)
	c.follows(c.spread([]monitor.ID{id}), id, d)
}

// rippleRules follows what happened to the members of business rules, once for all that a call brought.
func (c *Core) rippleRules(d *Decisions) {
	for range mostChanges {
		rules := c.rulesToAssess()
		if len(rules) == 0 {
			return
		}
		c.follows(c.spread(rules), monitor.NoID, d)
	}
}

// rulesToAssess takes the business rules out that have to be assessed, members before the rules over them.
func (c *Core) rulesToAssess() []monitor.ID {
	if len(c.suffering.rules) == 0 {
		return nil
	}
	rules := slices.SortedFunc(maps.Keys(c.suffering.rules), func(a, b monitor.ID) int {
		return cmp.Compare(c.rules.at[a], c.rules.at[b])
	})
	clear(c.suffering.rules)
	return rules
}

// follows tells of what changed, but for the object that it came from.
func (c *Core) follows(all []moved, id monitor.ID, d *Decisions) {
	for _, m := range all {
		s := &c.standing[m.id]
		if m.id == id || m.was == s.marks && slices.Equal(m.from, c.suffering.from[m.id]) {
			continue
		}
		if m.id >= c.edge {
			c.wake(m.id)
			continue
		}
		c.changed(monitor.BrokState, m.id, "", d)
		if m.was&impact != 0 && s.marks&impact == 0 && c.isProblem(m.id) && c.rootFirst() && c.askable(m.id) && !c.leans(m.id) {
			c.ask(m.id, d)
		}
		c.wake(m.id)
	}
}

// mostChanges ends what would go round for ever where things stand on each other in a circle over ties of several kinds.
const mostChanges = 100

// spread assesses objects and, as far as that changes anything, those that stand on them, and gives those that changed
// in the order in which they first did. What stands on the first objects themselves is assessed in any case.
func (c *Core) spread(first []monitor.ID) []moved {
	var all []moved
	w := c.work.begin(first)
	for v, ok := w.next(); ok; v, ok = w.next() {
		id := v.id
		before, had := moved{id, c.standing[id].marks, c.suffering.from[id]}, c.suffering.roots[id]
		changed := c.assess(id)
		if changed {
			if v.changes++; v.changes == 1 {
				all = append(all, before)
			}
			if v.changes <= mostChanges {
				c.noteRulesOver(id)
			}
		}
		tired := v.changes > mostChanges
		w.below = c.followAt(w.below[:0], id)
		w.add(w.below...)
		if w.done > len(first) && !changed || tired {
			continue
		}
		w.below = c.below(w.below[:0], id)
		w.add(w.below...)
		if had != nil && c.suffering.roots[id] == nil {
			w.add(c.notRules(slices.Sorted(maps.Keys(had.impacts)))...)
		}
	}
	return all
}

// notRules leaves the business rules out, which are noted.
func (c *Core) notRules(ids []monitor.ID) []monitor.ID {
	return slices.DeleteFunc(ids, func(id monitor.ID) bool {
		_, is := c.rules.at[id]
		if is {
			c.suffering.rules[id] = true
		}
		return is
	})
}

// noteRulesOver notes the rules that an object is a member of.
func (c *Core) noteRulesOver(id monitor.ID) {
	for _, n := range c.rules.over[id] {
		c.suffering.rules[c.rules.list[n].id] = true
	}
}

// reassess works everything out from the states, as after a restart or a reload, and gives the objects that are other than before.
func (c *Core) reassess() []monitor.ID {
	before := make(map[monitor.ID]marks)
	var failing []monitor.ID
	for id := range monitor.ID(len(c.standing)) {
		s := &c.standing[id]
		if s.marks != 0 {
			before[id], s.marks = s.marks, 0
		}
		if c.isProblem(id) {
			failing = append(failing, id)
		}
	}
	c.suffering = newSuffering()
	shown := c.takeShown()
	c.raiseAll()
	c.raiseNamed()
	for range mostChanges {
		for _, m := range c.spread(failing) {
			if _, ok := before[m.id]; !ok {
				before[m.id] = 0
			}
		}
		if failing = c.rulesToAssess(); len(failing) == 0 {
			break
		}
	}
	for n := range uint32(len(c.post.sources)) {
		if c.revisit(n) {
			for _, m := range c.spread(c.leanersOn(nil, n)) {
				if _, ok := before[m.id]; !ok {
					before[m.id] = m.was
				}
			}
		}
	}
	c.keepShown(shown)
	maps.DeleteFunc(before, func(id monitor.ID, was marks) bool { return id >= c.edge || c.standing[id].marks == was })
	return slices.Sorted(maps.Keys(before))
}
