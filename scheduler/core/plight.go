package core

import (
	"slices"
	"time"

	"github.com/onbu/onbu/monitor"
)

// A host of which all data come in payloads leans on the sources of those: when none of them can be asked, its failures are
// none of its own. So its sources stand in front of it as parents do, with two differences. What such a source said last is
// true for as long as its payloads may be used, so an object that is fine stays so; and a source that is back has yet to
// deliver, so the wait for that goes on for a while.

const (
	// settleGrace is how much longer than the interval of its checks a source may take to deliver after it is back.
	settleGrace = time.Minute
	// staleLink is how much older than the last fetch a payload may be whose target that fetch did not mention: clocks
	// differ, and what was fetched is on its way for some time.
	staleLink = time.Minute
	// late is how much later than its interval says a payload may come.
	late = 15 * time.Second
	// slow is how long an agent takes to answer before it is doubted, if its payloads are late.
	slow = 5 * time.Second
	// firstWait is how long after a start a host that never had data may be without a source: nobody has delivered yet.
	firstWait = 5 * time.Minute
	// mostDoubt bounds how long doubts alone keep anything back.
	mostDoubt = 5 * time.Minute
)

// plight is how a source fares.
type plight struct {
	trouble bool
	by      monitor.ID   // what is in trouble, if that is in this shard
	roots   []monitor.ID // what is behind it, as known when it was last looked at
	since   monitor.Time // of this trouble, or of the last
	fine    monitor.Time // when the last good fetch before it began; 0 if nobody knows
	over    monitor.Time // when it ended, for as long as that matters; 0 otherwise
}

// revisit looks how a source of this shard fares now and says whether that is news. Those that lean on it have to be
// assessed then.
func (c *Core) revisit(n uint32) bool {
	s := &c.post.sources[n]
	if s.host == monitor.NoID {
		return false
	}
	by := c.stumbling(s)
	trouble, roots := by != monitor.NoID, []monitor.ID(nil)
	if trouble {
		roots = c.suffering.still(c.rootsOf(by))
	}
	if trouble == s.trouble && slices.Equal(roots, s.roots) {
		s.by = by
		return false
	}
	if trouble && !s.trouble {
		s.since, s.fine, s.over = c.stumbledAt(by), c.fineOf(s), 0
	}
	if !trouble && s.trouble {
		c.awaitPayloads(n)
	}
	s.by, s.trouble, s.roots = by, trouble, roots
	if len(s.asked) > 0 {
		c.post.news = append(c.post.news, n)
	}
	return true
}

// stumbling gives what keeps a source from being asked: itself, or a service of its agent; monitor.NoID for nothing. Where
// no service says whether the agent answers, it does not if all that evaluate what it says are UNKNOWN.
func (c *Core) stumbling(s *source) monitor.ID {
	if c.isOut(s.host) {
		return s.host
	}
	if s.mute {
		return c.lastUnknown(s.agents)
	}
	for _, id := range s.agents {
		if c.effective(id) >= monitor.Critical && c.standing[id].State != monitor.Pending {
			return id
		}
	}
	return monitor.NoID
}

// lastUnknown gives the service that became UNKNOWN last, if all are.
func (c *Core) lastUnknown(ids []monitor.ID) monitor.ID {
	last := monitor.NoID
	for _, id := range ids {
		if c.effective(id) != monitor.Unknown {
			return monitor.NoID
		}
		if last == monitor.NoID || c.times[id].change > c.times[last].change {
			last = id
		}
	}
	return last
}

// stumbledAt says since when something keeps a source from being asked.
func (c *Core) stumbledAt(id monitor.ID) monitor.Time {
	if c.isProblem(id) {
		return c.times[id].change
	}
	return c.lastFound(c.rootsOf(id))
}

// fineOf says from when on a source was asked for all that it has: when the last good fetch began or, if several services ask
// agents of it, in turn or not, the oldest of their last ones. One that is not made any more holds that back for no longer than
// its interval.
func (c *Core) fineOf(s *source) monitor.Time {
	if s.host == monitor.NoID {
		return s.state.Fine
	}
	newest := monitor.Time(0)
	for _, id := range s.agents {
		newest = max(newest, c.times[id].fine)
	}
	fine := newest
	for _, id := range s.agents {
		if at := c.times[id].fine; at != 0 {
			fine = min(fine, max(at, newest.Add(-c.inv.Policy(id).CheckInterval-staleLink)))
		}
	}
	return fine
}

