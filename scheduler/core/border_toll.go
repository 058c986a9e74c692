package core

import (
	"maps"
	"slices"
	"time"

	"github.com/onbu/onbu/monitor"
)

// What suffers here from a root problem of another shard is told to that shard: a person who looks at the problem sees all of
// its impacts, and it is worth as much as the highest of them.

// tollDelay gathers what happens to many objects one after the other.
const tollDelay = time.Second

// toll is what another shard said of what suffers there from a root problem of this one.
type toll struct {
	monitor.BorderToll
	at monitor.Time
}

// owed is what the owner of a root problem was last told of its impacts here.
type owed struct {
	home  monitor.Shard
	root  monitor.Ref
	count int
	worth int8
	at    monitor.Time
}

// noteToll notes that what suffers from root problems of other shards is not what it was.
func (c *Core) noteToll(roots []monitor.ID) {
	if len(c.borders.rows) == 0 || !slices.ContainsFunc(roots, c.isElsewhere) {
		return
	}
	c.planTolls(c.now.Add(tollDelay))
}

// isElsewhere says whether a number stands for something that is no object of this shard.
func (c *Core) isElsewhere(id monitor.ID) bool { return id >= c.edge }

// payTolls tells the owners of root problems what suffers from them here, if that is news to them, or has not been said for
// a while.
func (c *Core) payTolls(d *Decisions) {
	b := &c.borders
	if b.tollAt > c.now {
		return // that was for an earlier plan
	}
	b.tollAt = 0
	for _, id := range slices.Sorted(maps.Keys(c.suffering.roots)) {
		home, known := c.homeOf(id)
		if !known || home == c.inv.Shard {
			continue
		}
		r := c.suffering.roots[id]
		is := owed{home, c.refOf(id), len(r.impacts), r.worth, c.now}
		was, said := b.owed[id]
		if said && is.count == was.count && is.worth == was.worth && was.at.Add(askEvery) > c.now {
			continue
		}
		if b.owed == nil {
			b.owed = make(map[monitor.ID]owed)
		}
		b.owed[id] = is
		c.payToll(id, is, d)
	}
	for _, id := range slices.Sorted(maps.Keys(b.owed)) {
		if was := b.owed[id]; c.suffering.roots[id] == nil {
			was.count = 0
			delete(b.owed, id)
			c.payToll(id, was, d)
		}
	}
	if len(b.owed) > 0 {
		c.planTolls(c.now.Add(askEvery))
	}
}

func (c *Core) payToll(id monitor.ID, is owed, d *Decisions) {
	t := monitor.BorderToll{Root: is.root, Shard: c.inv.Shard, Count: uint32(is.count), Worth: is.worth}
	if is.count > 0 {
		for _, i := range first(slices.Sorted(maps.Keys(c.suffering.roots[id].impacts)), mostShown) {
			t.Some = append(t.Some, c.refOf(i))
		}
	}
	d.BorderTolls = append(d.BorderTolls, Letter[monitor.BorderToll]{is.home, t})
}

// planTolls has that done at a moment, if it is not to be done before.
func (c *Core) planTolls(at monitor.Time) {
	if b := &c.borders; b.tollAt == 0 || at < b.tollAt {
		b.tollAt = at
		c.agenda.add(at, aboutTolls, 0)
	}
}

// TakeTolls takes what other shards say of what suffers there from root problems of this one. What is kept of the strings
// is copied.
func (c *Core) TakeTolls(now monitor.Time, tolls []monitor.BorderToll, d *Decisions) {
	c.enter(now)
	for i := range tolls {
		t := &tolls[i]
		id, ok := c.find(t.Root)
		if !ok || t.Shard == c.inv.Shard || int(t.Shard) >= max(c.inv.Shards, 1) {
			continue
		}
		before := c.worth(id)
		c.takeToll(id, t)
		if c.worth(id) != before {
			c.changed(monitor.BrokState, id, "", d)
		}
	}
	c.leave(d)
}

func (c *Core) takeToll(id monitor.ID, t *monitor.BorderToll) {
	b := &c.borders
	if b.tolls == nil {
		b.tolls = make(map[monitor.ID][]toll)
	}
	all := slices.DeleteFunc(b.tolls[id], func(old toll) bool { return old.Shard == t.Shard || old.at.Add(toldAge) < c.now })
	own := toll{*t, c.now}
	own.Root, own.Some = monitor.Ref{}, nil
	for _, ref := range first(t.Some, mostShown) {
		own.Some = append(own.Some, ownRef(ref))
	}
	b.tolls[id] = append(all, own)
}

// tollsOf gives what other shards said of a root problem lately.
func (c *Core) tollsOf(id monitor.ID) (all []toll) {
	if len(c.borders.tolls) == 0 || c.standing[id].marks&problem == 0 {
		return nil
	}
	for _, t := range c.borders.tolls[id] {
		if t.at.Add(toldAge) >= c.now && t.at >= c.times[id].hardChange {
			all = append(all, t)
		}
	}
	return all
}

// worthElsewhere gives the highest business impact of what suffers from a root problem in other shards: as they say or, until
// they do, of what stands behind it there.
func (c *Core) worthElsewhere(id monitor.ID) (worth int8) {
	tolls := c.tollsOf(id)
	for _, t := range tolls {
		if t.Count > 0 {
			worth = max(worth, t.Worth)
		}
	}
	w := c.borders.watched[id]
	if w == nil || !c.inv.Options.ImpactStates {
		return worth
	}
	for _, o := range w.askers {
		if !o.fixed && o.until < c.now {
			continue // nothing stands behind it there any more
		}
		if !slices.ContainsFunc(tolls, func(t toll) bool { return t.Shard == o.shard }) {
			worth = max(worth, o.worth)
		}
	}
	return worth
}
