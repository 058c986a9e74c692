package core

import (
	"slices"

	"github.com/onbu/onbu/monitor"
)

// marks say what part an object plays in a problem. They follow from the states and are worked out anew after a restart.
type marks uint8

const (
	// problem: a HARD problem that nothing in front of it explains.
	problem marks = 1 << iota
	// impact: it suffers from a root problem.
	impact
	// overlaid: it is shown as UNREACHABLE or UNKNOWN although its own last result, from before the problem, was good.
	overlaid
)

// suffering ties root problems to what suffers from them. Only those are in it.
type suffering struct {
	from  map[monitor.ID][]monitor.ID // the roots of an impact, sorted; never changed in place
	roots map[monitor.ID]*root
	// rules are the business rules that have to be assessed because a member's part in problems changed. They may have
	// very many members, so that is done once for all that a call brought.
	rules map[monitor.ID]bool
}

type root struct {
	self    []monitor.ID        // the root alone, to be shared by its impacts
	impacts map[monitor.ID]int8 // with the business impact that each had when it became one
	worths  map[int8]int        // how many there are of each business impact
	worth   int8                // the highest of them, or 0
}

func newSuffering() suffering {
	return suffering{from: make(map[monitor.ID][]monitor.ID), roots: make(map[monitor.ID]*root), rules: make(map[monitor.ID]bool)}
}

func newRoot(id monitor.ID) *root {
	return &root{self: []monitor.ID{id}, impacts: make(map[monitor.ID]int8), worths: make(map[int8]int)}
}

func (r *root) add(id monitor.ID, worth int8) {
	r.impacts[id] = worth
	r.worths[worth]++
	r.worth = max(r.worth, worth)
}

// drop takes an impact out. It never looks through the others: there may be very many.
func (r *root) drop(id monitor.ID) {
	worth, is := r.impacts[id]
	if !is {
		return
	}
	delete(r.impacts, id)
	if r.worths[worth]--; r.worths[worth] > 0 {
		return
	}
	if delete(r.worths, worth); r.worth == worth {
		r.worth = 0
		for other := range r.worths {
			r.worth = max(r.worth, other)
		}
	}
}

// effective gives the state that an object has for all others: for those behind it, for people, for views.
func (c *Core) effective(id monitor.ID) monitor.State {
	if s := &c.standing[id]; s.marks&overlaid == 0 {
		return s.State
	}
	return c.overlay(id)
}

// shadow says whether what an object stands on is gone (all parents of a host, the host of a service, a dependency, all
// parents of a service, all sources of what is known of it), so that its failure is none of its own, and which root problems are behind that. There are none
// while a problem in front is still SOFT. What is worked out from others suffers from their roots as well, without being
// gone: people are told of it; and the services of such a host may be what it is worked out from. The slice is not the
// caller's.
func (c *Core) shadow(id monitor.ID) (gone bool, roots []monitor.ID) {
	if n, is := c.isBorder(id); is {
		return c.shadowOfBorder(n)
	}
	if c.inv.IsHost(id) {
		gone, roots = c.allOut(c.graph.Parents(id))
	} else if host := c.inv.HostOf(id); c.isOut(host) && !c.inv.Policy(id).NoHostDependency && c.ruleOf(host) == nil {
		gone, roots = true, c.rootsOf(host)
	}
	besides, more := c.shadowBesides(id)
	return gone || besides, union(roots, more)
}

// shadowBesides says the same of all that an object stands on but its parents or its host.
func (c *Core) shadowBesides(id monitor.ID) (gone bool, roots []monitor.ID) {
	if d := c.failing(id, notifying); d != nil {
		gone, roots = true, union(roots, c.rootsOf(d.Master))
	}
	if c.isOrphaned(id) {
		gone = true
		for _, n := range c.ties.ofChild.of(id) {
			roots = union(roots, c.rootsOf(c.inv.ServiceParents[n].Parent))
		}
	}
	if agent, mute := c.isMute(id); mute {
		gone, roots = true, union(roots, c.rootsOf(agent))
	}
	if c.isProblem(id) {
		if cut, behind := c.behindSources(id); cut {
			gone, roots = true, union(roots, behind)
		}
	}
	if r := c.ruleOf(id); r != nil {
		roots = union(roots, c.rootsOfAll(r.members()))
	}
	return gone, roots
}

