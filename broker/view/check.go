package view

import (
	"math"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// Check folds in that a check was made. It copies what it keeps, and a text only where it is another than before. Of a
// service that nobody has told of as a whole yet it is kept, but not shown.
func (v *View) Check(c *monitor.Check) {
	slot, place := v.checked(c)
	r := v.hosts.all[slot].row(place)
	if c.Time < max(r.at, r.lastUpdate()) {
		return
	}
	h := v.hosts.writable(slot)
	r = h.row(place)
	before := r.shown()
	r.seen = v.clock.tick
	v.apply(r, c)
	h.changed(before, r)
}

// apply keeps what a check says.
func (v *View) apply(r *row, c *monitor.Check) {
	if r.whole != nil {
		r.unshare()
		fold(r.whole, c)
		r.state = c.State
		return
	}
	if r.check(c, &v.names) {
		return
	}
	s := r.status(c.Ref, &v.names)
	fold(&s, c)
	s.Ref = monitor.Ref{Host: strings.Clone(c.Host), Service: strings.Clone(c.Service)}
	r.put(&s, &v.names)
}

// lastUpdate is when the last check was applied.
func (r *row) lastUpdate() monitor.Time {
	if r.whole != nil {
		return r.whole.LastUpdate
	}
	return r.lastCheck + monitor.Time(r.updated)
}

// check keeps in the row itself what a check changes, if it fits: when the check gave OK, in a usual time.
func (r *row) check(c *monitor.Check, names *names) bool {
	module, ok1 := names.still(r.module, c.Module)
	poller, ok2 := names.still(r.poller, c.Poller)
	updated, ok3 := after(c.Time, c.Started)
	if !ok1 || !ok2 || !ok3 || c.OwnState != monitor.OK || c.Latency|c.Execution < 0 || c.Latency|c.Execution > math.MaxUint32 ||
		!textFits(c.Output, c.LongOutput, c.Perfdata) {
		return false
	}
	r.state, r.own, r.stateType, r.attempt, r.checkType = c.State, c.OwnState, c.Type, c.Attempt, c.CheckType
	r.lastCheck, r.nextCheck, r.updated, r.fine, r.neverFine = c.Started, c.Next, updated, 0, false
	r.latency, r.execution, r.percentChange = uint32(c.Latency), uint32(c.Execution), c.PercentChange
	r.module, r.poller = module, poller
	if !r.text.says(c.Output, c.LongOutput, c.Perfdata) {
		r.unshare()
		r.text.keep(c.Output, c.LongOutput, c.Perfdata)
	}
	return true
}

// fold writes what a check changes into a status.
func fold(s *monitor.Status, c *monitor.Check) {
	restate(s, c.State)
	s.State, s.OwnState, s.Type, s.Attempt, s.CheckType = c.State, c.OwnState, c.Type, c.Attempt, c.CheckType
	s.LastCheck, s.NextCheck, s.LastUpdate = c.Started, c.Next, c.Time
	s.Latency, s.Execution, s.PercentChange = c.Latency, c.Execution, c.PercentChange
	*lastTime(s) = c.Started
	keep(&s.Module, c.Module)
	keep(&s.Poller, c.Poller)
	keep(&s.Output, c.Output)
	keep(&s.LongOutput, c.LongOutput)
	keep(&s.Perfdata, c.Perfdata)
}

// carry takes over into a status what a check that is later than it has said.
func carry(s, was *monitor.Status) {
	restate(s, was.State)
	s.State, s.OwnState, s.Type, s.Attempt, s.CheckType = was.State, was.OwnState, was.Type, was.Attempt, was.CheckType
	s.LastCheck, s.NextCheck, s.LastUpdate = was.LastCheck, was.NextCheck, was.LastUpdate
	s.Latency, s.Execution, s.PercentChange = was.Latency, was.Execution, was.PercentChange
	s.Module, s.Poller, s.Output, s.LongOutput, s.Perfdata = was.Module, was.Poller, was.Output, was.LongOutput, was.Perfdata
	*lastTime(s) = was.LastCheck
}

// restate forgets since when a status was shown in another state than it is now.
func restate(s *monitor.Status, now monitor.State) {
	if s.State != now {
		s.ShownSince = 0
	}
}

// lastTime is where a status has when its object was last seen in the state that its own last result said.
func lastTime(s *monitor.Status) *monitor.Time {
	switch s.OwnState {
	case monitor.OK:
		return &s.LastTimeOK
	case monitor.Warning:
		return &s.LastTimeWarning
	case monitor.Critical:
		return &s.LastTimeCritical
	}
	return &s.LastTimeUnknown
}

// keep copies a string if it is another than the old one.
func keep(old *string, s string) {
	if *old != s {
		*old = strings.Clone(s)
	}
}
