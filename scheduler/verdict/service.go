package verdict

import "github.com/onbu/onbu/monitor"

// ServiceCheck is a result of a service and what matters around it.
type ServiceCheck struct {
	State monitor.State // OK to Unknown
	// HostUp says whether the host is UP, or has not been checked yet.
	HostUp   bool
	Volatile bool
	// Uncounted: a failure is no attempt of its own, so that a problem that is to be confirmed is as far as it was.
	Uncounted bool
}

// OfService weighs a result of a service.
func OfService(was Standing, r ServiceCheck) Verdict {
	now := was
	now.LastState, now.LastHard, now.State = last(was.State), last(was.LastHard), r.State
	// "a soft state with attempts left": the attempt goes up before anything is decided.
	if was.Type == monitor.Soft && was.Attempt < was.Max && (!r.Uncounted || r.State == monitor.OK) {
		now.Attempt++
	}
	if r.State == monitor.OK {
		return recovered(was, now, r)
	}
	if !r.HostUp {
		return failedWithHost(was, now, r)
	}
	return failed(was, now, r)
}

// recovered is the OK result: HARD if the problem was one, or has ever been and the host is not UP, SOFT if it was still
// being confirmed. Only a HARD recovery is told.
func recovered(was, now Standing, r ServiceCheck) Verdict {
	hard := was.HostProblem || (now.Attempt >= now.Max || !r.HostUp) && !healthy(was.LastHard)
	steps := changes(was.State, monitor.OK, hard)
	switch {
	case hard:
		now.Type = monitor.Hard
		steps |= Alert | Notify
	case steps.Has(Changed):
		now.Type = monitor.Soft
		steps |= Alert
	}
	if !r.HostUp {
		steps |= AskHost
	}
	now.Ack, steps = ack(now.Ack, steps)
	next := now
	next.Type, next.LastHard, next.Attempt, next.HostProblem = monitor.Hard, monitor.OK, 1, false
	return Verdict{Seen: now, Next: next, Steps: steps}
}

// failedWithHost is a failure while the host is not UP: no retries and nobody told. A change is HARD at once, but the
// attempt stays where it is.
func failedWithHost(was, now Standing, r ServiceCheck) Verdict {
	hard := differs(was.LastHard, r.State) || now.Attempt >= now.Max && was.Type == monitor.Soft
	steps := changes(was.State, r.State, hard)
	now.HostProblem = true
	if hard || now.Attempt >= now.Max {
		now.Type, now.LastHard = monitor.Hard, r.State
	}
	if hard || r.Volatile || now.Type == monitor.Soft && !r.Uncounted {
		steps |= Alert
	}
	now.Ack, steps = ack(now.Ack, steps)
	return Verdict{Seen: now, Next: now, Steps: steps}
}

// failed is a failure while the host is UP. If the host was not at the last check, a service that was still being
// confirmed starts to count anew.
func failed(was, now Standing, r ServiceCheck) Verdict {
	if was.HostProblem {
		now.HostProblem = false
		if was.Type == monitor.Soft {
			now.Attempt = 1
		}
	}
	exhausted := now.Attempt >= now.Max
	hard := exhausted && (differs(was.LastHard, r.State) || was.Type == monitor.Soft)
	steps := changes(was.State, r.State, hard)
	if steps.Has(Changed) || was.Type == monitor.Soft {
		steps |= AskHost
	}
	if exhausted {
		now.Type, now.LastHard = monitor.Hard, r.State
		steps |= Notify
	} else {
		now.Type = monitor.Soft
		steps |= Retry
	}
	if hard || !exhausted && (!r.Uncounted || steps.Has(Changed)) || r.Volatile {
		steps |= Alert
	}
	now.Ack, steps = ack(now.Ack, steps)
	return Verdict{Seen: now, Next: now, Steps: steps}
}

// differs compares a hard state with a new one; Pending counts as OK.
func differs(was, now monitor.State) bool {
	return was != now && !(healthy(was) && healthy(now))
}
