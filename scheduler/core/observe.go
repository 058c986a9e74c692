package core

import (
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/verdict"
)

// look is one result, wherever it came from.
type look struct {
	state             monitor.State
	how               monitor.CheckType
	started, finished monitor.Time
	latency           time.Duration
	module, poller    string
	outcome           *monitor.Outcome
	// arrival says that the check was made because a payload came.
	arrival bool
	// counted is when the last attempt at the problem began that counted, if this result is none: count sets it.
	counted monitor.Time
	// past says that the trouble that a failure may have met is over: weigh sets it.
	past bool
	// news says that the output is another than the last: record sets it.
	news bool
}

// Observe applies results of jobs. Those of another shard or epoch, with an old sequence number, or coming twice are
// dropped and counted. What is kept of the strings is copied: they may lie in a message.
func (c *Core) Observe(now monitor.Time, results []monitor.Result, d *Decisions) {
	c.enter(now)
	for i := range results {
		if i%warmth == 0 {
			c.warmResults(results[i:])
		}
		r := &results[i]
		if r.Shard != c.inv.Shard || r.Epoch != c.epoch || !c.awaits(JobKey{r.Object, r.Seq}) {
			d.Dropped++
			continue
		}
		c.answer(r, d)
	}
	c.followMembers(d)
	c.leave(d)
}

// answer applies the result of the job that is out. That of a freshness check is not needed any more if something was
// heard meanwhile.
func (c *Core) answer(r *monitor.Result, d *Decisions) {
	id, run := r.Object, &c.run[r.Object]
	overtaken := run.flags.has(stale) && c.times[id].update > run.sent
	if run.flags.has(again) {
		defer c.demandReader(id, d)
	}
	forPayload := run.reasons().Has(monitor.Arrived)
	run.flags &^= inFlight | stale | again | arrival
	if overtaken {
		d.Dropped++
		c.plan(id, c.interval(id), c.now)
		return
	}
	started := min(max(r.Started, run.sent), c.now)
	t := c.try(id, &r.Outcome, d)
	c.answering = look{
		state: c.answered(id, t.outcome), how: monitor.Active,
		started: started, finished: min(max(r.Finished, started), c.now), latency: started.Sub(run.sent),
		module: r.Module, poller: r.Poller, outcome: t.outcome, arrival: forPayload,
	}
	if !run.flags.has(pinned|forced) && run.next != 0 && run.next <= run.sent {
		c.answering.latency = started.Sub(run.next)
	}
	c.apply(id, &c.answering, d)
	c.answering.outcome = nil // the slice of results is not kept
	c.pronounce(t.others, d)
}

// answered turns a plugin's answer into a state. A service check that timed out has the state that
// service_check_timeout_state says, a host check is DOWN.
func (c *Core) answered(id monitor.ID, o *monitor.Outcome) monitor.State {
	code := o.State
	switch host := c.inv.IsHost(id); {
	case o.TimedOut && !host:
		code = c.inv.Options.ServiceTimeoutState
	case o.TimedOut, code > monitor.Unknown: // a return code that is out of bounds
		code = monitor.Critical
	}
	code = c.modulated(id, code)
	if c.inv.IsHost(id) {
		return verdict.ActiveHost(code, c.inv.Options.AggressiveHostChecks)
	}
	return code
}

// assumedModule is the index, among the names of modules, of what made no check at all.
const assumedModule = 0

// assumed is what a host without a check command says.
var assumed = monitor.Outcome{Output: "(Host assumed to be UP)"}

// assumeUp is the check of a host that has no check command.
func (c *Core) assumeUp(id monitor.ID, d *Decisions) {
	c.apply(id, &look{state: monitor.Up, started: c.now, finished: c.now, outcome: &assumed}, d)
}

