package core

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// cause is why people may be told.
type cause uint8

const (
	ofState cause = iota // a problem or its end
	ofAck
	ofFlap // it begins or ends to flap
)

// notification is one occasion on which people are told.
type notification struct {
	cause           cause
	kind            string // as $NOTIFICATIONTYPE$ says: PROBLEM, RECOVERY, ACKNOWLEDGEMENT
	id              monitor.ID
	number          uint32
	author, comment string
	recipients      []uint32 // indexes of contacts
}

// notify tells the contacts of an object about its state if nothing speaks against it.
func (c *Core) notify(id monitor.ID, why cause, d *Decisions) {
	n := notification{cause: why, kind: "PROBLEM", id: id}
	if !c.isProblem(id) {
		n.kind = "RECOVERY"
	}
	if c.silence(id, why) != "" {
		c.postpone(id)
		return
	}
	n.number = c.notice[id].number + 1
	if c.send(&n, d) && c.isProblem(id) {
		c.remember(id, n.number)
	}
}

// notifyAck tells the contacts that somebody takes care of the problem.
func (c *Core) notifyAck(id monitor.ID, author, comment string, d *Decisions) {
	if c.silence(id, ofAck) != "" {
		return
	}
	c.send(&notification{
		cause: ofAck, kind: "ACKNOWLEDGEMENT", id: id, number: c.notice[id].number, author: author, comment: comment,
	}, d)
}

// postpone notes when the notification period opens again, for those who want to know when they would be told.
func (c *Core) postpone(id monitor.ID) {
	period := c.inv.Policy(id).NotificationPeriod
	if c.isProblem(id) && !c.in(period, c.now) {
		c.notice[id].next = c.periods[period].Next(c.now)
	}
}

// remember counts a problem notification and sets when the next may follow.
func (c *Core) remember(id monitor.ID, number uint32) {
	n, interval := &c.notice[id], c.inv.Policy(id).NotificationInterval
	n.number, n.last, n.next = number, c.now, 0
	if interval > 0 {
		n.next = c.now.Add(interval)
	}
	c.standing[id].notifiedOn |= 1 << c.standing[id].State
}

// send decides the actions for all contacts that want to know, and says whether there are any.
func (c *Core) send(n *notification, d *Decisions) bool {
	for _, contact := range c.inv.Policy(n.id).Contacts {
		if c.contactSilence(contact, n.id, n.cause) == "" {
			n.recipients = append(n.recipients, contact)
		}
	}
	for _, contact := range n.recipients {
		for i := range c.way(contact, n.id).Commands {
			c.tell(n, contact, i, d)
		}
	}
	return len(n.recipients) > 0
}

// way gives how a contact is told about an object.
func (c *Core) way(contact uint32, id monitor.ID) *monitor.Way {
	if c.inv.IsHost(id) {
		return &c.inv.Contacts[contact].Host
	}
	return &c.inv.Contacts[contact].Service
}

// tell decides one action: one of a contact's notification commands.
func (c *Core) tell(n *notification, contact uint32, index int, d *Decisions) {
	call := c.way(contact, n.id).Commands[index]
	if call.Command == monitor.None {
		return
	}
	command := &c.inv.Commands[call.Command]
	action := &monitor.Action{
		ID:      c.actionID(n, contact, index),
		Kind:    monitor.ActionNotification,
		Ref:     c.inv.Ref(n.id),
		Pool:    cmp.Or(c.inv.Policy(n.id).ReactionPool, command.Pool),
		Contact: c.inv.Contacts[contact].Name,
		Command: command.Name,
		Line:    c.actionLine(n, contact, call),
		Timeout: cmp.Or(command.Timeout, c.inv.Options.NotificationTimeout, 30*time.Second),
		Time:    c.now,
	}
	d.Broks = append(d.Broks, monitor.Brok{
		Kind: monitor.BrokNotification, Time: c.now, Shard: c.inv.Shard, Action: action,
		NotificationType: n.kind, Text: c.notificationText(n, action),
	})
	if c.isProblem(n.id) {
		c.noteTelling(n.id, monitor.Telling{
			Time: c.now, Contact: action.Contact, Type: n.kind, Number: n.number, Command: action.Command,
		})
	}
}

// maxTold is how many notifications about one problem are remembered, unless more contacts were told.
const maxTold = 64

// noteTelling remembers who was told. Of a problem that lasts for months the oldest go, but never the last that says that
// a contact was told of it: those are told of its end.
func (c *Core) noteTelling(id monitor.ID, t monitor.Telling) {
	list := append(c.told[id], t)
	for i := 0; i < len(list) && len(list) > maxTold; i++ {
		old := list[i]
		again := slices.ContainsFunc(list[i+1:], func(t monitor.Telling) bool {
			return t.Contact == old.Contact && t.Type == old.Type
		})
		if again {
			list = slices.Delete(list, i, i+1)
			break
		}
	}
	c.told[id] = list
}

// actionID names an action by what it is about: whoever decides it again gives it the same name. Those
// that a problem may see several times without being counted, such as acknowledgements, are told apart by their time.
func (c *Core) actionID(n *notification, contact uint32, index int) string {
	h := fnv.New128a()
	problem := cmp.Or(c.serial[n.id].problem, c.serial[n.id].lastProblem)
	fmt.Fprintf(h, "%d\x00%s\x00%d\x00%s\x00%d\x00%s\x00%d", c.inv.Shard, c.inv.Ref(n.id), problem, n.kind, n.number,
		c.inv.Contacts[contact].Name, index)
	if n.cause != ofState {
		fmt.Fprintf(h, "\x00%d", c.now)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// notificationText is the line that Nagios would log.
func (c *Core) notificationText(n *notification, a *monitor.Action) string {
	state := c.stateName(n.id)
	if n.cause != ofState {
		state = n.kind + " (" + state + ")"
	}
	fields := []string{a.Contact, a.Host, a.Service, state, a.Command, c.text[n.id].output}
	kind := "SERVICE"
	if a.IsHost() {
		kind, fields = "HOST", append(fields[:2], fields[3:]...)
	}
	if n.cause == ofAck {
		fields = append(fields, n.author, n.comment)
	}
	return kind + " NOTIFICATION: " + strings.Join(fields, ";")
}

func (c *Core) stateName(id monitor.ID) string {
	if c.inv.IsHost(id) {
		return c.standing[id].State.HostName()
	}
	return c.standing[id].State.ServiceName()
}
