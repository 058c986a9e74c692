package core

import (
	"slices"
	"time"

	"github.com/onbu/onbu/monitor"
)

// rootFirst says whether a failure is believed only once what the object stands on has been looked at. Without a
// ParentWait the core does as Nagios does and takes the parents' last states.
func (c *Core) rootFirst() bool { return c.inv.Options.ParentWait > 0 }

// isNews says whether a failure may be the first that people hear of it: all but a HARD problem that stays what it is.
func (c *Core) isNews(id monitor.ID, l *look) bool {
	s := &c.standing[id]
	switch {
	case s.Type == monitor.Soft, !c.isProblem(id), s.HostProblem, c.inv.Policy(id).Volatile:
		return true
	case c.inv.IsHost(id):
		return s.State == monitor.Unreachable
	}
	return s.State != l.state
}

// footing is what is known of a thing that another one stands on.
type footing uint8

const (
	sound footing = iota // it was UP or OK when the failing check had ended
	gone                 // it is not
	open                 // it has to be looked at
)

// question collects the objects whose answers a verdict has to wait for.
type question struct {
	core     *Core
	look     *look
	interval interval
	// soft says that the failure would still be confirmed, so that answers may be as old as cached_*_check_horizon.
	soft bool
	open []monitor.ID
	// known is what was found in front of hosts with several parents: there may be very many ways up to the same host.
	known map[monitor.ID]finding
}

// doubts gives the objects that have to be looked at before a failing result is believed; none if nothing that they
// might say would change the verdict. A parent counts as looked at by a check that began when the failing one had ended:
// one that merely overlapped it may have been over before the trouble began. A business rule waits for nothing: the members that
// it stands on were looked at.
func (c *Core) doubts(id monitor.ID, l *look) []monitor.ID {
	if l.module == ruleModule || !c.isNews(id, l) {
		return nil
	}
	q := question{core: c, look: l, interval: interval{core: c, look: l}}
	q.soft = c.weigh(id, l).Next.Type == monitor.Soft
	if c.leans(id) {
		q.sources(id)
	}
	if c.inv.IsHost(id) {
		q.network(id)
	} else if !c.inv.Policy(id).NoHostDependency {
		q.host(c.inv.HostOf(id))
	}
	if c.failing(id, notifying) == nil && !c.isOrphaned(id) {
		q.masters(id)
		q.parents(id)
		q.agent(id)
	}
	return q.open
}

// masters asks about what an object depends on, if failures of those would keep people from being told.
func (q *question) masters(id monitor.ID) {
	c := q.core
	chain := []monitor.ID{id}
	for i := 0; i < len(chain); i++ {
		for _, n := range c.ties.ofDependent.of(chain[i]) {
			d := &c.inv.Dependencies[n]
			if d.Notification == 0 || !c.in(d.Period, c.now) {
				continue
			}
			q.master(d.Master)
			if d.Inherits && !slices.Contains(chain, d.Master) {
				chain = append(chain, d.Master)
			}
		}
	}
}

// parents asks about the parents of a service, of which one that is OK is enough.
func (q *question) parents(id monitor.ID) {
	c, before := q.core, len(q.open)
	for _, n := range c.ties.ofChild.of(id) {
		if parent := c.inv.ServiceParents[n].Parent; !c.isProblem(parent) && q.master(parent) == sound {
			q.open = q.open[:before]
			return
		}
	}
}

// master asks about one object that another depends on.
func (q *question) master(id monitor.ID) footing {
	c := q.core
	if c.heard(id, q.look.finished) || q.soft && c.recent(id) || !c.askable(id) {
		return sound
	}
	q.open = append(q.open, id)
	return open
}

// network asks about the parents of a host. One that is sound is enough, and the others do not matter any more.
func (q *question) network(host monitor.ID) footing {
	parents := q.core.graph.Parents(host)
	switch len(parents) {
	case 0:
		return sound
	case 1:
		return q.way(parents)
	}
	found, is := q.known[host]
	if !is {
		others := q.open
		q.open = nil
		found.footing = q.way(parents)
		found.open = distinct(q.open)
		q.open = others
		if q.known == nil {
			q.known = make(map[monitor.ID]finding)
		}
		q.known[host] = found
	}
	q.open = append(q.open, found.open...)
	return found.footing
}

// finding is what was found of the parents of a host: how they are, and which objects have to be looked at for that.
type finding struct {
	footing footing
	open    []monitor.ID
}

