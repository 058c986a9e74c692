package core

import (
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// A source may live in another shard. The owners of its targets ask for it, time and again, and are told how it is: at
// once, and whenever that changes. What nobody answers for, such as a source of another site, is not known to be in
// trouble, and keeps nothing back.

const (
	askEvery = 20 * time.Second
	// toldAge is how long word of a source holds, and for how long one who asked is told of changes.
	toldAge = time.Minute
	// lookEvery is how often the owner of a source is asked to look at it.
	lookEvery = time.Second
	// unanswered is how long after an inquiry a source that nobody told of is not waited for any more.
	unansweredAfter = 5 * time.Second
	// mostRoots is how many root problems are named to other shards.
	mostRoots = 5
)

// elsewhere is what is known of a source that lives in another shard.
type elsewhere struct {
	state    monitor.SourceState // as last told
	told     monitor.Time        // when; 0 for never, or too long ago
	inquired monitor.Time        // when it was first asked for without an answer since; 0 for not
	looking  monitor.Time        // when its owner was first asked to look without having looked since
	pressed  monitor.Time        // when it was last asked to look
}

// asker is a shard that wants to know of a source.
type asker struct {
	shard   monitor.Shard
	until   monitor.Time
	targets uint32
	look    bool // it waits until the source was looked at
}

// Telling is word of a source for another shard.
type Telling = Letter[monitor.SourceState]

// ghost gives the number that stands for a source that lives in another shard where root problems are listed.
func (c *Core) ghost(n uint32) monitor.ID {
	return c.edge + monitor.ID(len(c.inv.Border)) + monitor.ID(n)
}

// isGhost says whether a number stands for a source that lives in another shard, and which.
func (c *Core) isGhost(id monitor.ID) (n uint32, is bool) {
	first := c.ghost(0)
	return uint32(id - first), id >= first && int(id-first) < len(c.post.sources)
}

// refOf names an object, also one that lives in another shard.
func (c *Core) refOf(id monitor.ID) monitor.Ref {
	if id < c.edge {
		return c.inv.Ref(id)
	}
	n, is := c.isGhost(id)
	if !is {
		return c.refBeyond(id)
	}
	s := &c.post.sources[n]
	if len(s.state.Roots) > 0 {
		return s.state.Roots[0]
	}
	return monitor.Ref{Host: s.name}
}

// called names an object with its state.
func (c *Core) called(id monitor.ID) string {
	if n, is := c.isGhost(id); is {
		return c.post.sources[n].state.Text
	}
	if k, is := c.isFar(id); is {
		return c.borders.far[k].Text
	}
	return c.refOf(id).String() + " " + c.stateName(id)
}

// foundAt says when a root problem was found.
func (c *Core) foundAt(id monitor.ID) monitor.Time {
	if n, is := c.isGhost(id); is {
		return c.post.sources[n].since
	}
	if k, is := c.isFar(id); is {
		return c.borders.far[k].Since
	}
	return c.times[id].hardChange
}

// askAround begins to ask for sources that live elsewhere.
func (c *Core) askAround() {
	if !c.post.asks && c.leaning != nil {
		c.post.asks = true
		c.agenda.add(c.now, aboutInquiries, 0)
	}
}

// inquireAll asks for all sources that live elsewhere and that hosts lean on, and does so again after a while.
func (c *Core) inquireAll(d *Decisions) {
	c.agenda.add(c.now.Add(askEvery), aboutInquiries, 0)
	for n := range uint32(len(c.post.sources)) {
		if leaning := c.leaningOn(n); leaning > 0 && c.post.sources[n].host == monitor.NoID {
			c.inquire(n, leaning, false, d)
		}
	}
}

// leaningOn counts the hosts of this shard that lean on a source.
func (c *Core) leaningOn(n uint32) (count uint32) {
	for _, at := range c.post.sources[n].links {
		if l := &c.post.links[at]; l.source == n && c.leaning != nil && c.leaning[l.target] {
			count++
		}
	}
	return count
}

func (c *Core) inquire(n, targets uint32, look bool, d *Decisions) {
	s := &c.post.sources[n]
	if s.told == 0 && s.inquired == 0 {
		s.inquired = c.now
	}
	if look {
		if s.pressed = c.now; s.looking <= s.state.Looked {
			s.looking = c.now
		}
	}
	d.Inquiries = append(d.Inquiries, monitor.SourceInquiry{Host: s.name, Shard: c.inv.Shard, Targets: targets, Look: look})
}

// inquireNow has a source that lives elsewhere looked at.
func (c *Core) inquireNow(n uint32, d *Decisions) {
	if s := &c.post.sources[n]; s.pressed == 0 || s.pressed.Add(lookEvery) <= c.now {
		c.inquire(n, c.leaningOn(n), true, d)
	}
}

// Inquire answers what other shards ask about hosts of this one, and tells them of changes for a while. Hosts that live
// elsewhere are passed over, and so are those that lean on others themselves: they are no sources that count.
func (c *Core) Inquire(now monitor.Time, inquiries []monitor.SourceInquiry, d *Decisions) {
	c.enter(now)
	for i := range inquiries {
		q := &inquiries[i]
		host, ok := c.hosts[q.Host]
		if !ok || q.Shard == c.inv.Shard || c.leaning != nil && c.leaning[host] {
			continue
		}
		n := c.source(q.Host)
		c.post.sources[n].note(q, c.now)
		d.Tellings = append(d.Tellings, Telling{q.Shard, c.stateOf(n)})
		if q.Look {
			c.askUp(c.eyes(&c.post.sources[n]), d)
		}
	}
	c.leave(d)
}

// note remembers who asks.
func (s *source) note(q *monitor.SourceInquiry, now monitor.Time) {
	s.asked = slices.DeleteFunc(s.asked, func(a asker) bool { return a.until < now })
	i := slices.IndexFunc(s.asked, func(a asker) bool { return a.shard == q.Shard })
	if i < 0 {
		i = len(s.asked)
		s.asked = append(s.asked, asker{shard: q.Shard})
	}
	a := &s.asked[i]
	a.until, a.targets, a.look = now.Add(toldAge), q.Targets, a.look || q.Look
}

// eyes gives what is to be checked to see whether a source can be asked: the services of its agent, or else the host.
func (c *Core) eyes(s *source) []monitor.ID {
	if len(s.agents) > 0 {
		return s.agents
	}
	return []monitor.ID{s.host}
}

// stateOf says how a source of this shard fares.
func (c *Core) stateOf(n uint32) monitor.SourceState {
	s := &c.post.sources[n]
	st := monitor.SourceState{
		Host: s.name, Trouble: s.trouble, Root: len(s.roots) > 0, Fine: c.fineOf(s), Looked: c.lookedAt(n), Interval: c.fetchInterval(s),
	}
	if s.trouble {
		st.Since, st.Fine, st.Text = s.since, s.fine, c.called(s.by)
		if roots := c.rootsOf(s.by); len(roots) > 0 && !slices.Contains(roots, s.by) {
			st.Text += " because of " + c.listed(roots)
		}
		for _, r := range first(s.roots, mostRoots) {
			st.Roots = append(st.Roots, c.refOf(r))
		}
	}
	return st
}

// lookedAt says when the oldest of the newest checks began that show whether a source can be asked.
func (c *Core) lookedAt(n uint32) monitor.Time {
	at := monitor.Time(0)
	for i, id := range c.eyes(&c.post.sources[n]) {
		if check := c.times[id].check; i == 0 || check < at {
			at = check
		}
	}
	return at
}

// looked tells those who wait for it that a source was looked at.
func (c *Core) looked(id monitor.ID) {
	if len(c.post.at) == 0 {
		return
	}
	n, ok := c.post.at[id]
	if !ok || !slices.ContainsFunc(c.post.sources[n].asked, func(a asker) bool { return a.look }) {
		return
	}
	for _, eye := range c.eyes(&c.post.sources[n]) {
		if c.run[eye].flags.has(inFlight) {
			return
		}
	}
	c.post.news = append(c.post.news, n)
}

// tellNews tells other shards of sources that changed or were looked at.
func (c *Core) tellNews(d *Decisions) {
	slices.Sort(c.post.news)
	for _, n := range slices.Compact(c.post.news) {
		s := &c.post.sources[n]
		for i := range s.asked {
			if a := &s.asked[i]; a.until >= c.now {
				a.look = false
				d.Tellings = append(d.Tellings, Telling{a.shard, c.stateOf(n)})
			}
		}
	}
	c.post.news = c.post.news[:0]
}

// Told takes what other shards say of sources. What is kept of the strings is copied.
func (c *Core) Told(now monitor.Time, states []monitor.SourceState, d *Decisions) {
	c.enter(now)
	for i := range states {
		if n, ok := c.post.byName[states[i].Host]; ok && c.post.sources[n].host == monitor.NoID {
			c.learn(n, &states[i], d)
		}
	}
	c.review(d)
	c.followMembers(d)
	c.leave(d)
}

func (c *Core) learn(n uint32, st *monitor.SourceState, d *Decisions) {
	s := &c.post.sources[n]
	was, wasRoot := s.trouble, s.trouble && s.state.Root
	s.state = owned(st)
	s.told, s.inquired = c.now, 0
	c.agenda.add(c.now.Add(toldAge), aboutSource, uint64(n))
	switch {
	case st.Trouble:
		s.trouble, s.since, s.fine, s.over = true, st.Since, st.Fine, 0
	case was:
		c.awaitPayloads(n)
	}
	if was != s.trouble || wasRoot != (st.Trouble && st.Root) {
		c.haunt(n, d)
	}
	c.wake(c.ghost(n))
}

// owned gives a state with strings of its own.
func owned(st *monitor.SourceState) monitor.SourceState {
	is := *st
	is.Host, is.Text, is.Roots = strings.Clone(st.Host), strings.Clone(st.Text), nil
	for _, r := range first(st.Roots, mostRoots) {
		is.Roots = append(is.Roots, monitor.Ref{Host: strings.Clone(r.Host), Service: strings.Clone(r.Service)})
	}
	return is
}

// haunt makes a source that lives elsewhere a root problem, or ends that, and assesses what leans on it.
func (c *Core) haunt(n uint32, d *Decisions) {
	ids := c.leanersOn(nil, n)
	c.raise(n)
	c.follows(c.spread(ids), monitor.NoID, d)
}

// raise writes down whether a source that lives elsewhere is a root problem.
func (c *Core) raise(n uint32) {
	s, ghost := &c.post.sources[n], c.ghost(n)
	switch is := s.trouble && s.state.Root; {
	case !is:
		delete(c.suffering.roots, ghost)
	case c.suffering.roots[ghost] == nil:
		c.suffering.roots[ghost] = newRoot(ghost)
	}
}

// raiseAll does so for all, after everything that was worked out is forgotten.
func (c *Core) raiseAll() {
	for n := range c.post.sources {
		if c.post.sources[n].host == monitor.NoID {
			c.raise(uint32(n))
		}
	}
}

// expire forgets what was told of a source too long ago.
func (c *Core) expire(n uint32, d *Decisions) {
	s := &c.post.sources[n]
	if s.host != monitor.NoID || s.told == 0 || s.told.Add(toldAge) > c.now {
		return
	}
	s.told, s.state = 0, monitor.SourceState{}
	if s.trouble {
		s.trouble, s.over = false, 0
		c.haunt(n, d)
	}
}
