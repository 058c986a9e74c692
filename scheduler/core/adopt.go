package core

import (
	"fmt"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/timetable"
)

// Adopt exchanges the configuration. States, next checks, downtimes and comments are kept by name; what is gone is
// forgotten, with broks that say so for its downtimes and comments. Answers to jobs that are out still count for objects
// that kept their ID; the others are checked again. On an error nothing has changed.
func (c *Core) Adopt(now monitor.Time, inv *monitor.Inventory, d *Decisions) error {
	k, err := compile(inv)
	if err != nil {
		return fmt.Errorf("adopting inventory %d: %w", inv.Generation, err)
	}
	if inv.Shard != c.inv.Shard || max(inv.Shards, 1) != max(c.inv.Shards, 1) {
		return fmt.Errorf("adopting inventory %d: it is for shard %d of %d, this is %d of %d",
			inv.Generation, inv.Shard, inv.Shards, c.inv.Shard, c.inv.Shards)
	}
	c.enter(now)
	c.tellParts(d)
	old := *c
	c.program = merge(c.program, c.inv.Options.Program, inv.Options.Program)
	program := c.program
	c.compiled, c.tables = k, newTables(k.rows())
	c.wheel = timetable.New(inv.Objects(), c.now)
	c.told = make(map[monitor.ID][]monitor.Telling)
	c.pulses, c.snapped = pulses(k), make(map[monitor.ID]monitor.Time)
	c.maintained = make(map[monitor.ID]monitor.Time)
	c.ackUntil, c.shownSince = make(map[monitor.ID]monitor.Time), make(map[monitor.ID]monitor.Time)
	c.lastPerfdata = make(map[monitor.ID]string)
	c.post = post{begun: c.post.begun}
	c.beginBorders()
	c.rowsChanged(&old, d)
	c.moveRows(&old)
	c.moveNotes(&old, d)
	c.releaseTriggered(d)
	c.forgetContacts(d)
	c.planAgenda()
	c.moveHeld(&old)
	c.moveReturns(&old)
	c.moveBorders(&old)
	c.moveSuspects(&old)
	c.bindRules()
	c.bindReaders()
	c.seat()
	c.movePost(&old)
	c.planSources()
	c.planBorders()
	for _, id := range c.reassess() {
		c.changed(monitor.BrokState, id, "", d)
	}
	if program != old.program {
		d.Broks = append(d.Broks, monitor.Brok{
			Kind: monitor.BrokProgram, Time: c.now, Shard: inv.Shard, Program: &program,
		})
	}
	c.leave(d)
	return nil
}

// moveRows fills the tables and the wheel from the old ones. What is new is looked at soon, as after Begin.
func (c *Core) moveRows(old *Core) {
	fresh := old.highestSeq()
	var newcomers []monitor.ID
	for id := range monitor.ID(c.inv.Objects()) {
		was, ok := old.find(c.inv.Ref(id))
		if !ok {
			c.initial(id)
			c.run[id].seq = fresh
			newcomers = append(newcomers, id)
			continue
		}
		c.copyRow(id, &old.tables, was)
		if tellings := old.told[was]; tellings != nil {
			c.told[id] = tellings
		}
		if perfdata, ok := old.lastPerfdata[was]; ok {
			c.lastPerfdata[id] = perfdata
		}
		if until := old.ackUntil[was]; until != 0 {
			c.ackUntil[id] = until
		}
		if end, ok := old.maintained[was]; ok {
			c.maintained[id] = end
		}
		if taken, ok := old.snapped[was]; ok {
			c.snapped[id] = taken
		}
		if since, ok := old.shownSince[was]; ok {
			c.shownSince[id] = since
		}
		c.adjust(id, old.inv.Policy(was))
		c.relay(id, was, old, fresh)
	}
	spread := firstSpread(len(newcomers))
	for _, id := range newcomers {
		c.first(id, spread)
	}
}

// adjust brings what the configuration decides up to date.
func (c *Core) adjust(id monitor.ID, was *monitor.Policy) {
	p, s := c.inv.Policy(id), &c.standing[id]
	s.Max = max(p.MaxAttempts, 1)
	s.Attempt = min(s.Attempt, s.Max)
	s.switches = p.Switches&^s.modified | s.switches&s.modified
	r := &c.run[id]
	if p.CheckInterval != was.CheckInterval || p.CheckPeriod != was.CheckPeriod {
		r.next = c.regular(id, c.interval(id), c.now)
	}
}

// relay puts an object that was there before into the new wheel. Sequence numbers of objects whose ID changed go on above
// all others, so that no answer to an old job can be taken for theirs.
func (c *Core) relay(id, was monitor.ID, old *Core, fresh uint32) {
	r := &c.run[id]
	if id == was && r.flags.has(inFlight) {
		deadline, _ := old.wheel.At(was)
		c.wheel.Set(id, deadline)
		return
	}
	if id != was {
		r.seq = fresh
	}
	if r.flags.has(inFlight) {
		r.flags = r.flags&^(inFlight|stale) | pinned
		r.next = c.now
	}
	c.lay(id)
}

// highestSeq gives a sequence number above all that were issued.
func (c *Core) highestSeq() uint32 {
	highest := uint32(0)
	for i := range c.run {
		highest = max(highest, c.run[i].seq)
	}
	return highest + 1
}

// moveNotes takes downtimes and comments over and tells of those whose object is gone.
func (c *Core) moveNotes(old *Core, d *Decisions) {
	c.downtimes, c.comments = newDowntimes(), newComments()
	for _, t := range old.downtimes.all() {
		if id, ok := c.find(t.Ref); ok {
			c.downtimes.put(id, t.ID, old.downtimes.byID[t.ID])
			continue
		}
		d.Broks = append(d.Broks, monitor.Brok{
			Kind: monitor.BrokDowntimeGone, Time: c.now, Shard: c.inv.Shard,
			Downtime: &monitor.Downtime{ID: t.ID, Ref: t.Ref},
		})
	}
	for _, note := range old.comments.all() {
		if id, ok := c.find(note.Ref); ok {
			c.comments.put(id, note.ID, old.comments.byID[note.ID])
			continue
		}
		d.Broks = append(d.Broks, monitor.Brok{
			Kind: monitor.BrokCommentGone, Time: c.now, Shard: c.inv.Shard,
			Comment: &monitor.Comment{ID: note.ID, Ref: note.Ref},
		})
	}
}
