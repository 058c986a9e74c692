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
	now.Attempt = hostAttempt(was, r)
	now.State = r.State
	if r.State != monitor.Up && (!r.Passive || r.Translate) {
		now.State = r.Reach
	}
	now.Type = hostType(was, now, r)
	if r.Passive && !r.PassiveSoft {
		now.Attempt = 1
	}

	hard := now.Type == monitor.Hard && differs(was.LastHard, now.State)
	steps := hostSteps(now, changes(was.State, now.State, hard))
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

// hostAttempt counts: an active check is counted when it is made (checks.c, adjust_host_check_attempt), from 1 again after
// a hard state or a soft UP; a passive result when it is known, so that a recovery shows attempt 1.
func hostAttempt(was Standing, r HostCheck) uint16 {
	switch {
	case was.Type == monitor.Hard:
		return 1
	case healthy(was.State), r.State == monitor.Up && r.Passive:
		return 1
	default:
		return min(was.Attempt+1, was.Max)
	}
}

// hostType tells whether the new state is to be confirmed first. What was HARD and is not UP stays HARD, though its
// attempt is 1 again; a host that comes back keeps the type that it had.
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

func hostSteps(now Standing, steps Steps) Steps {
	news := steps&(Changed|HardChanged) != 0
	if news || now.Type == monitor.Soft {
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
