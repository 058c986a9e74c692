// Package verdict knows what a check result makes of a host or a service: soft and hard states, attempts,
// acknowledgements that end, and what has to follow. It is a few pure functions on small values; the rules are those of
// Nagios 4 ("State Types" in its manual; checks.c, handle_async_service_check_result and handle_host_state).
package verdict

import "github.com/onbu/onbu/monitor"

// Standing is the part of an object's status that its next result is weighed against.
type Standing struct {
	// State is Pending before the first result, which counts as OK and UP.
	State, LastState, LastHard monitor.State
	Type                       monitor.StateType
	// Attempt counts from 1 to Max.
	Attempt, Max uint16
	Ack          monitor.AckKind
	// HostProblem: the host of this service was not UP at the last check.
	HostProblem bool
}

// Steps is what has to follow from a result.
type Steps uint16

// The steps.
const (
	// Changed: the state is another than before.
	Changed Steps = 1 << iota
	// HardChanged: the hard state is another than before, or the end of a problem that the host was part of.
	HardChanged
	// Alert: Nagios would log a SERVICE ALERT or HOST ALERT.
	Alert
	// Notify: contacts may have to be told, if nothing else speaks against it.
	Notify
	// Retry: the next check comes after retry_interval instead of check_interval.
	Retry
	// AckEnds: the acknowledgement is over.
	AckEnds
	// Begins: a problem begins; Ends: it is over.
	Begins
	Ends
	// AskHost: the service's host is to be checked, unless its last result is fresh.
	AskHost
	// AskAround: hosts around this one are to be checked: after a fall the parents that are UP and the children that
	// are not UNREACHABLE, after a recovery the parents and children that are not UP.
	AskAround
	// Quiet: the change is no news; who was told before is not told anew (HardUnknown).
	Quiet
)

// Has says whether all of want are among s.
func (s Steps) Has(want Steps) bool { return s&want == want }

// Verdict is what a result makes of an object.
type Verdict struct {
	// Seen is the standing as alerts and notifications show it, Next the one that stays. They differ at a recovery,
	// which is told with the type and attempt of the problem.
	Seen, Next Standing
	Steps      Steps
}

// healthy says whether a state counts as OK or UP.
func healthy(s monitor.State) bool { return s == monitor.OK || s == monitor.Pending }

// last gives the state as the one before the next.
func last(s monitor.State) monitor.State {
	if healthy(s) {
		return monitor.OK
	}
	return s
}

// changes works out what a new state ends and begins, for hosts and services alike.
func changes(was, now monitor.State, hard bool) Steps {
	var s Steps
	if hard {
		s |= HardChanged
	}
	same := was == now || healthy(was) && healthy(now)
	if same {
		return s
	}
	s |= Changed
	if healthy(was) {
		s |= Begins
	}
	if healthy(now) {
		s |= Ends
	}
	return s
}

// ack gives what is left of an acknowledgement: a normal one ends at any change, any at recovery.
func ack(kind monitor.AckKind, s Steps) (monitor.AckKind, Steps) {
	over := kind == monitor.AckNormal && s.Has(Changed) || kind != monitor.AckNone && s.Has(Ends)
	if !over {
		return kind, s
	}
	return monitor.AckNone, s | AckEnds
}