// apply makes a result the object's present, does what follows from it, and plans the next check.
func (c *Core) apply(id monitor.ID, l *look, d *Decisions) {
	before := c.lasting(id)
	if l.state == monitor.OK {
		c.beat(id, l, d)
	}
	if c.wait(id, l, d) {
		return
	}
	made, at := d.check(), len(d.Broks)

	c.count(id, l)
	c.record(id, l)
	v := c.weigh(id, l)
	if c.inv.Options.HardUnknownPhase {
		v = c.unknownPhase(id, v)
	}
	if l.state != monitor.OK && c.rootFirst() && l.module != ruleModule && c.mastersReturned(id, l) {
		l.past = true
	}
	if l.past {
		v.Steps &^= verdict.Notify
	}
	c.settle(id, v, d)
	v.Steps |= c.stalk(id, l)
	c.mark(id, l)
	if l.how == monitor.Active {
		c.after(id, v.Steps, l)
	} else {
		c.confirm(id, v.Steps)
	}
	c.fillCheck(id, &d.Checks[made])
	c.keep(id, before, v, at, d)
	c.remindOfHost(id, v.Steps, d)
	c.askOthers(id, v.Steps, d)
	c.askMasters(id, d)
	if before.standing.LastHard != c.standing[id].LastHard {
		c.hardMoved(id)
	}
	c.goOn(id, l, v.Steps, d)
}

// record writes down when and how the check was made and what it said.
func (c *Core) record(id monitor.ID, l *look) {
	t, r, x := &c.times[id], &c.run[id], &c.text[id]
	t.check, t.update = l.started, c.now
	r.latency, r.execution = inMicros(l.latency), inMicros(l.finished.Sub(l.started))
	if c.names[r.module] != l.module {
		r.module = c.intern(l.module)
	}
	if c.names[r.poller] != l.poller {
		r.poller = c.intern(l.poller)
	}
	c.standing[id].check = l.how
	if c.asks.lastPerfdata {
		c.lastPerfdata[id] = x.Perfdata()
	}
	output := oneLine(l.outcome.Output)
	l.news = x.Output() != output
	if !x.is(output, l.outcome.LongOutput, l.outcome.Perfdata) {
		*x = newText(output, l.outcome.LongOutput, l.outcome.Perfdata)
	}
}

// oneLine makes an output safe for logs whose fields are parted by semicolons, as Nagios does.
func oneLine(s string) string {
	if strings.IndexByte(s, ';') < 0 {
		return s
	}
	return strings.ReplaceAll(s, ";", ":")
}

// weigh asks for the verdict.
func (c *Core) weigh(id monitor.ID, l *look) verdict.Verdict {
	was := c.standing[id].Standing
	if !c.inv.IsHost(id) {
		return verdict.OfService(was, verdict.ServiceCheck{
			State: l.state, HostUp: c.hostUp(id, l), Volatile: c.inv.Policy(id).Volatile, Uncounted: l.counted != 0,
		})
	}
	o := &c.inv.Options
	return verdict.OfHost(was, verdict.HostCheck{
		State: l.state, Reach: c.reach(id, l), Passive: l.how == monitor.Passive, Uncounted: l.counted != 0,
		PassiveSoft: o.PassiveHostChecksAreSoft, Translate: o.TranslatePassiveHostChecks,
	})
}

// unknownPhase applies hard_unknown_phase.
func (c *Core) unknownPhase(id monitor.ID, v verdict.Verdict) verdict.Verdict {
	s, lost := &c.standing[id], monitor.Unknown
	if c.inv.IsHost(id) {
		lost = monitor.Unreachable
	}
	v, s.beforeUnknown = verdict.HardUnknown(s.Standing, v, lost, s.beforeUnknown)
	return v
}

// mark notes when the object was last seen in its state, and the first time that it was in any.
func (c *Core) mark(id monitor.ID, l *look) {
	t := &c.times[id]
	if state := c.standing[id].State; state != monitor.OK {
		c.past.open(id).failed[state-1] = l.started
	} else {
		t.fine = l.started
	}
	if t.change == 0 {
		t.change = l.started
	}
	if t.hardChange == 0 {
		t.hardChange = l.started
	}
}

