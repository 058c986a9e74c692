package core

import (
	"time"

	"github.com/onbu/onbu/monitor"
)

// Owners of border hosts are asked for them every askEvery, and all that they say counts for toldAge. Between that they tell of
// each result. So a lost message costs some seconds at most, and one that comes late is known for old by its number.

const (
	// unheardEvery is how often border hosts are asked for of which nothing is known.
	unheardEvery = 2 * time.Second
	// pressEvery is how often the owner of a border host is asked again to look at it while something waits for that.
	pressEvery = 2 * time.Second
)

// Letter is a message for the owner of another shard.
type Letter[T any] struct {
	To   monitor.Shard
	What T
}

// pressure is how a border host is wanted to be looked at.
type pressure struct {
	since monitor.Time // when its owner was asked to look without having looked since; 0 if it was not
	last  monitor.Time // when it was last asked to
	check monitor.Time // its last check then
	again bool         // the agenda has when to ask once more
}

// askBorder asks for all border hosts, and does so again after a while.
func (c *Core) askBorder(d *Decisions) {
	next := askEvery
	c.borders.asking = true
	for n := range c.borders.rows {
		if c.borders.rows[n].told == 0 && c.now < c.borders.rows[n].begun.Add(toldAge) {
			next = unheardEvery
		}
		c.inquireBorder(n, false, d)
	}
	c.agenda.add(c.now.Add(next), aboutBorders, 0)
}

func (c *Core) inquireBorder(n int, look bool, d *Decisions) {
	h, row := &c.inv.Border[n], &c.borders.rows[n]
	d.BorderInquiries = append(d.BorderInquiries, Letter[monitor.BorderInquiry]{h.Shard, monitor.BorderInquiry{
		Host: h.Name, Shard: c.inv.Shard, Look: look, Behind: row.behind, Worth: row.worth,
	}})
}

// press has a border host looked at by its owner. While that is on its way nothing more is asked; an answer that brought no
// newer check gives reason to ask again only after a while.
func (c *Core) press(n int, d *Decisions) {
	row := &c.borders.rows[n]
	p := &row.pressure
	soon := p.last != 0 && c.now < p.last.Add(pressEvery)
	if soon && (p.since != 0 || row.state.Check <= p.check) {
		c.pressAgain(n)
		return
	}
	p.last, p.check = c.now, row.state.Check
	if p.since == 0 {
		p.since = c.now
	}
	c.inquireBorder(n, true, d)
	c.pressAgain(n)
}

// pressAgain notes that a border host may have to be asked for once more.
func (c *Core) pressAgain(n int) {
	if p := &c.borders.rows[n].pressure; !p.again {
		p.again = true
		c.agenda.add(p.last.Add(pressEvery), aboutPress, uint64(n))
	}
}

// lookAtPress asks again for a border host that something still waits for: the question or the answer may be lost.
func (c *Core) lookAtPress(n int, d *Decisions) {
	if n >= len(c.borders.rows) {
		return
	}
	id, p := c.edge+monitor.ID(n), &c.borders.rows[n].pressure
	p.again = false
	if len(c.waiting.by[id]) == 0 {
		return
	}
	if !c.askable(id) { // nobody answers, or nothing can be seen: those who wait go by what is in front of it
		c.wake(id)
		c.review(d)
		return
	}
	c.press(n, d)
}

// canAsk says whether somebody can look at a border host. One that nobody ever told of is not waited for for long.
func (c *Core) canAsk(n int) bool {
	row := &c.borders.rows[n]
	if row.told == 0 {
		return row.since == 0 || c.now < row.since.Add(unansweredAfter)
	}
	return row.state.Askable
}

// TellBorder takes what other shards say of border hosts. What is kept of the strings is copied.
func (c *Core) TellBorder(now monitor.Time, states []monitor.BorderState, d *Decisions) {
	c.enter(now)
	for i := range states {
		if n, ok := c.borderNamed(states[i].Host); ok {
			c.hear(n, &states[i], d)
		}
	}
	c.review(d)
	c.sayParts(d)
	c.followMembers(d)
	c.leave(d)
}

// hear takes one word of a border host, and does what a result of one of the shard's own hosts would lead to.
func (c *Core) hear(n int, st *monitor.BorderState, d *Decisions) {
	row, id := &c.borders.rows[n], c.edge+monitor.ID(n)
	if st.Known && st.Shard != c.inv.Border[n].Shard {
		return // it lived there before a reload, or is to live there
	}
	if st.Epoch < row.state.Epoch || st.Epoch == row.state.Epoch && st.Seq <= row.state.Seq {
		return
	}
	was, heard := row.state, row.told != 0
	row.state = *st
	row.state.Host, row.state.Roots = c.inv.Border[n].Name, nil
	row.told = c.now
	if !st.Busy {
		row.since = 0
	}
	c.planForgetting(n)
	c.noteBorder(n)
	c.name(n, st.Roots)
	begins := bad(st.State) && !(heard && bad(was.State))
	ends := heard && !bad(st.State) && (bad(was.State) || st.Change > was.Change)
	if begins {
		delete(c.seenThrough, id)
	}
	if ends {
		c.back[id] = c.now
	}
	if !heard || len(c.suffering.roots) > 0 || begins || ends || differs(&was, st) {
		c.follows(c.spread([]monitor.ID{id}), monitor.NoID, d)
	}
	switch {
	case begins && heard:
		c.askEach(c.behindBorder(id), c.isNotUnreachable, d)
	case ends:
		c.askEach(c.behindBorder(id), c.isNotUp, d)
	case !heard && !bad(st.State):
		c.endSilence(id, d)
	}
	if !st.Busy {
		c.wake(id)
	}
}

