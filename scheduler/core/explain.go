package core

import (
	"fmt"
	"slices"
	"time"

	"github.com/onbu/onbu/monitor"
)

// Explain says why an object is in the state it is in; false if the inventory does not have it. Values of $USERn$ in the
// command line are masked, and those of custom variables that are secrets.
func (c *Core) Explain(now monitor.Time, ref monitor.Ref) (monitor.Explanation, bool) {
	id, ok := c.find(ref)
	if !ok {
		return monitor.Explanation{}, false
	}
	c.enter(now)
	p, call := c.inv.Policy(id), c.checkOf(id)
	e := monitor.Explanation{
		Status: c.Status(id), Shard: c.inv.Shard, Epoch: c.epoch,
		Command:   string(c.appendCommand(nil, call)),
		Pool:      p.Pool,
		Checking:  c.checking(id),
		InFlight:  c.run[id].flags.has(inFlight),
		PeriodNow: c.in(p.CheckPeriod, c.now),
		Told:      slices.Clone(c.told[id]),
		Downtimes: values(c.downtimes.on(id)),
		Comments:  values(c.comments.on(id)),
	}
	slices.Reverse(e.Told)
	if e.InFlight {
		e.Sent = c.run[id].sent
	}
	if p.CheckPeriod != monitor.None {
		e.Period = c.inv.Timeperiods[p.CheckPeriod].Name
	}
	if call.Command != monitor.None {
		e.Line = c.maskedLine(id, call)
		if e.Pool == "" {
			e.Pool = c.inv.Commands[call.Command].Pool
		}
	}
	c.around(id, &e)
	c.explainPart(id, &e)
	c.explainMasters(id, &e)
	e.Untold = c.untoldOf(id)
	e.Why = c.why(id, &e)
	return e, true
}

func values[T any](things []*T) []T {
	var all []T
	for _, t := range things {
		all = append(all, *t)
	}
	return all
}

// maskedLine gives the command line with the values of $USERn$ hidden, but for $USER1$ and $USER2$, which by convention
// hold the directories of plugins and event handlers, and those of custom variables that are called like secrets.
func (c *Core) maskedLine(id monitor.ID, call monitor.Call) string {
	users := c.users
	c.users = slices.Clone(users)
	for n := 3; n < len(users); n++ {
		if users[n] != "" {
			c.users[n] = "***"
		}
	}
	c.masking = true
	line := string(c.appendLine(nil, id, call))
	c.users, c.masking = users, false
	return line
}

// around gives the neighbours: parents and children of a host, the host of a service.
func (c *Core) around(id monitor.ID, e *monitor.Explanation) {
	if host := c.inv.HostOf(id); host != id {
		e.Parents = []monitor.Neighbour{c.neighbour(host)}
		return
	}
	for _, p := range c.graph.Parents(id) {
		e.Parents = append(e.Parents, c.neighbour(p))
	}
	for _, k := range c.graph.Children(id) {
		e.Children = append(e.Children, c.neighbour(k))
	}
}

func (c *Core) neighbour(id monitor.ID) monitor.Neighbour {
	if n, is := c.isGhost(id); is {
		return c.post.sources[n].neighbour(c.refOf(id))
	}
	if k, is := c.isFar(id); is {
		return c.borders.far[k].neighbour()
	}
	s := &c.standing[id]
	n := monitor.Neighbour{Ref: c.refOf(id), State: c.effective(id), Type: s.Type, Check: c.times[id].check}
	n.Shard, n.Elsewhere = c.homeOf(id)
	return n
}

// checking says how an object's checks are made.
func (c *Core) checking(id monitor.ID) string {
	p := c.inv.Policy(id)
	active := c.on(id, monitor.ActiveChecks) && c.inv.Check(id).Command != monitor.None
	if r := c.ruleOf(id); r != nil {
		return c.ruleChecking(r)
	}
	if text := c.triggerChecking(id); text != "" {
		return text
	}
	switch {
	case !active && c.inv.IsHost(id) && c.inv.Check(id).Command == monitor.None:
		return "no check command: assumed to be UP"
	case !active && c.on(id, monitor.PassiveChecks):
		return "passive only"
	case !active:
		return "neither active nor passive"
	case p.CheckInterval == 0:
		return "only on demand"
	case p.RetryInterval == 0 || p.MaxAttempts <= 1:
		return fmt.Sprintf("active every %v", p.CheckInterval)
	}
	return fmt.Sprintf("active every %v, retried every %v, %d attempts", p.CheckInterval, p.RetryInterval, p.MaxAttempts)
}

