package core

import "github.com/onbu/onbu/monitor"

// Submit applies passive results. Those for unknown objects, with a state that does not exist, or where passive results
// are turned off, are dropped with a BrokLog. What is kept of the strings is copied.
func (c *Core) Submit(now monitor.Time, subs []monitor.Submission, d *Decisions) {
	c.enter(now)
	for i := range subs {
		c.submit(&subs[i], d)
	}
	c.followMembers(d)
	c.leave(d)
}

func (c *Core) submit(s *monitor.Submission, d *Decisions) {
	id, ok := c.find(s.Ref)
	if why := c.refusal(s, id, ok); why != "" {
		d.Dropped++
		c.log(d, "passive result for %s from %s dropped: %s", s.Ref, s.Source, why)
		return
	}
	made := s.Time
	if made == 0 || made > c.now {
		made = c.now
	}
	outcome := &s.Outcome
	if s.Keep {
		own := s.Outcome
		own.State = c.kept(id)
		outcome = &own
	}
	if c.inv.Options.LogPassiveChecks {
		c.logPassive(s.Ref, outcome, d)
	}
	t := c.try(id, outcome, d)
	state := c.modulated(id, t.outcome.State)
	switch {
	case t.decided:
		state = c.sentence(id, t.outcome.State)
	case s.IsHost():
		state = c.modulatedHost(id, t.outcome.State)
	}
	c.apply(id, &look{
		state: state, how: monitor.Passive, started: made, finished: made, latency: c.now.Sub(made),
		module: "passive", poller: s.Source, outcome: t.outcome,
	}, d)
	c.pronounce(t.others, d)
}

// kept gives the state that a result leaves as it is.
func (c *Core) kept(id monitor.ID) monitor.State {
	if state := c.standing[id].State; state != monitor.Pending {
		return state
	}
	return monitor.OK
}

// refusal says what speaks against a passive result; nothing if it is empty.
func (c *Core) refusal(s *monitor.Submission, id monitor.ID, known bool) string {
	switch host := s.IsHost(); {
	case !known:
		return "there is no such object in this configuration"
	case host && s.State > monitor.Unreachable:
		return "a host is 0 (UP), 1 (DOWN) or 2 (UNREACHABLE)"
	case s.State > monitor.Unknown:
		return "a service is 0 (OK) to 3 (UNKNOWN)"
	case !c.on(id, monitor.PassiveChecks):
		return "passive results are turned off"
	}
	return ""
}

func (c *Core) logPassive(of monitor.Ref, o *monitor.Outcome, d *Decisions) {
	if of.IsHost() {
		c.log(d, "PASSIVE HOST CHECK: %s;%d;%s", of.Host, o.State, oneLine(o.Output))
		return
	}
	c.log(d, "PASSIVE SERVICE CHECK: %s;%s;%d;%s", of.Host, of.Service, o.State, oneLine(o.Output))
}
