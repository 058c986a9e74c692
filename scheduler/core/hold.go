package core

import (
	"fmt"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/verdict"
)

// hold is why a check that is due is not made; the zero hold says that it is.
type hold struct {
	why        holdKind
	dependency *monitor.Dependency
	parent     monitor.ID
	// status is what becomes of the state: 0-3 set it, others leave it as it is.
	status int8
}

type holdKind uint8

const (
	free holdKind = iota
	byDependency
	byParent
	byHost
)

// keepChecking is the status of skipped checks that lets a service be checked as long as it is WARNING or better.
const keepChecking = -2

// held says what keeps an object from being checked: an execution dependency, a parent of the service, or its host where
// host_down_disable_service_checks is set (Nagios 4.4 checks.c, check_service_check_viability and
// check_host_check_viability). Forced checks do not ask it.
func (c *Core) held(id monitor.ID) hold {
	o := &c.inv.Options
	if d := c.failing(id, execution); d != nil {
		h := hold{why: byDependency, dependency: d, status: o.SkipDependencyService}
		if c.inv.IsHost(id) {
			h.status = o.SkipDependencyHost
		}
		return c.unlessKept(id, h)
	}
	if parent, bad := c.badParent(id); bad {
		return c.unlessKept(id, hold{why: byParent, parent: parent, status: o.SkipParent})
	}
	if o.SkipHostDown && !c.inv.IsHost(id) && !c.isUp(c.inv.HostOf(id)) {
		return c.unlessKept(id, hold{why: byHost, status: o.SkipHostDownStatus})
	}
	return hold{}
}

func (c *Core) unlessKept(id monitor.ID, h hold) hold {
	if h.status == keepChecking && !c.inv.IsHost(id) && c.stateOrUp(id) <= monitor.Warning {
		return hold{}
	}
	return h
}

// skips says whether a check that is due is not made, and gives the object the state that the options want then.
func (c *Core) skips(id monitor.ID, d *Decisions) bool {
	h := c.held(id)
	if h.why == free {
		return false
	}
	if h.status >= 0 {
		c.pretend(id, monitor.State(h.status), h.why, d)
	}
	return true
}

// pretend gives an object a state that no check said. There is no alert, and nobody is told.
func (c *Core) pretend(id monitor.ID, state monitor.State, why holdKind, d *Decisions) {
	s := &c.standing[id]
	if c.inv.IsHost(id) {
		state = min(state, monitor.Unreachable)
	}
	if s.State == state {
		return
	}
	steps := verdict.Changed
	was := c.isProblem(id)
	s.LastState, s.State = c.stateOrUp(id), state
	switch is := c.isProblem(id); {
	case is && !was:
		steps |= verdict.Begins
	case was && !is:
		steps |= verdict.Ends
		s.Type, s.Attempt, s.LastHard = monitor.Hard, 1, monitor.OK
		s.Ack = monitor.AckNone
		c.dropAckComments(id, d)
		c.setAckEnd(id, 0)
		c.forget(id, true)
		c.hardMoved(id)
	}
	c.number(id, steps)
	c.times[id].change = c.now
	c.ripple(id, d)
	x := &c.text[id]
	*x = newText(why.prefix()+unprefixed(x.Output()), x.Long(), x.Perfdata())
	c.changed(monitor.BrokState, id, "", d)
}

// prefix goes before the output of the last check that was made.
func (k holdKind) prefix() string {
	return [...]string{"", "(dependency failed) was: ", "(parent in trouble) was: ", "(host is down) was: "}[k]
}

func unprefixed(output string) string {
	for _, k := range []holdKind{byDependency, byParent, byHost} {
		output = strings.TrimPrefix(output, k.prefix())
	}
	return output
}

// sayHold says why a check is not made, for people.
func (c *Core) sayHold(id monitor.ID, h hold) string {
	switch h.why {
	case byDependency:
		return "no check is made: " + c.sayFailing(id, h.dependency, execution)
	case byParent:
		return fmt.Sprintf("no check is made: its parent %s was last %s", c.inv.Ref(h.parent), c.standing[h.parent].LastHard.ServiceName())
	case byHost:
		return "no check is made: its host is " + c.stateName(c.inv.HostOf(id)) + " (host_down_disable_service_checks)"
	}
	return ""
}

// cached gives how old a result may be and still spare a check on demand.
func (c *Core) cached(id monitor.ID) time.Duration {
	if c.inv.IsHost(id) {
		return c.inv.Options.CachedHostCheck
	}
	return c.inv.Options.CachedServiceCheck
}

// explainMasters fills in what an object depends on, the rules that it is a member of, and the expression of its own.
func (c *Core) explainMasters(id monitor.ID, e *monitor.Explanation) {
	for _, master := range c.masters(id) {
		e.Masters = append(e.Masters, c.neighbour(master))
	}
	for _, over := range c.rulesOver(id) {
		e.Children = append(e.Children, c.neighbour(over))
	}
	if r := c.ruleOf(id); r != nil {
		e.Command = ruleModule + "!" + r.conf.Expression
	}
}

// masters lists what an object depends on: its dependencies' masters, the parents of a service, the members of a business
// rule.
func (c *Core) masters(id monitor.ID) []monitor.ID {
	var ids []monitor.ID
	for _, n := range c.ties.ofDependent.of(id) {
		ids = append(ids, c.inv.Dependencies[n].Master)
	}
	for _, n := range c.ties.ofChild.of(id) {
		ids = append(ids, c.inv.ServiceParents[n].Parent)
	}
	if r := c.ruleOf(id); r != nil {
		ids = append(ids, r.members()...)
	}
	return ids
}
