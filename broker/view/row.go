package view

import (
	"math"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// row is what is kept of one object: since when it is known, and its status in a third of the room that a Status takes,
// as nearly all objects are in no trouble and say nothing unusual. What does not fit keeps a Status of its own.
type row struct {
	at monitor.Time // what is older is not believed any more
	// whole is the status where it does not fit; the rest of the row but state means nothing then.
	whole *monitor.Status

	lastCheck, nextCheck, lastChange, lastHardChange monitor.Time
	history                                          uint64
	latency, execution                               uint32 // ns
	// updated and fine are how long after lastCheck LastUpdate and LastTimeOK are, in ns.
	updated, fine                            uint32
	percentChange                            float32
	attempt, maxAttempts                     uint16
	switches, modified                       monitor.Switch
	module, poller                           uint16 // names that the view keeps
	state, lastState, lastHard, own          monitor.State
	stateType                                monitor.StateType
	checkType                                monitor.CheckType
	businessImpact                           int8
	flapping, hostProblem, pinned, neverFine bool
	// shared says that a snapshot has the same text and the same whole: they are not to be changed.
	shared bool
	seen   tick // when it last changed here

	text text
}

// unshare makes the text and the whole the row's own, so that they may be changed. The text is lost.
func (r *row) unshare() {
	if !r.shared {
		return
	}
	r.shared, r.text = false, text{}
	if r.whole != nil {
		whole := *r.whole
		r.whole = &whole
	}
}

// put keeps a status; it copies what it keeps, in place where there is room. names gives the numbers of names.
func (r *row) put(s *monitor.Status, names *names) {
	r.state = s.State
	if !r.pack(s, names) {
		if r.whole == nil || r.shared {
			r.whole, r.text, r.shared = new(monitor.Status), text{}, false
		}
		*r.whole = *s
		return
	}
	r.whole = nil
}

// pack keeps a status in the row itself, if it fits.
func (r *row) pack(s *monitor.Status, names *names) bool {
	module, ok1 := names.number(s.Module)
	poller, ok2 := names.number(s.Poller)
	fine, ok3 := after(s.LastTimeOK, s.LastCheck)
	updated, ok4 := after(s.LastUpdate, s.LastCheck)
	neverFine := s.LastTimeOK == 0
	if !ok1 || !ok2 || !ok3 && !neverFine || !ok4 || !ordinary(s) {
		return false
	}
	if neverFine {
		fine = 0
	}
	r.lastCheck, r.nextCheck, r.lastChange, r.lastHardChange = s.LastCheck, s.NextCheck, s.LastChange, s.LastHardChange
	r.history, r.percentChange = s.History, s.PercentChange
	r.latency, r.execution, r.updated, r.fine, r.neverFine = uint32(s.Latency), uint32(s.Execution), updated, fine, neverFine
	r.attempt, r.maxAttempts, r.switches, r.modified = s.Attempt, s.MaxAttempts, s.Switches, s.Modified
	r.module, r.poller = module, poller
	r.lastState, r.lastHard, r.own = s.LastState, s.LastHardState, s.OwnState
	r.stateType, r.checkType, r.businessImpact = s.Type, s.CheckType, s.BusinessImpact
	r.flapping, r.hostProblem, r.pinned = s.Flapping, s.HostProblem, s.Pinned
	if r.shared {
		r.text, r.shared = text{}, false
	}
	r.text.keep(s.Output, s.LongOutput, s.Perfdata)
	return true
}

// after gives how long a is after b, if that is at most some seconds.
func after(a, b monitor.Time) (uint32, bool) {
	d := a - b
	return uint32(d), d >= 0 && d <= math.MaxUint32
}

// ordinary says that whatever has no place in a row is empty, and the rest not too large.
func ordinary(s *monitor.Status) bool {
	return s.LastTimeWarning == 0 && s.LastTimeCritical == 0 && s.LastTimeUnknown == 0 &&
		s.LastNotification == 0 && s.NextNotification == 0 && s.NotificationNumber == 0 && s.NotifiedOn == 0 &&
		s.ProblemID == 0 && s.LastProblemID == 0 && s.EventID == 0 && s.LastEvID == 0 &&
		s.Ack == monitor.AckNone && s.AckUntil == 0 && s.DowntimeDepth == 0 && !s.Overlaid && !s.Problem && !s.Impact &&
		len(s.Sources) == 0 && s.Changed == nil && s.Held == nil && s.BeforeUnknown == 0 && s.LastSnapshot == 0 && s.ShownSince == 0 &&
		s.Latency >= 0 && s.Latency <= math.MaxUint32 && s.Execution >= 0 && s.Execution <= math.MaxUint32 &&
		textFits(s.Output, s.LongOutput, s.Perfdata)
}

// status gives a copy of the status.
func (r *row) status(ref monitor.Ref, names *names) monitor.Status {
	s := r.lend(ref, names)
	if r.whole == nil {
		s.Output, s.LongOutput, s.Perfdata = strings.Clone(s.Output), strings.Clone(s.LongOutput), strings.Clone(s.Perfdata)
	}
	return s
}

// lend is status with the row's own texts: they are good until the row changes.
func (r *row) lend(ref monitor.Ref, names *names) monitor.Status {
	if r.whole != nil {
		return *r.whole
	}
	output, long, perfdata := r.text.parts()
	s := monitor.Status{
		Ref: ref, State: r.state, LastState: r.lastState, LastHardState: r.lastHard, OwnState: r.own, Type: r.stateType,
		Attempt: r.attempt, MaxAttempts: r.maxAttempts, CheckType: r.checkType, Switches: r.switches, Modified: r.modified,
		Flapping: r.flapping, HostProblem: r.hostProblem, Pinned: r.pinned, BusinessImpact: r.businessImpact,
		LastCheck: r.lastCheck, NextCheck: r.nextCheck, LastChange: r.lastChange, LastHardChange: r.lastHardChange,
		LastUpdate: r.lastCheck + monitor.Time(r.updated), History: r.history, PercentChange: r.percentChange,
		Latency: time.Duration(r.latency), Execution: time.Duration(r.execution), Module: names.name(r.module), Poller: names.name(r.poller),
		Output: still(output), LongOutput: still(long), Perfdata: still(perfdata),
	}
	if !r.neverFine {
		s.LastTimeOK = r.lastCheck + monitor.Time(r.fine)
	}
	return s
}

// names numbers the names of modules and pollers, of which there are few.
type names struct {
	of  map[string]uint16
	all []string
}

// number gives a name's number; false when there are too many.
func (n *names) number(name string) (uint16, bool) {
	number, ok := n.of[name]
	if !ok && len(n.all) < math.MaxUint16 {
		number, ok = uint16(len(n.all)), true
		name = strings.Clone(name)
		n.of[name], n.all = number, append(n.all, name)
	}
	return number, ok
}

// still is number, for a name that had this number before.
func (n *names) still(number uint16, name string) (uint16, bool) {
	if int(number) < len(n.all) && n.all[number] == name {
		return number, true
	}
	return n.number(name)
}

func (n *names) name(number uint16) string { return n.all[number] }
