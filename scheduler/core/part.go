package core

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/verdict"
)

// mostShown is how many roots or impacts of an object are listed at most.
const mostShown = 100

// fillPart writes an object's part in problems into a status.
func (c *Core) fillPart(id monitor.ID, s *monitor.Status) {
	is := c.standing[id].marks
	s.OwnState, s.Overlaid = c.standing[id].State, is&overlaid != 0
	s.Problem, s.Impact = is&problem != 0, is&impact != 0
	s.BusinessImpact = c.worth(id)
	s.Sources, s.ShownSince = nil, c.shownAt(id)
	if is&impact != 0 {
		for _, r := range first(c.suffering.from[id], mostShown) {
			s.Sources = append(s.Sources, c.refOf(r))
		}
	}
}

// ownState gives the state of an object's own last result.
func ownState(s *monitor.Status) monitor.State {
	if s.Overlaid {
		return s.OwnState
	}
	return s.State
}

// partOf gives the marks that a status shows. What they follow from may not have been loaded yet: Begin works them out.
func partOf(s *monitor.Status) (is marks) {
	for _, one := range []struct {
		is   bool
		mark marks
	}{{s.Problem, problem}, {s.Impact, impact}, {s.Overlaid, overlaid}} {
		if one.is {
			is |= one.mark
		}
	}
	return is
}

func first[T any](list []T, n int) []T { return list[:min(n, len(list))] }

// impacts says how many objects suffer from an object.
func (c *Core) impacts(id monitor.ID) uint32 {
	if r := c.suffering.roots[id]; r != nil {
		n := len(r.impacts)
		for _, t := range c.tollsOf(id) {
			n += int(t.Count)
		}
		return uint32(n)
	}
	return 0
}

// suffers says from what an object suffers, so that nobody is told of it; empty if it does not, or if people want to be
// told of that as well.
func (c *Core) suffers(id monitor.ID) string {
	if c.inv.Options.TellImpacts {
		return ""
	}
	gone, roots := c.shadow(id)
	if !gone && !(c.inv.IsHost(id) && c.standing[id].State == monitor.Unreachable) {
		return ""
	}
	if len(roots) == 0 {
		roots = c.rootCause(c.inv.HostOf(id))
	}
	switch host := c.inv.HostOf(id); {
	case len(roots) > 0:
		return "it suffers from " + c.listed(roots)
	case c.isCutOff(id):
		return "its data come from other hosts, and those cannot be asked or have yet to deliver"
	case host != id && !c.isUp(host):
		return "its host is not UP"
	}
	return "something in front of it was in trouble while it was checked"
}

// sameTrouble says whether a host that is in trouble was only cut off or found again: people were told of its own trouble
// already, or will be, and of what cuts it off they hear elsewhere.
func (c *Core) sameTrouble(id monitor.ID, was, is verdict.Standing) bool {
	return c.inv.IsHost(id) && c.rootFirst() && !c.inv.Options.TellImpacts && bad(was.State) && bad(is.State)
}

func bad(host monitor.State) bool { return host == monitor.Down || host == monitor.Unreachable }

// listed names objects with their states, the first few of them.
func (c *Core) listed(ids []monitor.ID) string {
	const most = 5
	var names []string
	for _, id := range first(ids, most) {
		names = append(names, c.called(id))
	}
	if more := len(ids) - most; more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// explainPart fills in from what an object suffers and what suffers from it.
func (c *Core) explainPart(id monitor.ID, e *monitor.Explanation) {
	for _, r := range first(c.suffering.from[id], mostShown) {
		e.Roots = append(e.Roots, c.neighbour(r))
	}
	if r := c.suffering.roots[id]; r != nil {
		e.ImpactCount = int(c.impacts(id))
		for _, i := range first(slices.Sorted(maps.Keys(r.impacts)), mostShown) {
			e.Impacts = append(e.Impacts, c.neighbour(i))
		}
		e.Impacts = first(append(e.Impacts, c.impactsElsewhere(id)...), mostShown)
	}
}

// counted says how many there are of something.
func counted(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// whyPart explains an object's part in problems.
func (c *Core) whyPart(id monitor.ID) (why []string) {
	is := c.standing[id].marks
	if is&overlaid != 0 {
		why = append(why, fmt.Sprintf("it is %s because it suffers from %s; its own last check, at %s, said %s: %s",
			c.stateName(id), c.listed(c.suffering.from[id]), stamp(c.times[id].check), c.ownName(id), c.text[id].Output()))
	} else if is&impact != 0 {
		why = append(why, "it suffers from "+c.listed(c.suffering.from[id]))
	}
	if n := c.impacts(id); n > 0 {
		why = append(why, "it is a root problem: "+counted(int(n), "object suffers", "objects suffer")+" from it")
	}
	if h := c.waiting.of[id]; h != nil {
		why = append(why, c.whyHeld(h))
	}
	return why
}

// ownName names the state of an object's own last result.
func (c *Core) ownName(id monitor.ID) string {
	if c.inv.IsHost(id) {
		return c.standing[id].State.HostName()
	}
	return c.standing[id].State.ServiceName()
}

// whyHeld says what a held result waits for.
func (c *Core) whyHeld(h *heldLook) string {
	if text := c.whyUnproven(h); text != "" {
		return fmt.Sprintf("its failure (%s) is not believed yet: %s", oneLine(h.said.Output), text)
	}
	var names []string
	for _, p := range first(h.on, 5) {
		names = append(names, c.refOf(p).String())
	}
	return fmt.Sprintf("its failure (%s) waits until its parents have been looked at: %s (since %s, at most until %s)",
		oneLine(h.said.Output), strings.Join(names, ", "), stamp(h.since), stamp(h.until))
}
