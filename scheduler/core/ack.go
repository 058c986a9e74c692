package core

import (
	"errors"
	"fmt"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// obeyAck acknowledges problems and takes acknowledgements back.
func (c *Core) obeyAck(r *command.Request, d *Decisions) (bool, error) {
	var act func(monitor.ID, *command.Request, *Decisions) error
	switch r.Name {
	case "ACKNOWLEDGE_HOST_PROBLEM", "ACKNOWLEDGE_SVC_PROBLEM":
		act = c.obeyAcknowledge
	case "ACKNOWLEDGE_HOST_PROBLEM_EXPIRE", "ACKNOWLEDGE_SVC_PROBLEM_EXPIRE":
		act = c.obeyAcknowledgeUntil
	case "REMOVE_HOST_ACKNOWLEDGEMENT", "REMOVE_SVC_ACKNOWLEDGEMENT":
		act = c.unacknowledge
	}
	return c.onObject(act, r, d)
}

// acknowledgement is what somebody says who takes care of a problem.
type acknowledgement struct {
	sticky, notify, persistent bool
	// until is when it ends by itself; zero if it does not.
	until        monitor.Time
	author, text string
}

// obeyAcknowledge reads sticky;notify;persistent;author;comment. Only 2 is sticky, as in Nagios.
func (c *Core) obeyAcknowledge(id monitor.ID, r *command.Request, d *Decisions) error {
	return c.acknowledge(id, acknowledgement{
		sticky: r.Int(0) == 2, notify: r.Bool(1), persistent: r.Bool(2), author: r.Text(3), text: r.Text(4),
	}, d)
}

// obeyAcknowledgeUntil reads sticky;notify;persistent;end;author;comment. An end of 0 is none.
func (c *Core) obeyAcknowledgeUntil(id monitor.ID, r *command.Request, d *Decisions) error {
	a := acknowledgement{
		sticky: r.Int(0) == 2, notify: r.Bool(1), persistent: r.Bool(2), until: r.Moment(3), author: r.Text(4), text: r.Text(5),
	}
	if a.until != 0 && a.until <= c.now {
		return fmt.Errorf("the end of the acknowledgement, %s, is past", stamp(a.until))
	}
	return c.acknowledge(id, a, d)
}

// acknowledge takes note that somebody cares. A sticky acknowledgement lasts until the object is well, any other one until
// its state changes. People are told first, as in Nagios (commands.c, acknowledge_host_problem).
func (c *Core) acknowledge(id monitor.ID, a acknowledgement, d *Decisions) error {
	if !c.isProblem(id) {
		return fmt.Errorf("%s is %s: there is no problem to acknowledge", c.inv.Ref(id), c.stateName(id))
	}
	if a.notify {
		c.announce(&notification{why: ofAck, kind: "ACKNOWLEDGEMENT", id: id, author: a.author, comment: a.text}, d)
	}
	c.standing[id].Ack = monitor.AckNormal
	if a.sticky {
		c.standing[id].Ack = monitor.AckSticky
	}
	c.setAckEnd(id, a.until)
	c.changed(monitor.BrokAck, id, "", d)
	note := monitor.Comment{Author: a.author, Text: a.text, Persistent: a.persistent, Kind: monitor.CommentAck}
	if !a.persistent {
		note.Expires = a.until
	}
	c.comment(id, note, d)
	return nil
}

// setAckEnd notes when an acknowledgement ends by itself; 0 for never.
func (c *Core) setAckEnd(id monitor.ID, until monitor.Time) {
	if until == 0 {
		if len(c.ackUntil) > 0 {
			delete(c.ackUntil, id)
		}
		return
	}
	c.ackUntil[id] = until
	c.agenda.add(until, aboutAck, uint64(id))
}

func (c *Core) unacknowledge(id monitor.ID, r *command.Request, d *Decisions) error {
	if c.standing[id].Ack == monitor.AckNone {
		return errors.New(r.Ref.String() + " is not acknowledged")
	}
	c.endAck(id, "", d)
	return nil
}

// endAck takes an acknowledgement away, with its comments that were not to stay.
func (c *Core) endAck(id monitor.ID, text string, d *Decisions) {
	c.standing[id].Ack = monitor.AckNone
	c.setAckEnd(id, 0)
	c.dropAckComments(id, d)
	c.changed(monitor.BrokAck, id, text, d)
}

// lookAtAck ends an acknowledgement whose time is over. The problem is told again at the next result, if it is time.
func (c *Core) lookAtAck(id monitor.ID, d *Decisions) {
	until := c.ackUntil[id]
	if until == 0 || until > c.now || c.standing[id].Ack == monitor.AckNone {
		return
	}
	c.endAck(id, "ACKNOWLEDGEMENT EXPIRED: "+c.inv.Ref(id).String(), d)
}