// distinct leaves out what comes again; the lists are short.
func distinct(ids []monitor.ID) (all []monitor.ID) {
	for _, id := range ids {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

// way asks about the parents of one host.
func (q *question) way(parents []monitor.ID) footing {
	before, all := len(q.open), gone
	for _, p := range parents {
		switch q.host(p) {
		case sound:
			q.open = q.open[:before]
			return sound
		case open:
			all = open
		}
	}
	return all
}

// sources asks about the sources of the payloads that an object leans on. One that is sound is enough. While payloads come
// as often as they should all are: else each failure of each target would cost a fetch.
func (q *question) sources(id monitor.ID) {
	c := q.core
	host := c.inv.HostOf(id)
	if c.isSourceless(host) || c.isCutOff(id) {
		return
	}
	before := len(q.open)
	for at := c.post.boxes[host].links; at != 0; at = c.post.links[at-1].next {
		l := &c.post.links[at-1]
		if !c.counts(l) || c.isCut(l) {
			continue
		}
		if q.look.started < c.expected(host, &c.post.sources[l.source]) || q.source(l.source) == sound {
			q.open = q.open[:before]
			return
		}
	}
}

// source asks about one source.
func (q *question) source(n uint32) footing {
	c, s := q.core, &q.core.post.sources[n]
	if s.host == monitor.NoID {
		switch {
		case s.told != 0 && s.state.Looked >= q.look.finished:
			return sound
		case s.told == 0 && s.inquired != 0 && s.inquired.Add(unansweredAfter) <= c.now:
			return sound // nobody knows it
		}
		q.open = append(q.open, c.ghost(n))
		return open
	}
	all := sound
	for _, id := range c.eyes(s) {
		if q.master(id) == open {
			all = open
		}
	}
	return all
}

// host asks about one host. One that cannot be looked at stands and falls with its parents.
func (q *question) host(id monitor.ID) footing {
	t := q.interval.of(id)
	switch {
	case !q.core.isUp(id), t == passed:
		return gone
	case q.soft && t == calm && q.core.recent(id):
		return sound
	case q.core.heard(id, q.look.finished):
		return q.unanswered(id)
	case q.core.askable(id):
		q.open = append(q.open, id)
		return open
	case t == dark:
		return gone
	}
	return q.network(id)
}

// unanswered asks about the hosts in front of one that is UP, if they are being looked at: one of those checks may be about
// to say that there was trouble, though it is over.
func (q *question) unanswered(host monitor.ID) footing {
	c, all := q.core, sound
	chain := []monitor.ID{host}
	for i := 0; i < len(chain); i++ {
		for _, p := range c.graph.Parents(chain[i]) {
			if c.isLookedAt(p) && c.isUp(p) && !slices.Contains(q.open, p) {
				q.open, all = append(q.open, p), open
			}
			if !slices.Contains(chain, p) {
				chain = append(chain, p)
			}
		}
	}
	return all
}

// recent says whether an object's last result is young enough to be taken for the present while nothing depends on it
// (cached_host_check_horizon, cached_service_check_horizon).
func (c *Core) recent(id monitor.ID) bool {
	horizon := c.inv.Options.CachedServiceCheck
	if c.isAnyHost(id) {
		horizon = c.inv.Options.CachedHostCheck
	}
	return c.heard(id, c.now.Add(-horizon+time.Nanosecond))
}

// askable says whether an object can be looked at on demand: it has a check command, and active checks are on.
func (c *Core) askable(id monitor.ID) bool {
	if n, is := c.isBorder(id); is {
		return c.canAsk(n)
	}
	return c.inv.Check(id).Command != monitor.None && c.checked(id)
}

// askUp has objects checked, and with them all hosts in front of them that are believed to be UP and were not looked at
// just now: if they turn out to be DOWN, all are known to be at once and not one level after the other. What is held
// itself has given its answer, and only waits for those above it.
func (c *Core) askUp(objects []monitor.ID, d *Decisions) {
	seen := make(map[monitor.ID]bool, len(objects))
	queue := append([]monitor.ID(nil), objects...)
	for i := 0; i < len(queue); i++ {
		id := queue[i]
		if seen[id] {
			continue
		}
		seen[id] = true
		if n, is := c.isGhost(id); is {
			c.inquireNow(n, d)
			continue
		}
		if c.askable(id) && !c.run[id].flags.has(held) {
			c.ask(id, d)
		}
		for _, up := range c.supports(id) {
			if c.isUp(up) && !c.recent(up) {
				queue = append(queue, up)
			}
		}
	}
}

// supports gives what an object stands on in the network: the parents of a host, the host of a service. The slice is
// not the caller's.
func (c *Core) supports(id monitor.ID) []monitor.ID {
	if c.isAnyHost(id) {
		return c.graph.Parents(id)
	}
	return []monitor.ID{c.inv.HostOf(id)}
}
