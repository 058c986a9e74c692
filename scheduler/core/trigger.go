package core

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/verdict"
)

// Judge runs the triggers of one inventory: scripts that work states out of what was measured. A core calls it from its own
// goroutine, one call at a time. A call takes bounded time and memory, and never panics.
type Judge interface {
	// Judge runs the triggers of an object, by their numbers in the inventory and in that order, each on what the one before
	// made of the result.
	Judge(triggers []uint32, s *Sight) Judgement
}

// Judgement is what triggers make of a result.
type Judgement struct {
	// Own is the result as it is now; Decided says that a trigger set its state.
	Own     monitor.Outcome
	Decided bool
	// Others are results that triggers made for other objects.
	Others []Sentence
	// Wrong says what went wrong, with file and line; empty if nothing did. Nothing else of the judgement counts then.
	Wrong string
	// Said are lines for the log.
	Said []string
}

// Sentence is a result for another object. Its state is a plugin's code, for a host too.
type Sentence struct {
	Object monitor.ID
	monitor.Outcome
}

// Sight is what triggers may see: the objects of the shard, the one whose result it is with that result. It is good for one
// call of Judge.
type Sight struct {
	core *Core
	// Object is whose result it is, Result what came in; its state is a plugin's code.
	Object monitor.ID
	Result monitor.Outcome
}

// Seen is what a trigger sees of an object.
type Seen struct {
	State, LastHard monitor.State
	Type            monitor.StateType
	Attempt         uint16
	// Output, LongOutput and Perfdata are those of the last result.
	Output, LongOutput, Perfdata string
	// Check, Change and HardChange say when the last check was made, and when the state and the hard state last changed; 0 for
	// never.
	Check, Change, HardChange monitor.Time
	Acknowledged, InDowntime  bool
}

// Now gives the time of the result.
func (s *Sight) Now() monitor.Time { return s.core.now }

// Inventory gives the configuration in use.
func (s *Sight) Inventory() *monitor.Inventory { return s.core.inv.Inventory }

// Find gives an object of the shard by name.
func (s *Sight) Find(ref monitor.Ref) (monitor.ID, bool) { return s.core.find(ref) }

// Services gives the numbers of a host's services: from first to the one before last.
func (s *Sight) Services(host monitor.ID) (first, last monitor.ID) { return s.core.services(host) }

// See gives what is known of an object. Of the one whose result it is, state and texts are still those of the result before.
func (s *Sight) See(id monitor.ID) Seen {
	c := s.core
	st, t, x := &c.standing[id], &c.times[id], c.text[id]
	return Seen{
		State: c.effective(id), LastHard: st.LastHard, Type: st.Type, Attempt: st.Attempt,
		Output: x.Output(), LongOutput: x.Long(), Perfdata: x.Perfdata(),
		Check: t.check, Change: t.change, HardChange: t.hardChange,
		Acknowledged: st.Ack != monitor.AckNone, InDowntime: st.depth > 0,
	}
}

// triggerModule is what results that triggers alone made have in the place of a module.
const triggerModule = "trigger"

// seat has the triggers of the inventory compiled.
func (c *Core) seat() {
	c.jury, c.trials = nil, nil
	if c.compileTriggers != nil && len(c.inv.Triggered) > 0 {
		c.jury = c.compileTriggers(c.inv.Inventory)
		c.trials = make([]tried, len(c.inv.Triggered))
	}
}

// tried is what the triggers of an object did with its last result, for people.
type tried struct {
	ran, decided, failed bool
	// from is the code that came in, to what they made of it.
	from, to monitor.State
}

// triggersOf gives the place of an object among those that have triggers; false if it has none, or nobody runs them.
func (c *Core) triggersOf(id monitor.ID) (at int, ok bool) {
	if c.jury == nil {
		return 0, false
	}
	return slices.BinarySearchFunc(c.inv.Triggered, id, func(t monitor.Triggered, id monitor.ID) int { return cmp.Compare(t.Object, id) })
}

// trial is what an object's triggers make of a result: the very outcome that came in, if there are none.
type trial struct {
	outcome *monitor.Outcome
	// decided says that they set its state, which is a plugin's code then.
	decided bool
	// others are to be applied after the result.
	others []Sentence
}

// try runs the triggers of an object upon a result. Nothing was measured where the time limit ended the check: that stays as it is.
func (c *Core) try(id monitor.ID, o *monitor.Outcome, d *Decisions) trial {
	at, ok := c.triggersOf(id)
	if !ok || o.TimedOut {
		return trial{outcome: o}
	}
	j := c.jury.Judge(c.inv.Triggered[at].Triggers, &Sight{core: c, Object: id, Result: *o})
	c.trials[at] = tried{ran: true, decided: j.Decided, failed: j.Wrong != "", from: o.State, to: j.Own.State}
	d.Triggers++
	for _, line := range j.Said {
		c.log(d, "TRIGGER: %s: %s", c.inv.Ref(id), oneLine(line))
	}
	if j.Wrong != "" {
		d.TriggerErrors++
		return c.misjudged(id, o, j.Wrong)
	}
	return trial{&j.Own, j.Decided, j.Others}
}