// differs says whether a word of a border host is more than that of one more check.
func differs(was, is *monitor.BorderState) bool {
	return was.State != is.State || was.Type != is.Type || was.HostProblem != is.HostProblem || was.HardChange != is.HardChange ||
		was.Gone != is.Gone || len(is.Roots) > 0
}

// noteBorder writes what was told of a border host into its row.
func (c *Core) noteBorder(n int) {
	st, id := &c.borders.rows[n].state, c.edge+monitor.ID(n)
	s, t := &c.standing[id], &c.times[id]
	s.State, s.Type, s.HostProblem = min(st.State, monitor.Pending), st.Type, st.HostProblem
	t.check, t.update, t.change, t.hardChange = st.Check, c.now, st.Change, st.HardChange
	c.run[id].module = toldModule
	if st.Assumed {
		c.run[id].module = assumedModule
	}
}

// behindBorder gives the hosts of this shard directly behind a border host.
func (c *Core) behindBorder(id monitor.ID) (hosts []monitor.ID) {
	for _, child := range c.graph.Children(id) {
		if child < c.edge {
			hosts = append(hosts, child)
		}
	}
	return hosts
}

// planBorders writes into the agenda what is to be done about border hosts, and tells of the watched ones.
func (c *Core) planBorders() {
	b := &c.borders
	if len(b.rows) > 0 && !b.asking {
		b.asking = true
		c.agenda.add(c.now, aboutBorders, 0)
	}
	for n := range b.rows {
		c.planForgetting(n)
		if b.rows[n].since != 0 {
			c.pressAgain(n)
		}
	}
	if len(b.watched) > 0 {
		c.agenda.add(c.now, aboutWatched, 0)
	}
	if len(b.rows) > 0 {
		c.planTolls(c.now.Add(tollDelay))
	}
}

// unplan forgets that anything about border hosts is in the agenda, which is written anew.
func (b *borders) unplan() {
	b.asking, b.tollAt = false, 0
	for n := range b.rows {
		b.rows[n].planned, b.rows[n].again = false, false
	}
}

// moveBorders takes over what an older core knew of border hosts, by name; a host that lives here now is known by itself.
func (c *Core) moveBorders(old *Core) {
	for n := range c.borders.rows {
		was, ok := old.borderNamed(c.inv.Border[n].Name)
		if !ok {
			c.letGo(n, old)
			continue
		}
		row, id, wasID := &c.borders.rows[n], c.edge+monitor.ID(n), old.edge+monitor.ID(was)
		fresh := *row
		*row = old.borders.rows[was]
		row.behind, row.worth, row.roots, row.planned, row.again = fresh.behind, fresh.worth, nil, fresh.planned, false
		if old.inv.Border[was].Shard != c.inv.Border[n].Shard {
			row.state.Epoch, row.state.Seq, row.pressure = 0, 0, pressure{}
		}
		c.copyRow(id, &old.tables, wasID)
		c.name(n, old.rootsOfRow(was))
		if at, ok := old.back[wasID]; ok {
			c.back[id] = at
		}
	}
	for host, w := range old.borders.watched {
		if id, ok := c.hosts[old.inv.Hosts[host].Name]; ok {
			for _, a := range w.askers {
				c.watched(id).by(a.shard).take(a)
			}
		}
	}
	c.borders.said = old.borders.said
}

// letGo takes over what is known of a host that lived in this shard under an older configuration, until its new owner tells of it.
func (c *Core) letGo(n int, old *Core) {
	id, ok := old.hosts[c.inv.Border[n].Name]
	if !ok {
		return
	}
	row, st := &c.borders.rows[n], old.borderState(id)
	row.state, row.told = st, c.now
	row.state.Epoch, row.state.Seq, row.state.Busy, row.state.Roots = 0, 0, false, nil
	c.noteBorder(n)
	c.name(n, st.Roots)
}

// rootsOfRow gives the root problems that a border host suffers from as its owner named them.
func (c *Core) rootsOfRow(n int) (roots []monitor.BorderRoot) {
	for _, id := range c.borders.rows[n].roots {
		roots = append(roots, c.rootFor(id))
	}
	return roots
}