// why gives the reasons, the most important first.
func (c *Core) why(id monitor.ID, e *monitor.Explanation) []string {
	var why []string
	why = append(why, c.whyPart(id)...)
	why = append(why, c.whyState(id)...)
	why = append(why, c.whyTriggers(id)...)
	why = append(why, c.whyUnchecked(id, e)...)
	why = append(why, c.whyNobody(id, e)...)
	why = append(why, c.whySources(id)...)
	why = append(why, c.whyBorder(id)...)
	why = append(why, c.whyFlapping(id)...)
	if n := c.standing[id].depth; n > 0 {
		why = append(why, counted(int(n), "downtime is", "downtimes are")+" in effect: nobody is told of problems")
	}
	return why
}

// whyState explains the state itself.
func (c *Core) whyState(id monitor.ID) []string {
	s := &c.standing[id]
	since := c.times[id].change.Std().Format(time.DateTime)
	switch {
	case s.State == monitor.Pending:
		return []string{"it was never checked since Onbu knows it"}
	case !c.isProblem(id):
		return nil
	}
	var why []string
	host := c.inv.HostOf(id)
	if host != id && !c.isUp(host) {
		root := c.rootCause(host)
		why = append(why, fmt.Sprintf("its host is %s%s: the service is not retried and nobody is told of it",
			c.stateName(host), c.because(host, root)))
	} else if s.State == monitor.Unreachable && host == id && len(c.graph.Parents(id)) > 0 {
		why = append(why, fmt.Sprintf("none of its parents is UP (%s); the root cause is %s",
			c.listed(c.graph.Parents(id)), c.listed(c.rootCause(id))))
	}
	said := fmt.Sprintf("the last check said %s since %s: %s", c.stateName(id), since, c.text[id].Output())
	why = append(why, said)
	if s.Type == monitor.Soft {
		why = append(why, fmt.Sprintf("it is SOFT: attempt %d of %d, the next at %s", s.Attempt, s.Max,
			c.run[id].next.Std().Format(time.DateTime)))
	}
	return why
}

func (c *Core) because(host monitor.ID, root []monitor.ID) string {
	if len(root) == 0 || len(root) == 1 && root[0] == host {
		return ""
	}
	return " because of " + c.listed(root)
}

// rootCause gives the DOWN hosts that an object out of reach waits for: the nearest on each way up.
func (c *Core) rootCause(host monitor.ID) []monitor.ID {
	var roots []monitor.ID
	queue, seen := []monitor.ID{host}, map[monitor.ID]bool{host: true}
	for len(queue) > 0 {
		h := queue[0]
		queue = queue[1:]
		if c.standing[h].State == monitor.Down {
			roots = append(roots, h)
			continue
		}
		for _, p := range c.graph.Parents(h) {
			if !seen[p] && !c.isUp(p) {
				seen[p] = true
				queue = append(queue, p)
			}
		}
	}
	return roots
}

// whyUnchecked explains why no check is made, or why none has come back.
func (c *Core) whyUnchecked(id monitor.ID, e *monitor.Explanation) []string {
	var why []string
	switch {
	case e.InFlight:
		why = append(why, fmt.Sprintf("a check was issued %s ago", c.now.Sub(e.Sent).Round(time.Millisecond)))
	case !c.checked(id) && c.standing[id].switches&monitor.ActiveChecks != 0:
		why = append(why, "active checks are turned off for the whole program")
	case !c.checked(id):
		why = append(why, "active checks are turned off for it")
	case c.held(id).why != free:
		why = append(why, c.sayHold(id, c.held(id)))
	case !e.PeriodNow:
		next := "never opens again"
		if open := c.periods[c.inv.Policy(id).CheckPeriod].Next(c.now); open != 0 {
			next = "opens at " + c.wall(open)
		}
		why = append(why, "it is outside of its check period "+e.Period+", which "+next)
	}
	return why
}

// wall gives a time as the clock shows it where the time periods are meant, with the name of the zone.
func (c *Core) wall(t monitor.Time) string { return t.Std().In(c.zone).Format(time.DateTime + " MST") }

// whyNobody explains why people were not told of a problem, or would not be at the next check.
func (c *Core) whyNobody(id monitor.ID, e *monitor.Explanation) []string {
	if !c.isProblem(id) {
		return nil
	}
	if reason := c.silence(id, ofState); reason != "" {
		if c.toldLast(id) != 0 {
			return []string{"nobody is told again at present: " + reason}
		}
		return []string{"nobody is told at present: " + reason}
	}
	if len(e.Untold) == 0 {
		return []string{"nobody is told: it has no contacts"}
	}
	return nil
}