// fetchInterval is how far the fetches from a source are apart; 0 if nobody knows.
func (c *Core) fetchInterval(s *source) time.Duration {
	if s.host == monitor.NoID {
		return s.state.Interval
	}
	apart := time.Duration(0)
	for _, id := range s.agents {
		apart = max(apart, c.inv.Policy(id).CheckInterval)
	}
	return apart
}

// settleEnd is until when a source that is back may take to deliver; 0 for one that is not waited for.
func (c *Core) settleEnd(s *source) monitor.Time {
	if s.over == 0 || s.trouble {
		return 0
	}
	return s.over.Add(max(c.fetchInterval(s), time.Minute) + settleGrace)
}

// awaitPayloads begins the wait for what a source delivers that is back.
func (c *Core) awaitPayloads(n uint32) {
	s := &c.post.sources[n]
	s.over = c.now
	s.trouble = false
	c.agenda.add(c.settleEnd(s), aboutSource, uint64(n))
}

// counts says whether a source still speaks for a target and may be taken for a parent of it: what the last good fetch
// did not mention comes from elsewhere since. One that leans on others itself, or stands behind the target, does not: two hosts
// would hide each other's problems.
func (c *Core) counts(l *link) bool {
	s := &c.post.sources[l.source]
	if l.circle || s.host != monitor.NoID && c.leaning[s.host] {
		return false
	}
	fine := s.fine
	if !s.trouble && s.over == 0 {
		fine = c.fineOf(s)
	}
	return l.at >= fine.Add(-staleLink)
}

// isCut says whether nothing can come from a source, or nothing came yet since that was so, or it looks like it.
func (c *Core) isCut(l *link) bool {
	s := &c.post.sources[l.source]
	if s.trouble || c.now < c.settleEnd(s) {
		return l.at <= s.since
	}
	expected := c.expected(l.target, s)
	return expected <= c.now && c.now < expected.Add(mostDoubt) && c.inDoubt(s)
}

// expected gives when the next payload for a host should have come if a source spoke for it still.
func (c *Core) expected(host monitor.ID, s *source) monitor.Time {
	return c.post.boxes[host].arrived.Add(c.fetchInterval(s) + late)
}

// inDoubt says whether a source is being looked at and has not answered for a while, or is not believed yet to have failed.
func (c *Core) inDoubt(s *source) bool {
	if s.host == monitor.NoID {
		return s.told != 0 && s.looking > s.state.Looked && s.looking.Add(slow) <= c.now
	}
	for _, id := range c.eyes(s) {
		if r := &c.run[id]; r.flags.has(held) || r.flags.has(inFlight) && r.sent.Add(slow) <= c.now {
			return true
		}
	}
	return false
}

// provesSound says whether a payload that was fetched at that moment shows that a source can be asked.
func (c *Core) provesSound(l *link, at monitor.Time) bool { return at > c.post.sources[l.source].since }

// cutOff says whether a host gets no data, because all of its sources are in trouble or have just come back, and which root
// problems are behind that; none while those are not certain yet.
func (c *Core) cutOff(host monitor.ID) (cut bool, roots []monitor.ID) {
	if c.post.boxes == nil {
		return false, nil
	}
	for at := c.post.boxes[host].links; at != 0; at = c.post.links[at-1].next {
		l := &c.post.links[at-1]
		if !c.counts(l) {
			continue
		}
		if !c.isCut(l) {
			return false, nil
		}
		cut, roots = true, union(roots, c.rootsBehind(l.source))
	}
	return cut, roots
}

// isCutOff says whether an object leans on sources of which none can be asked, or on some that have yet to appear.
func (c *Core) isCutOff(id monitor.ID) bool {
	cut, _ := c.behindSources(id)
	return cut
}

// behindSources says the same, and which root problems are behind that.
func (c *Core) behindSources(id monitor.ID) (cut bool, roots []monitor.ID) {
	if !c.leans(id) {
		return false, nil
	}
	host := c.inv.HostOf(id)
	if c.isSourceless(host) {
		return c.times[id].fine == 0 && c.now < c.post.begun.Add(firstWait), nil
	}
	return c.cutOff(host)
}

// isWithoutData says whether a check failed because no data came, or had not come yet. In the second case it is made again.
func (c *Core) isWithoutData(id monitor.ID, l *look) bool {
	if c.isCutOff(id) {
		return true
	}
	met := c.metCut(id, l)
	l.past = l.past || met
	return met
}

