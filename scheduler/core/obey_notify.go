package core

import (
	"errors"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// obeyNotify tells people what somebody wants them to know, and moves the notifications of a problem.
func (c *Core) obeyNotify(r *command.Request, d *Decisions) (bool, error) {
	var act func(monitor.ID, *command.Request, *Decisions) error
	switch r.Name {
	case "SEND_CUSTOM_HOST_NOTIFICATION", "SEND_CUSTOM_SVC_NOTIFICATION":
		act = c.obeyCustom
	case "DELAY_HOST_NOTIFICATION", "DELAY_SVC_NOTIFICATION":
		act = c.obeyDelay
	case "SET_HOST_NOTIFICATION_NUMBER", "SET_SVC_NOTIFICATION_NUMBER":
		act = c.obeyNumber
	}
	return c.onObject(act, r, d)
}

// The options of a custom notification, with Nagios' numbers.
const (
	broadcast = 1 // also to the contacts of all escalations
	force     = 2 // whatever filters say
	increment = 4 // and count it
)

// obeyCustom reads options;author;comment.
func (c *Core) obeyCustom(id monitor.ID, r *command.Request, d *Decisions) error {
	options := r.Int(0)
	c.announce(&notification{
		why: ofCustom, kind: "CUSTOM", id: id, author: r.Text(1), comment: r.Text(2),
		broadcast: options&broadcast != 0, forced: options&force != 0, counts: options&increment != 0,
	}, d)
	return nil
}

// obeyDelay sets when people may be told next at the earliest. A change of the state undoes it.
func (c *Core) obeyDelay(id monitor.ID, r *command.Request, d *Decisions) error {
	if c.toldOnce(id) {
		return errors.New("there is no other notification to delay: notification_interval is 0, people are told once")
	}
	c.past.open(id).notice.next = max(r.Moment(0), c.now)
	c.changed(monitor.BrokState, id, "", d)
	return nil
}

// obeyNumber sets the number of the last notification, by which escalations go.
func (c *Core) obeyNumber(id monitor.ID, r *command.Request, d *Decisions) error {
	c.past.open(id).notice.number = uint32(r.Int(0))
	c.changed(monitor.BrokState, id, "", d)
	return nil
}
