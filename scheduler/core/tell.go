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

// send decides the actions for all contacts that want to know, and says whether there are any.
func (c *Core) send(n *notification, d *Decisions) bool {
	var candidates []uint32
	candidates, n.escalated = c.audience(n.id, n.number, n.broadcast)
	for _, contact := range candidates {
		if ways := c.open(contact, n); len(ways) > 0 {
			n.recipients, n.ways = append(n.recipients, contact), append(n.ways, ways)
		}
	}
	for i, contact := range n.recipients {
		var done []monitor.Call
		for _, w := range n.ways[i] {
			for _, call := range w.Commands {
				if !slices.Contains(done, call) {
					done = append(done, call)
					c.tell(n, contact, call, d)
				}
			}
		}
	}
	return len(n.recipients) > 0
}

// audience gives the contacts that a notification is for, each once, and whether it is escalated: then those of the
// escalations that hold stand in place of the object's own. A broadcast goes to all.
func (c *Core) audience(id monitor.ID, number uint32, broadcast bool) (contacts []uint32, escalated bool) {
	valid := c.escalated(id, c.progress(id, number))
	escalated = len(valid) > 0
	if broadcast {
		valid = valid[:0]
		for _, i := range c.escalations(id) {
			valid = append(valid, &c.inv.Escalations[i])
		}
	}
	for _, e := range valid {
		contacts = append(contacts, e.Contacts...)
	}
	if !escalated || broadcast {
		contacts = append(contacts, c.inv.Policy(id).Contacts...)
	}
	slices.Sort(contacts)
	return slices.Compact(contacts), escalated
}

// tell decides one action: one of a contact's notification commands.
func (c *Core) tell(n *notification, contact uint32, call monitor.Call, d *Decisions) {
	if call.Command == monitor.None {
		return
	}
	command := &c.inv.Commands[call.Command]
	key := c.actionID(n, contact, call)
	line := c.actionLine(n, contact, key, call)
	action := &monitor.Action{
		ID:      key,
		Kind:    monitor.ActionNotification,
		Ref:     c.inv.Ref(n.id),
		Pool:    cmp.Or(c.inv.Policy(n.id).ReactionPool, command.Pool),
		Contact: c.inv.Contacts[contact].Name,
		Command: command.Name,
		Line:    line,
		Env:     c.environment(),
		Timeout: cmp.Or(command.Timeout, c.inv.Options.NotificationTimeout, 30*time.Second),
		Time:    c.now,
		Notice:  c.noticeFor(n, contact),
		Once:    c.once(contact),
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

// noticeFor gives what a contact is told, for notifiers that write the text themselves.
func (c *Core) noticeFor(n *notification, contact uint32) *monitor.Notice {
	id, who := n.id, &c.inv.Contacts[contact]
	host := c.inv.HostOf(id)
	s, x, p := &c.standing[id], &c.text[id], c.inv.Policy(id)
	return &monitor.Notice{
		Type: n.kind, Number: n.number, Problem: cmp.Or(c.serialOf(id).problem, c.serialOf(id).lastProblem),
		State: s.State, StateType: s.Type, Attempt: s.Attempt, MaxAttempts: s.Max, Since: c.times[id].change,
		HostState: c.effective(host), HostAlias: c.inv.Hosts[host].Alias, Address: c.inv.Hosts[host].Address,
		Output: x.Output(), LongOutput: x.Long(), Perfdata: x.Perfdata(),
		Author: n.author, Comment: n.comment, Escalated: n.escalated,
		BusinessImpact: c.worth(id), Impacts: c.impacts(id), Email: who.Email, Pager: who.Pager,
		NotesURL: p.NotesURL, ActionURL: p.ActionURL, Zone: c.inv.Options.Zone,
	}
}

// actionID names an action by what it is about: whoever decides it again, in whichever shard, gives it the same name, and no other action has
// it. Numbers come again when a command sets them back; the time of the notification before tells those apart. What is
// not about the state may come several times in a problem, so its time, downtime and text are in the name.
func (c *Core) actionID(n *notification, contact uint32, call monitor.Call) string {
	h := fnv.New128a()
	s := c.serialOf(n.id)
	args, _ := c.inv.arguments(call)
	fmt.Fprintf(h, "%s\x00%d\x00%d\x00%s\x00%d\x00%s\x00%s\x00%q", c.inv.Ref(n.id),
		cmp.Or(s.problem, s.lastProblem), s.event, n.kind, n.number,
		c.inv.Contacts[contact].Name, c.inv.Commands[call.Command].Name, args)
	if n.why == ofState {
		fmt.Fprintf(h, "\x00%d", c.noticeOf(n.id).last)
	} else {
		fmt.Fprintf(h, "\x00%d\x00%d\x00%s\x00%s", c.now, n.downtime, n.author, n.comment)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// notificationText is the line that Nagios would log.
func (c *Core) notificationText(n *notification, a *monitor.Action) string {
	state := c.healthName(n.id)
	if n.why != ofState {
		state = n.kind + " (" + state + ")"
	}
	fields := []string{a.Contact, a.Host, a.Service, state, a.Command, c.text[n.id].Output()}
	kind := "SERVICE"
	if a.IsHost() {
		kind, fields = "HOST", append(fields[:2], fields[3:]...)
	}
	if n.why == ofAck || n.why == ofCustom {
		fields = append(fields, n.author, n.comment)
	}
	return kind + " NOTIFICATION: " + strings.Join(fields, ";")
}

// healthName gives the state as Nagios logs it: what was never checked is OK or UP.
func (c *Core) healthName(id monitor.ID) string {
	s := c.standing[id].State % monitor.Pending
	if c.inv.IsHost(id) {
		return s.HostName()
	}
	return s.ServiceName()
}

func (c *Core) stateName(id monitor.ID) string {
	if c.isAnyHost(id) {
		return c.effective(id).HostName()
	}
	return c.effective(id).ServiceName()
}
