package core

import (
	"fmt"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// obeyCheck demands checks and takes passive results.
func (c *Core) obeyCheck(r *command.Request, d *Decisions) (bool, error) {
	if s, ok := r.Submission(); ok {
		return true, c.obeyResult(&s, d)
	}
	where := itself
	force := false
	switch r.Name {
	case "SCHEDULE_HOST_CHECK", "SCHEDULE_SVC_CHECK":
	case "SCHEDULE_FORCED_HOST_CHECK", "SCHEDULE_FORCED_SVC_CHECK":
		force = true
	case "SCHEDULE_HOST_SVC_CHECKS":
		where = itsServices
	case "SCHEDULE_FORCED_HOST_SVC_CHECKS":
		where, force = itsServices, true
	default:
		return false, nil
	}
	ids, err := c.targets(r, where)
	for _, id := range ids {
		c.demand(id, r.Moment(0), force)
		c.changed(monitor.BrokState, id, "", d)
	}
	return true, err
}

// demand sets the next check of an object to a moment. One that is not forced neither puts off a check that comes sooner,
// nor goes past switches and periods. A job that is out is waited for.
func (c *Core) demand(id monitor.ID, at monitor.Time, force bool) {
	r := &c.run[id]
	at = max(at, c.now)
	if !force && r.next != 0 && r.next >= c.now && r.next <= at {
		if r.next == at && !r.flags.has(inFlight) {
			r.flags &^= arrival
		}
		return
	}
	r.next = at
	r.flags |= pinned
	if force {
		r.flags |= forced
	}
	if !r.flags.has(inFlight) {
		r.flags &^= arrival
		c.lay(id)
	}
}

func (c *Core) obeyResult(s *monitor.Submission, d *Decisions) error {
	id, known := c.find(s.Ref)
	if why := c.refusal(s, id, known); why != "" {
		return fmt.Errorf("result for %s: %s", s.Ref, why)
	}
	c.submit(s, d)
	return nil
}
