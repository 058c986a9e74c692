package core

import (
	"slices"

	"github.com/onbu/onbu/monitor"
)

// silence says why nobody is told about an object at present; empty if nothing speaks against it. The order is that of
// Nagios 4 notifications.c, check_host_notification_viability and check_service_notification_viability.
func (c *Core) silence(id monitor.ID, why cause) string {
	p := c.inv.Policy(id)
	switch {
	case !has(c.program.HostSwitches) && c.inv.IsHost(id),
		!has(c.program.ServiceSwitches) && !c.inv.IsHost(id):
		return "notifications are turned off for the whole program"
	case !c.in(p.NotificationPeriod, c.now):
		return "it is outside of the notification period " + c.inv.Timeperiods[p.NotificationPeriod].Name
	case !has(c.standing[id].switches):
		return "notifications are turned off for it"
	case why == ofAck && !c.isProblem(id):
		return "there is no problem to acknowledge"
	case why == ofAck:
		return ""
	case why == ofFlap:
		return c.flapSilence(id, p)
	}
	return c.stateSilence(id, p)
}

// stateSilence goes on with what concerns problems and recoveries.
func (c *Core) stateSilence(id monitor.ID, p *monitor.Policy) string {
	s, n := &c.standing[id], &c.notice[id]
	switch {
	case c.isOrphaned(id):
		return "none of its parents is OK"
	case s.Type == monitor.Soft:
		return "the state is SOFT: it is still being confirmed"
	case s.Ack != monitor.AckNone:
		return "the problem is acknowledged"
	case c.dependencySilence(id) != "":
		return c.dependencySilence(id)
	case p.NotificationOptions&c.option(id) == 0:
		return "notification_options of the object leave " + c.stateName(id) + " out"
	case !c.isProblem(id) && s.notifiedOn == 0:
		return "nobody was told of the problem"
	case s.flapping:
		return "it is flapping: it changes its state too often"
	case !c.isProblem(id):
		return ""
	case n.number == 0 && c.now < c.times[id].hardChange.Add(p.FirstNotificationDelay):
		return "first_notification_delay is not over"
	case p.NotificationInterval == 0 && n.last != 0 && !p.Volatile:
		return "notification_interval is 0: people are told once"
	case !c.inv.IsHost(id) && !c.isUp(c.inv.HostOf(id)):
		return "its host is not UP"
	case c.now < n.next && !p.Volatile:
		return "people were told, and notification_interval is not over"
	case s.depth > 0:
		return "it is in a downtime"
	case c.standing[c.inv.HostOf(id)].depth > 0:
		return "its host is in a downtime"
	}
	return ""
}

// flapSilence goes on with what concerns the beginning and end of flapping.
func (c *Core) flapSilence(id monitor.ID, p *monitor.Policy) string {
	switch {
	case p.NotificationOptions&monitor.OnFlapping == 0:
		return "notification_options of the object leave flapping out"
	case c.standing[id].depth > 0:
		return "it is in a downtime"
	case c.standing[c.inv.HostOf(id)].depth > 0:
		return "its host is in a downtime"
	}
	return ""
}

// option gives the letter that stands for an object's present state in notification_options.
func (c *Core) option(id monitor.ID) monitor.Option {
	s := c.standing[id].State
	switch {
	case !c.isProblem(id):
		return monitor.OnRecovery
	case c.inv.IsHost(id) && s == monitor.Down:
		return monitor.OnDown
	case c.inv.IsHost(id):
		return monitor.OnUnreachable
	case s == monitor.Warning:
		return monitor.OnWarning
	case s == monitor.Critical:
		return monitor.OnCritical
	}
	return monitor.OnUnknown
}

// contactSilence says why one contact is not told although others are. A recovery goes to those who were told of the
// problem.
func (c *Core) contactSilence(contact uint32, id monitor.ID, why cause) string {
	who, way := &c.inv.Contacts[contact], c.way(contact, id)
	off := c.muted[who.Name]
	switch {
	case !way.Enabled:
		return "the contact has notifications turned off"
	case off.HostNotificationsOff && c.inv.IsHost(id), off.ServiceNotificationsOff && !c.inv.IsHost(id):
		return "a command turned the contact's notifications off"
	case !c.in(way.Period, c.now):
		return "it is outside of the contact's notification period " + c.inv.Timeperiods[way.Period].Name
	case why == ofFlap && way.Options&monitor.OnFlapping == 0:
		return "the contact's notification options leave flapping out"
	case why == ofFlap:
		return ""
	case way.Options&c.option(id) == 0:
		return "the contact's notification options leave " + c.stateName(id) + " out"
	case !c.isProblem(id) && !c.wasTold(id, who.Name):
		return "the contact was not told of the problem"
	}
	return ""
}

func (c *Core) wasTold(id monitor.ID, contact string) bool {
	return slices.ContainsFunc(c.told[id], func(t monitor.Telling) bool {
		return t.Contact == contact && t.Type == "PROBLEM"
	})
}

func has(s monitor.Switch) bool { return s&monitor.Notifications != 0 }
