package verdict

import "github.com/onbu/onbu/monitor"

// HardUnknown is Shinken's rule of the hard unknown phase (schedulingitem.py, update_hard_unknown_phase_state): a problem
// that is HARD and becomes UNKNOWN for a while, UNREACHABLE for a host, is the same problem; nobody is told of that, nor
// of its coming back to the state it had before. A change to another state is news.
//
// lost is UNKNOWN or UNREACHABLE. before is what the state was before the phase, OK outside of one, and so is what is
// returned.
func HardUnknown(was Standing, v Verdict, lost, before monitor.State) (Verdict, monitor.State) {
	now := v.Seen
	if was.Type != monitor.Hard || now.Type != monitor.Hard || healthy(was.State) || healthy(now.State) {
		return v, monitor.OK
	}
	switch {
	case before == monitor.OK && now.State == lost && was.State != lost:
		return quiet(was, v), was.State
	case before == monitor.OK || now.State == lost:
		return v, before
	case now.State == before:
		return quiet(was, v), monitor.OK
	}
	return v, monitor.OK
}

// quiet makes a verdict's change no news: no alert, and an acknowledgement stays.
func quiet(was Standing, v Verdict) Verdict {
	v.Steps = v.Steps&^(Alert|AckEnds) | Quiet
	v.Seen.Ack, v.Next.Ack = was.Ack, was.Ack
	return v
}