// misjudged makes a result of a trigger's mistake. A service is UNKNOWN; a host keeps the state of its result: that a script is
// wrong does not make it DOWN.
func (c *Core) misjudged(id monitor.ID, o *monitor.Outcome, wrong string) trial {
	own := *o
	own.Output, own.LongOutput = wrong, joined(o.Output, o.LongOutput)
	if c.inv.IsHost(id) {
		return trial{outcome: &own}
	}
	own.State = monitor.Unknown
	return trial{outcome: &own, decided: true}
}

func joined(output, long string) string {
	if output == "" || long == "" {
		return output + long
	}
	return output + "\n" + long
}

// sentence turns the code that a trigger gave into a state.
func (c *Core) sentence(id monitor.ID, code monitor.State) monitor.State {
	code = c.modulated(id, code)
	if c.inv.IsHost(id) {
		return verdict.ActiveHost(code, c.inv.Options.AggressiveHostChecks)
	}
	return code
}

// pronounce applies the results that triggers made for other objects. Those run no triggers themselves, so that none runs for
// ever.
func (c *Core) pronounce(all []Sentence, d *Decisions) {
	for i := range all {
		s := &all[i]
		c.apply(s.Object, &look{
			state: c.sentence(s.Object, s.State), how: monitor.Active, started: c.now, finished: c.now, module: triggerModule,
			outcome: &s.Outcome,
		}, d)
	}
}

// judgeAlone is the check of an object that has triggers and no check command: they see its last result. It is false if they
// did not set a state.
func (c *Core) judgeAlone(id monitor.ID, d *Decisions) bool {
	if _, ok := c.triggersOf(id); !ok {
		return false
	}
	x := c.text[id]
	last := monitor.Outcome{State: c.code(id), Output: x.Output(), LongOutput: x.Long(), Perfdata: x.Perfdata()}
	t := c.try(id, &last, d)
	if t.decided {
		c.apply(id, &look{
			state: c.sentence(id, t.outcome.State), how: monitor.Active, started: c.now, finished: c.now, module: triggerModule, outcome: t.outcome,
		}, d)
	}
	c.pronounce(t.others, d)
	return t.decided
}

// code gives an object's state as a plugin would say it.
func (c *Core) code(id monitor.ID) monitor.State {
	switch state := c.standing[id].State; {
	case state == monitor.Pending:
		return monitor.OK
	case c.inv.IsHost(id) && state != monitor.Up:
		return monitor.Critical
	default:
		return state
	}
}

// Try says what the triggers of an object would make of a result, and changes nothing; false if it has none.
func (c *Core) Try(now monitor.Time, id monitor.ID, o monitor.Outcome) (Judgement, bool) {
	c.enter(now)
	at, ok := c.triggersOf(id)
	if !ok {
		return Judgement{}, false
	}
	return c.jury.Judge(c.inv.Triggered[at].Triggers, &Sight{core: c, Object: id, Result: o}), true
}

// Suppose gives an object a last result for Try; nothing follows from it.
func (c *Core) Suppose(now monitor.Time, id monitor.ID, o monitor.Outcome) {
	c.enter(now)
	state := o.State
	if c.inv.IsHost(id) {
		state = verdict.ActiveHost(state, c.inv.Options.AggressiveHostChecks)
	}
	c.standing[id].State, c.standing[id].LastHard = state, state
	c.times[id].check, c.times[id].change = c.now, c.now
	c.text[id] = newText(oneLine(o.Output), o.LongOutput, o.Perfdata)
}

// whyTriggers says what the triggers of an object did.
func (c *Core) whyTriggers(id monitor.ID) []string {
	at, ok := c.triggersOf(id)
	if !ok || !c.trials[at].ran {
		return nil
	}
	names := c.triggerNames(at)
	switch t := c.trials[at]; {
	case t.failed:
		return []string{names + " failed on the last result: the output says where"}
	case !t.decided:
		return []string{names + " left the state of the last result as it is"}
	default:
		return []string{fmt.Sprintf("%s made its state: %s, where the result itself was %s", names, c.CodeName(id, t.to), c.CodeName(id, t.from))}
	}
}

func (c *Core) triggerNames(at int) string {
	list := c.inv.Triggered[at].Triggers
	names := make([]string, len(list))
	for i, n := range list {
		names[i] = c.inv.Triggers[n].Name
	}
	if len(names) == 1 {
		return "trigger " + names[0]
	}
	return "triggers " + strings.Join(names, ", ")
}

// CodeName names the state that a plugin's code stands for.
func (c *Core) CodeName(id monitor.ID, code monitor.State) string {
	if c.inv.IsHost(id) {
		return verdict.ActiveHost(code, c.inv.Options.AggressiveHostChecks).HostName()
	}
	return code.ServiceName()
}

// triggerChecking says how an object is checked that has triggers and no command; empty for all others.
func (c *Core) triggerChecking(id monitor.ID) string {
	at, ok := c.triggersOf(id)
	interval := c.inv.Policy(id).CheckInterval
	if !ok || !c.on(id, monitor.ActiveChecks) || c.inv.Check(id).Command != monitor.None || interval == 0 {
		return ""
	}
	return fmt.Sprintf("%s run every %v", c.triggerNames(at), interval)
}
