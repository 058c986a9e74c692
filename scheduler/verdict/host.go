package verdict

import "github.com/onbu/onbu/monitor"

// HostCheck is a result of a host and what matters around it.
type HostCheck struct {
	// State is Up, Down or Unreachable, as ActiveHost gives it, or as the sender of a passive result says.
	State monitor.State
	// Reach is what the host is if it does not answer: Down, or Unreachable (see deptree).
	Reach   monitor.State
	Passive bool
	// PassiveSoft is passive_host_checks_are_soft, Translate translate_passive_host_checks.
	PassiveSoft, Translate bool
	// Uncounted: a failure is no attempt of its own, so that a problem that is to be confirmed is as far as it was.
	Uncounted bool
}

// ActiveHost turns the answer of a host's check plugin into UP or DOWN: OK is UP, WARNING is UP unless
// use_aggressive_host_checking is set, the rest is DOWN.
func ActiveHost(answer monitor.State, aggressive bool) monitor.State {
	if answer == monitor.OK || answer == monitor.Warning && !aggressive {
		return monitor.Up
	}
	return monitor.Down
}

// OfHost weighs a result of a host.
func OfHost(was Standing, r HostCheck) Verdict {
	now := was
	now.LastState, now.LastHard = last(was.State), last(was.LastHard)
	now.State = r.State
	if r.State != monitor.Up && (!r.Passive || r.Translate) {
		now.State = r.Reach
	}
	now.Attempt = hostAttempt(was, now, r)
	now.Type = hostType(was, now, r)

	hard := now.Type == monitor.Hard && differs(was.LastHard, now.State)
	steps := hostSteps(now, changes(was.State, now.State, hard), r.Uncounted && now.State != monitor.Up)
	now.Ack, steps = ack(now.Ack, steps)
	next := now
	if next.State == monitor.Up && steps&(Changed|HardChanged) != 0 {
		next.Attempt = 1
	}
	if next.Type == monitor.Hard {
		next.LastHard = next.State
	}
	return Verdict{Seen: now, Next: next, Steps: steps}
}

// hostAttempt counts: from 1 at each fall, up while the problem is confirmed, and not any more once it is HARD; a final
// result that changes something, and a recovery from a HARD problem, show attempt 1. (Nagios 4.4 checks.c,
// handle_async_host_check_result; Nagios 3 and Naemon begin with 1 again at each result after a HARD one.)
func hostAttempt(was, now Standing, r HostCheck) uint16 {
	final := r.Passive && !r.PassiveSoft
	switch {
	case healthy(was.State), final && was.State != now.State:
		return 1
	case was.Type == monitor.Hard && now.State == monitor.Up:
		return 1
	case was.Type == monitor.Hard:
		return was.Attempt
	case r.State == monitor.Up && r.Passive:
		return 1
	case r.Uncounted && now.State != monitor.Up:
		return was.Attempt
	default:
		return min(was.Attempt+1, was.Max)
	}
}

// hostType tells whether the new state is to be confirmed first. What was HARD and is not UP stays HARD; a host that comes back keeps the type that it had.
func hostType(was, now Standing, r HostCheck) monitor.StateType {
	switch {
	case r.Passive && !r.PassiveSoft:
		return monitor.Hard
	case healthy(was.State) && now.State == monitor.Up:
		return monitor.Hard
	case !healthy(was.State) && was.Type == monitor.Hard:
		return monitor.Hard
	case now.State != monitor.Up && now.Attempt >= now.Max:
		return monitor.Hard
	default:
		return monitor.Soft
	}
}

func hostSteps(now Standing, steps Steps, uncounted bool) Steps {
	news := steps&(Changed|HardChanged) != 0
	if news || now.Type == monitor.Soft && !uncounted {
		steps |= Alert
	}
	if now.Type == monitor.Hard && (news || now.State != monitor.Up) {
		steps |= Notify
	}
	if now.Type == monitor.Soft && now.State != monitor.Up {
		steps |= Retry
	}
	if steps&(Begins|Ends) != 0 {
		steps |= AskAround
	}
	return steps
}