// after plans the next check: from the beginning of this one, so that a check that lasts as long as its interval is made
// in each. A retry is that far from it; all others are on the object's grid.
// What has no regular checks is retried until its state is clear, and then left alone again. What did not count puts no
// retry off.
func (c *Core) after(id monitor.ID, steps verdict.Steps, l *look) {
	p, r := c.inv.Policy(id), &c.run[id]
	if !steps.Has(verdict.Retry) || p.RetryInterval <= 0 || r.flags&(pinned|inFlight) != 0 {
		c.plan(id, p.CheckInterval, max(l.started, c.now.Add(-p.CheckInterval)))
		return
	}
	r.flags &= held
	if l.counted != 0 {
		r.next = max(l.counted.Add(p.RetryInterval), c.now)
	} else {
		r.next = c.notBefore(id, p.RetryInterval, max(l.started.Add(p.RetryInterval), c.now))
	}
	if !c.in(p.CheckPeriod, r.next) {
		r.next = c.regular(id, p.RetryInterval, r.next)
	}
	c.lay(id)
}

// confirm brings the next check forward where a passive result has begun or changed a problem that is still to be
// confirmed, as Nagios 4.4 does (checks.c: a change of the state has the object scheduled).
func (c *Core) confirm(id monitor.ID, steps verdict.Steps) {
	p, r := c.inv.Policy(id), &c.run[id]
	if !steps.Has(verdict.Retry|verdict.Changed) || p.RetryInterval <= 0 || !c.checked(id) || r.flags.has(inFlight) {
		return
	}
	next := c.now.Add(p.RetryInterval)
	if c.in(p.CheckPeriod, next) && (r.next == 0 || next < r.next) {
		r.next = next
		c.lay(id)
	}
}

// keep adds the brok that lasts if anything lasting has changed, before those that came of it. A passive result is always
// recorded: its sender was told that it is stored, and nobody makes it again.
func (c *Core) keep(id monitor.ID, before lasting, v verdict.Verdict, at int, d *Decisions) {
	alert := v.Steps.Has(verdict.Alert)
	same := !alert && before == c.lasting(id)
	if same && c.standing[id].check == monitor.Active {
		return
	}
	s := d.status()
	c.fill(id, s)
	b := monitor.Brok{Kind: monitor.BrokState, Time: c.now, Shard: c.inv.Shard, Status: s}
	switch {
	case same:
		b.Kind = monitor.BrokHeard
	case alert:
		b.Kind, b.Text = monitor.BrokAlert, c.alertText(id, v.Seen)
		b.Type, b.Attempt = v.Seen.Type, v.Seen.Attempt
	}
	d.insert(at, b)
}

// askOthers has the hosts checked whose state is in doubt after this result.
func (c *Core) askOthers(id monitor.ID, steps verdict.Steps, d *Decisions) {
	host := c.inv.HostOf(id)
	last := c.times[host].check
	switch {
	case last == 0:
		c.ask(host, d) // nobody may ever have a reason again: its interval may be 0
	case steps.Has(verdict.AskHost):
		if c.now.Sub(last) > c.inv.Options.CachedHostCheck {
			c.ask(host, d)
		}
	case steps.Has(verdict.AskAround | verdict.Begins):
		c.askEach(c.graph.Parents(id), c.isUp, d)
		c.askEach(c.graph.Children(id), c.isNotUnreachable, d)
	case steps.Has(verdict.AskAround | verdict.Ends):
		c.askEach(c.graph.Parents(id), c.isNotUp, d)
		c.askEach(c.graph.Children(id), c.isNotUp, d)
	}
}

func (c *Core) askEach(hosts []monitor.ID, which func(monitor.ID) bool, d *Decisions) {
	for _, h := range hosts {
		if which(h) {
			c.ask(h, d)
		}
	}
}

func (c *Core) isNotUp(host monitor.ID) bool { return !c.isUp(host) }

func (c *Core) isNotUnreachable(host monitor.ID) bool {
	return c.standing[host].State != monitor.Unreachable
}
