package core

import (
	"slices"
	"strconv"

	"github.com/onbu/onbu/monitor"
)

// The configuration says which hosts of a shard others have as border hosts. Their owners are told of each result, of what
// else changes, and whenever they ask.

// watched is a host of this shard that is a border host of others.
type watched struct {
	askers []onlooker // sorted by shard
	noted  bool       // it is among the news
}

// onlooker is a shard that has a host as its border host.
type onlooker struct {
	shard  monitor.Shard
	fixed  bool         // the configuration names it
	until  monitor.Time // when any other one has to have asked again
	behind uint32       // hosts of its own
	worth  int8
}

// watched gives the entry of a host.
func (c *Core) watched(host monitor.ID) *watched {
	b := &c.borders
	if b.watched == nil {
		b.watched = make(map[monitor.ID]*watched)
	}
	if b.watched[host] == nil {
		b.watched[host] = &watched{}
	}
	return b.watched[host]
}

// by gives the entry of a shard.
func (w *watched) by(shard monitor.Shard) *onlooker {
	i, found := slices.BinarySearchFunc(w.askers, shard, func(o onlooker, s monitor.Shard) int { return int(o.shard) - int(s) })
	if !found {
		w.askers = slices.Insert(w.askers, i, onlooker{shard: shard})
	}
	return &w.askers[i]
}

// take takes over what was known of an onlooker under an older configuration.
func (o *onlooker) take(was onlooker) { o.behind, o.worth, o.until = was.behind, was.worth, was.until }

// InquireBorder answers what other shards ask about hosts of this one, and has those looked at that it is asked to. Hosts that
// live elsewhere are passed over.
func (c *Core) InquireBorder(now monitor.Time, inquiries []monitor.BorderInquiry, d *Decisions) {
	c.enter(now)
	for i := range inquiries {
		q := &inquiries[i]
		host, ok := c.hosts[q.Host]
		if !ok || q.Shard == c.inv.Shard || int(q.Shard) >= max(c.inv.Shards, 1) {
			continue
		}
		o := c.watched(host).by(q.Shard)
		o.behind, o.worth, o.until = q.Behind, q.Worth, c.now.Add(toldAge)
		if q.Look {
			c.askUp([]monitor.ID{host}, d)
		}
		c.tellOf(host, q.Shard, d)
	}
	c.review(d)
	c.followMembers(d)
	c.leave(d)
}

// noteNews notes that other shards are to be told of a host, if they have it as a border host.
func (c *Core) noteNews(id monitor.ID) {
	if w := c.borders.watched[id]; w != nil && !w.noted {
		w.noted = true
		c.borders.news = append(c.borders.news, id)
	}
}

// tellWatched notes all of them: after a start nobody knows yet that there is a new owner.
func (c *Core) tellWatched() {
	for id := range c.borders.watched {
		c.noteNews(id)
	}
}

// spreadNews tells other shards of hosts that changed or were looked at.
func (c *Core) spreadNews(d *Decisions) {
	b := &c.borders
	slices.Sort(b.news)
	for _, id := range b.news {
		w := b.watched[id]
		w.noted = false
		for _, o := range w.askers {
			if !o.fixed && o.until < c.now {
				continue
			}
			c.tellOf(id, o.shard, d)
		}
	}
	b.news = b.news[:0]
}

// tellOf tells one shard of a host.
func (c *Core) tellOf(host monitor.ID, to monitor.Shard, d *Decisions) {
	d.BorderStates = append(d.BorderStates, Letter[monitor.BorderState]{to, c.borderState(host)})
}

// borderState says how a host is.
func (c *Core) borderState(id monitor.ID) monitor.BorderState {
	s, t := &c.standing[id], &c.times[id]
	c.borders.said++
	st := monitor.BorderState{
		Host: c.inv.Hosts[id].Name, Epoch: c.epoch, Seq: c.borders.said,
		State: s.State, Type: s.Type, HostProblem: s.HostProblem,
		Check: t.check, Change: t.change, HardChange: t.hardChange,
		Assumed: c.run[id].module == assumedModule && t.check != 0,
		Askable: c.askable(id) && c.held(id).why == free,
		Busy:    c.run[id].flags&(inFlight|held) != 0,
		Shard:   c.inv.Shard, Known: true,
	}
	gone, roots := c.shadowBesides(id)
	st.Gone = gone
	for _, r := range first(c.suffering.still(roots), mostRoots) {
		st.Roots = append(st.Roots, c.rootFor(r))
	}
	return st
}

// rootFor names a root problem to other shards.
func (c *Core) rootFor(id monitor.ID) monitor.BorderRoot {
	r := monitor.BorderRoot{Ref: c.refOf(id), Since: c.foundAt(id), Text: c.called(id), Shard: c.inv.Shard, Known: id < c.edge}
	if shard, known := c.homeOf(id); known {
		r.Shard, r.Known = shard, true
	}
	return r
}

// number writes the number of a shard.
func number(s monitor.Shard) string { return strconv.Itoa(int(s)) }
