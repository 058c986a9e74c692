package view

import (
	"time"
	"unsafe"

	"github.com/onbu/onbu/monitor"
)

// Object is a host or service in a snapshot: its status, field by field. Looking at one allocates nothing.
type Object struct {
	row *row
	s   *Snapshot
}

// Known says that its owner has told of it as a whole.
func (o Object) Known() bool { return o.row.at != 0 }

// Seen is when it last changed here, or a little later: a host also changes when one of its services gets another state.
func (o Object) Seen() monitor.Time { return o.s.clock.time(o.row.seen) }

// State is the state as everybody sees it.
func (o Object) State() monitor.State { return o.row.state }

// Status gives all of it at once, under the name that the caller found it by. Its lists must not be changed.
func (o Object) Status(of monitor.Ref) monitor.Status { return o.row.lend(of, &o.s.names) }

// Seldom gives the status of an object that has something unusual, and nil for the others. Of those all fields are zero for
// which Object has no function. It must not be changed.
func (o Object) Seldom() *monitor.Status { return o.row.whole }

// LastState is the state before the last change.
func (o Object) LastState() monitor.State {
	if w := o.row.whole; w != nil {
		return w.LastState
	}
	return o.row.lastState
}

// LastHardState is the last hard state.
func (o Object) LastHardState() monitor.State {
	if w := o.row.whole; w != nil {
		return w.LastHardState
	}
	return o.row.lastHard
}

// OwnState is what the object's own last result said.
func (o Object) OwnState() monitor.State {
	if w := o.row.whole; w != nil {
		return w.OwnState
	}
	return o.row.own
}

// Type is soft while a problem is being confirmed.
func (o Object) Type() monitor.StateType {
	if w := o.row.whole; w != nil {
		return w.Type
	}
	return o.row.stateType
}

// CheckType is how the last result came.
func (o Object) CheckType() monitor.CheckType {
	if w := o.row.whole; w != nil {
		return w.CheckType
	}
	return o.row.checkType
}

// Attempt is the number of the current attempt.
func (o Object) Attempt() uint16 {
	if w := o.row.whole; w != nil {
		return w.Attempt
	}
	return o.row.attempt
}

// MaxAttempts is how many attempts make a problem hard.
func (o Object) MaxAttempts() uint16 {
	if w := o.row.whole; w != nil {
		return w.MaxAttempts
	}
	return o.row.maxAttempts
}

// Switches is what is on for the object.
func (o Object) Switches() monitor.Switch {
	if w := o.row.whole; w != nil {
		return w.Switches
	}
	return o.row.switches
}

// Modified is which switches a command changed.
func (o Object) Modified() monitor.Switch {
	if w := o.row.whole; w != nil {
		return w.Modified
	}
	return o.row.modified
}

// Flapping is whether it flaps.
func (o Object) Flapping() bool {
	if w := o.row.whole; w != nil {
		return w.Flapping
	}
	return o.row.flapping
}

// HostProblem is whether the host was not UP at the last check of this service.
func (o Object) HostProblem() bool {
	if w := o.row.whole; w != nil {
		return w.HostProblem
	}
	return o.row.hostProblem
}

// BusinessImpact is what it is worth at present.
func (o Object) BusinessImpact() int8 {
	if w := o.row.whole; w != nil {
		return w.BusinessImpact
	}
	return o.row.businessImpact
}

// PercentChange is the change of states for flap detection, in percent.
func (o Object) PercentChange() float32 {
	if w := o.row.whole; w != nil {
		return w.PercentChange
	}
	return o.row.percentChange
}

// LastCheck is when the last check began; 0 for never.
func (o Object) LastCheck() monitor.Time {
	if w := o.row.whole; w != nil {
		return w.LastCheck
	}
	return o.row.lastCheck
}

// NextCheck is when the next check is planned.
func (o Object) NextCheck() monitor.Time {
	if w := o.row.whole; w != nil {
		return w.NextCheck
	}
	return o.row.nextCheck
}

// LastChange is when the state changed last, as everybody sees it.
func (o Object) LastChange() monitor.Time {
	if w := o.row.whole; w != nil {
		return w.Since()
	}
	return o.row.lastChange
}

// LastHardChange is when the hard state changed last; what a root problem has shown as UNREACHABLE or UNKNOWN is so at once.
func (o Object) LastHardChange() monitor.Time {
	if w := o.row.whole; w != nil {
		if w.Overlaid {
			return max(w.LastHardChange, w.ShownSince)
		}
		return w.LastHardChange
	}
	return o.row.lastHardChange
}

// LastTimeOK is when it was last seen OK or UP; 0 for never.
func (o Object) LastTimeOK() monitor.Time {
	switch r := o.row; {
	case r.whole != nil:
		return r.whole.LastTimeOK
	case r.neverFine:
		return 0
	default:
		return r.lastCheck + monitor.Time(r.fine)
	}
}

// Latency is how late the last check began.
func (o Object) Latency() time.Duration {
	if w := o.row.whole; w != nil {
		return w.Latency
	}
	return time.Duration(o.row.latency)
}

// Execution is how long the last check took.
func (o Object) Execution() time.Duration {
	if w := o.row.whole; w != nil {
		return w.Execution
	}
	return time.Duration(o.row.execution)
}

// Poller is who made the last check.
func (o Object) Poller() string {
	if w := o.row.whole; w != nil {
		return w.Poller
	}
	return o.s.names.name(o.row.poller)
}

// Module is the module that made the last check.
func (o Object) Module() string {
	if w := o.row.whole; w != nil {
		return w.Module
	}
	return o.s.names.name(o.row.module)
}

// Output is the first line of what the last check said.
func (o Object) Output() string {
	if w := o.row.whole; w != nil {
		return w.Output
	}
	output, _, _ := o.row.text.parts()
	return still(output)
}

// LongOutput is what it said besides.
func (o Object) LongOutput() string {
	if w := o.row.whole; w != nil {
		return w.LongOutput
	}
	_, long, _ := o.row.text.parts()
	return still(long)
}

// Perfdata is the performance data of the last check.
func (o Object) Perfdata() string {
	if w := o.row.whole; w != nil {
		return w.Perfdata
	}
	_, _, perfdata := o.row.text.parts()
	return still(perfdata)
}

// still gives bytes as a string, for as long as they do not change: those that a snapshot has never do.
func still(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