// metCut says whether a failing check of an object may have read what there was before its host got data again: it began
// before the payload came.
func (c *Core) metCut(id monitor.ID, l *look) bool {
	return c.post.boxes != nil && c.leans(id) && l.started <= c.post.boxes[c.inv.HostOf(id)].freed
}

// isSourceless says whether no payload was ever heard of for a host.
func (c *Core) isSourceless(host monitor.ID) bool {
	return c.post.boxes == nil || c.post.boxes[host].links == 0
}

// rootsBehind gives the root problems that keep a source from being asked.
func (c *Core) rootsBehind(n uint32) []monitor.ID {
	switch s := &c.post.sources[n]; {
	case !s.trouble:
		return nil
	case s.host == monitor.NoID:
		return c.rootsOf(c.ghost(n))
	default:
		return c.rootsOf(s.by)
	}
}

// followAt looks how the source fares that stands on an object, and appends those that lean on it if that is news.
func (c *Core) followAt(ids []monitor.ID, id monitor.ID) []monitor.ID {
	if len(c.post.at) == 0 {
		return ids
	}
	if n, ok := c.post.at[id]; ok && c.revisit(n) {
		return c.leanersOn(ids, n)
	}
	return ids
}

// relieve assesses the targets of links anew for which a payload has come.
func (c *Core) relieve(links []uint32, d *Decisions) {
	if len(links) == 0 {
		return
	}
	var ids []monitor.ID
	for _, at := range links {
		ids = c.leaners(ids, c.post.links[at].target)
	}
	c.follows(c.spread(ids), monitor.NoID, d)
}

// lookAtSource ends the wait for a source that is back. Those of its targets for which nothing came are looked at: nobody
// else is to blame for their failures any more.
func (c *Core) lookAtSource(n uint32, d *Decisions) {
	if int(n) >= len(c.post.sources) {
		return
	}
	s := &c.post.sources[n]
	c.expire(n, d)
	end := c.settleEnd(s)
	if end == 0 {
		return
	}
	if c.now < end {
		c.agenda.add(end, aboutSource, uint64(n))
		return
	}
	s.over = 0
	c.stopWaiting(c.leanersOn(nil, n), d)
}

// lookAtSourceless ends the wait for the first payloads after a start.
func (c *Core) lookAtSourceless(d *Decisions) {
	if c.leaning == nil {
		return
	}
	var ids []monitor.ID
	for host := range monitor.ID(len(c.inv.Hosts)) {
		if c.isSourceless(host) {
			ids = c.leaners(ids, host)
		}
	}
	c.stopWaiting(ids, d)
}

// stopWaiting assesses objects anew whose sources are not waited for any more, and has those looked at that fail.
func (c *Core) stopWaiting(ids []monitor.ID, d *Decisions) {
	c.follows(c.spread(ids), monitor.NoID, d)
	for _, id := range ids {
		if c.isProblem(id) && !c.isCutOff(id) {
			c.ask(id, d)
		}
	}
}

// settleAll begins to wait for what all sources deliver: while the engine was down nobody asked them.
func (c *Core) settleAll() {
	c.post.begun = c.now
	for n := range c.post.sources {
		if s := &c.post.sources[n]; !s.trouble {
			s.since, s.fine, s.over = c.now, c.fineOf(s), c.now
		}
	}
}

// planSources writes into the agenda what is to be done about sources.
func (c *Core) planSources() {
	c.post.asks = false
	if end := c.post.begun.Add(firstWait); c.leaning != nil && end > c.now {
		c.agenda.add(end, aboutSourceless, 0)
	}
	for n := range c.post.sources {
		s := &c.post.sources[n]
		if end := c.settleEnd(s); end != 0 {
			c.agenda.add(end, aboutSource, uint64(n))
		}
		if s.told != 0 {
			c.agenda.add(s.told.Add(toldAge), aboutSource, uint64(n))
		}
		if s.host == monitor.NoID {
			c.askAround()
		}
	}
}

// resume takes over how a source fared under an older configuration. What it stands on is found anew.
func (s *source) resume(was *source) {
	s.asked = was.asked
	if s.host == monitor.NoID && was.host == monitor.NoID {
		s.plight, s.elsewhere = was.plight, was.elsewhere
		return
	}
	s.since, s.fine, s.over = was.since, was.fine, was.over
	s.trouble, s.roots = was.trouble, nil
}
