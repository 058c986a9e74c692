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
		return
	}
	r.next = at
	r.flags |= pinned
	if force {
		r.flags |= forced
	}
	if !r.flags.has(inFlight) {
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

// obeyAck acknowledges problems.
func (c *Core) obeyAck(r *command.Request, d *Decisions) (bool, error) {
	var act func(monitor.ID, *command.Request, *Decisions) error
	switch r.Name {
	case "ACKNOWLEDGE_HOST_PROBLEM", "ACKNOWLEDGE_SVC_PROBLEM":
		act = c.acknowledge
	case "REMOVE_HOST_ACKNOWLEDGEMENT", "REMOVE_SVC_ACKNOWLEDGEMENT":
		act = c.unacknowledge
	default:
		return false, nil
	}
	id, err := c.object(r)
	if err != nil {
		return true, err
	}
	return true, act(id, r, d)
}

// acknowledge takes note that somebody cares. A sticky one (2) lasts until the object is well, any other one until its
// state changes.
func (c *Core) acknowledge(id monitor.ID, r *command.Request, d *Decisions) error {
	if !c.isProblem(id) {
		return fmt.Errorf("%s is %s: there is no problem to acknowledge", r.Ref, c.stateName(id))
	}
	author, text := r.Text(3), r.Text(4)
	c.dropAckComments(id, d)
	c.standing[id].Ack = monitor.AckNormal
	if r.Int(0) == 2 {
		c.standing[id].Ack = monitor.AckSticky
	}
	c.changed(monitor.BrokAck, id, "", d)
	c.comment(id, monitor.Comment{Author: author, Text: text, Persistent: r.Bool(2), Kind: monitor.CommentAck}, d)
	if r.Bool(1) {
		c.notifyAck(id, author, text, d)
	}
	return nil
}

func (c *Core) unacknowledge(id monitor.ID, r *command.Request, d *Decisions) error {
	if c.standing[id].Ack == monitor.AckNone {
		return fmt.Errorf("%s is not acknowledged", r.Ref)
	}
	c.standing[id].Ack = monitor.AckNone
	c.dropAckComments(id, d)
	c.changed(monitor.BrokAck, id, "", d)
	return nil
}

// obeyComment adds and removes comments.
func (c *Core) obeyComment(r *command.Request, d *Decisions) (bool, error) {
	switch r.Name {
	case "ADD_HOST_COMMENT", "ADD_SVC_COMMENT":
		id, err := c.object(r)
		if err == nil {
			c.comment(id, monitor.Comment{
				Author: r.Text(1), Text: r.Text(2), Persistent: r.Bool(0), Kind: monitor.CommentUser,
			}, d)
		}
		return true, err
	case "DEL_HOST_COMMENT", "DEL_SVC_COMMENT":
		note := c.comments.byID[uint64(r.Int(0))]
		if note == nil || note.Ref.IsHost() != (r.Name == "DEL_HOST_COMMENT") {
			return true, fmt.Errorf("there is no such comment as %d", r.Int(0))
		}
		id, _ := c.find(note.Ref)
		c.dropComment(id, note.ID, d)
		return true, nil
	case "DEL_ALL_HOST_COMMENTS", "DEL_ALL_SVC_COMMENTS":
		id, err := c.object(r)
		if err == nil {
			for _, note := range c.comments.on(id) {
				c.dropComment(id, note.ID, d)
			}
		}
		return true, err
	}
	return false, nil
}