// rootsOfAll gives what many objects suffer from: collected first and sorted once.
func (c *Core) rootsOfAll(ids []monitor.ID) []monitor.ID {
	var all []monitor.ID
	for _, id := range ids {
		all = append(all, c.rootsOf(id)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// allOut says whether there are hosts and none of them is a way through.
func (c *Core) allOut(hosts []monitor.ID) (out bool, roots []monitor.ID) {
	for _, h := range hosts {
		if !c.isOut(h) {
			return false, nil
		}
	}
	for _, h := range hosts {
		roots = union(roots, c.rootsOf(h))
	}
	return len(hosts) > 0, roots
}

// isOut says whether a host is no way through to what is behind it: not UP, or suffering from something in front of it
// of which it has not said yet that it does not matter.
func (c *Core) isOut(host monitor.ID) bool {
	return !c.isUp(host) || c.standing[host].marks&impact != 0 || c.faint(host)
}

// rootsOf gives the root problems that those behind an object suffer from: itself, or what it suffers from.
func (c *Core) rootsOf(id monitor.ID) []monitor.ID {
	if r := c.suffering.roots[id]; r != nil {
		return r.self
	}
	return c.suffering.from[id]
}

// union gives the objects of both lists, which are sorted and stay as they are.
func union(a, b []monitor.ID) []monitor.ID {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0, slices.Equal(a, b):
		return a
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// below appends what stands on an object: its services and the hosts behind it, and what depends on it; not the business
// rules over it, which are not for every change of a state (see suffering.rules).
func (c *Core) below(ids []monitor.ID, id monitor.ID) []monitor.ID {
	if id >= c.edge {
		return append(ids, c.graph.Children(id)...)
	}
	if c.inv.IsHost(id) {
		ids = append(c.servicesOf(ids, id), c.graph.Children(id)...)
	}
	for _, n := range c.ties.ofParent.of(id) {
		ids = append(ids, c.inv.ServiceParents[n].Child)
	}
	ids = c.askers(ids, id)
	from := len(ids)
	for _, n := range c.ties.ofMaster.of(id) {
		ids = append(ids, c.inv.Dependencies[n].Dependent)
	}
	var known map[monitor.ID]bool
	for i := from; i < len(ids); i++ { // those that inherit the dependency
		for _, n := range c.ties.ofMaster.of(ids[i]) {
			d := &c.inv.Dependencies[n]
			if !d.Inherits {
				continue
			}
			if known == nil {
				known = setOf(ids[from:])
			}
			if !known[d.Dependent] {
				known[d.Dependent] = true
				ids = append(ids, d.Dependent)
			}
		}
	}
	return ids
}

func setOf(ids []monitor.ID) map[monitor.ID]bool {
	set := make(map[monitor.ID]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}

// assess works out an object's marks and roots from its state and what it stands on, and says whether they are others
// than before.
func (c *Core) assess(id monitor.ID) bool {
	s := &c.standing[id]
	gone, roots := c.shadow(id)
	failing, is := c.isProblem(id), marks(0)
	roots = c.suffering.still(roots)
	switch {
	case len(roots) > 0 && failing:
		is = impact
	case gone && len(roots) > 0 && !c.saidSince(id, roots):
		is = impact
		if c.inv.Options.ImpactStates {
			is |= overlaid
		}
	case failing && !gone && s.Type == monitor.Hard && !c.isLeftOver(id):
		is = problem
	}
	if is&impact == 0 {
		roots = nil
	}
	c.noteShown(id, is)
	if is == s.marks && slices.Equal(roots, c.suffering.from[id]) {
		return false
	}
	s.marks = is
	c.tie(id, roots)
	return true
}

// saidSince says whether a good result speaks for an object although it is behind root problems: one of a check that
// began after the last of them was found.
func (c *Core) saidSince(id monitor.ID, roots []monitor.ID) bool {
	return c.heard(id, c.lastFound(roots)+1)
}

// lastFound says when the last of some root problems was found.
func (c *Core) lastFound(roots []monitor.ID) (found monitor.Time) {
	for _, r := range roots {
		found = max(found, c.foundAt(r))
	}
	return found
}

// isLeftOver says whether an object's state is one that it has because of others, and that was not looked at since.
//
// A business rule has it from its members. Those that are in trouble and are no roots are left over themselves: their host is
// back, and they are being looked at.
func (c *Core) isLeftOver(id monitor.ID) bool {
	if r := c.ruleOf(id); r != nil && len(c.troubled(r)) > 0 {
		return true
	}
	s := &c.standing[id]
	return s.HostProblem || c.isAnyHost(id) && s.State == monitor.Unreachable
}

// tie writes down what an object suffers from, and what it is itself a root of.
func (c *Core) tie(id monitor.ID, roots []monitor.ID) {
	w := &c.suffering
	c.noteNews(id)
	c.noteToll(w.from[id])
	c.noteToll(roots)
	for _, r := range w.from[id] {
		if old := w.roots[r]; old != nil {
			old.drop(id)
		}
	}
	if delete(w.from, id); len(roots) > 0 {
		w.from[id] = roots
	}
	if id >= c.edge {
		c.noteToll([]monitor.ID{id})
	} else {
		for _, r := range roots {
			w.roots[r].add(id, c.ownImpact(id))
		}
	}
	switch is := c.standing[id].marks&problem != 0; {
	case !is && c.borders.named[id] > 0: // as others say
	case !is:
		delete(w.roots, id)
	case w.roots[id] == nil:
		w.roots[id] = newRoot(id)
	}
}

// still leaves out what is no root problem any more: what suffered from it has yet to be assessed.
func (w *suffering) still(roots []monitor.ID) []monitor.ID {
	over := func(r monitor.ID) bool { return w.roots[r] == nil }
	if slices.ContainsFunc(roots, over) {
		return slices.DeleteFunc(slices.Clone(roots), over)
	}
	return roots
}

// worth gives what an object is worth at present: the highest business impact of itself and what suffers from it.
func (c *Core) worth(id monitor.ID) int8 {
	own := c.ownImpact(id)
	if c.standing[id].marks&problem == 0 {
		return own
	}
	if r := c.suffering.roots[id]; r != nil {
		own = max(own, r.worth)
	}
	if len(c.borders.watched) > 0 {
		own = max(own, c.worthElsewhere(id))
	}
	return own
}
