package core

import (
	"github.com/onbu/onbu/monitor"
)

// silence says why nobody is told about an object at present; empty if nothing speaks against it. The order is that of
// Nagios 4.4.6 notifications.c, check_host_notification_viability and check_service_notification_viability. A
// notification that is forced does not ask.
func (c *Core) silence(id monitor.ID, why cause) string {
	switch period := c.notificationPeriod(id); {
	case !has(c.program.HostSwitches) && c.inv.IsHost(id),
		!has(c.program.ServiceSwitches) && !c.inv.IsHost(id):
		return "notifications are turned off for the whole program"
	case !c.in(period, c.now):
		return "it is outside of the notification period " + c.inv.Timeperiods[period].Name
	case !has(c.standing[id].switches):
		return "notifications are turned off for it"
	}
	options := c.inv.Policy(id).NotificationOptions
	switch why {
	case ofCustom:
		return c.inDowntime(id)
	case ofAck:
		if !c.isProblem(id) {
			return "there is no problem to acknowledge"
		}
		return ""
	case ofFlap:
		if options&monitor.OnFlapping == 0 {
			return "notification_options of the object leave flapping (f) out"
		}
		return c.inDowntime(id)
	case ofDowntime:
		return c.downtimeSilence(id, options)
	}
	return c.stateSilence(id)
}

// downtimeSilence says why nobody is told of a downtime. A service's own counts, that of its host does not.
func (c *Core) downtimeSilence(id monitor.ID, options monitor.Option) string {
	switch {
	case options&monitor.OnDowntime == 0:
		return "notification_options of the object leave downtimes (s) out"
	case c.standing[id].depth > 0:
		return "it is in another downtime"
	}
	return ""
}

// stateSilence goes on with what concerns problems and recoveries.
func (c *Core) stateSilence(id monitor.ID) string {
	p, s, n := c.inv.Policy(id), &c.standing[id], c.noticeOf(id)
	problem := c.isProblem(id)
	switch {
	case c.isOrphaned(id):
		return "none of its parents is OK"
	case s.Type == monitor.Soft:
		return "the state is SOFT: it is still being confirmed"
	case s.Ack != monitor.AckNone:
		return "the problem is acknowledged"
	case c.dependencySilence(id) != "":
		return c.dependencySilence(id)
	case problem && c.suffers(id) != "":
		return c.suffers(id)
	case p.NotificationOptions&c.option(id) == 0 && problem:
		return "notification_options of the object leave " + c.stateName(id) + " out"
	case p.NotificationOptions&c.option(id) == 0:
		return "notification_options of the object leave recoveries (r) out"
	case !problem && s.notifiedOn == 0:
		return "nobody was told of the problem"
	case problem && n.number == 0 && c.now < c.times[id].hardChange.Add(p.FirstNotificationDelay):
		return "first_notification_delay lasts until " + stamp(c.times[id].hardChange.Add(p.FirstNotificationDelay))
	case s.flapping:
		return "it is flapping: it changes its state too often"
	}
	if reason := c.inDowntime(id); reason != "" {
		return reason
	}
	host := c.inv.HostOf(id)
	if reason := c.awaitsDowntime(id); reason != "" && host != id {
		return reason // of hosts Nagios does not ask it: what began before such a downtime goes on being told
	}
	switch {
	case problem && c.ruleSilence(id) != "":
		return c.ruleSilence(id)
	case c.toldOnce(id):
		return "notification_interval is 0: people are told once"
	case host != id && !c.isUp(host) && (problem || c.standing[host].Type == monitor.Hard):
		return "its host is not UP"
	case c.now < n.next && !c.isVolatile(id):
		return c.notYet(&n)
	}
	return ""
}

// notYet says until when nobody is told, and why.
func (c *Core) notYet(n *notice) string {
	if n.last == 0 {
		return "it is put off until " + stamp(n.next)
	}
	return "people were told, and are not told again before " + stamp(n.next)
}

// inDowntime names the downtime that an object is in: its own or its host's.
func (c *Core) inDowntime(id monitor.ID) string {
	switch {
	case c.standing[id].depth > 0:
		return "it is in a downtime"
	case c.standing[c.inv.HostOf(id)].depth > 0:
		return "its host is in a downtime"
	}
	return ""
}

// awaitsDowntime names the flexible downtime that waits for a problem of an object or of its host. Nagios 4.4.6 is silent
// from its start on (is_service_in_pending_flex_downtime), not only from the problem on.
func (c *Core) awaitsDowntime(id monitor.ID) string {
	if len(c.downtimes.of) == 0 {
		return ""
	}
	for _, t := range c.downtimes.on(id) {
		if c.waits(t) {
			return "a flexible downtime of it waits to begin"
		}
	}
	if host := c.inv.HostOf(id); host != id && c.awaitsDowntime(host) != "" {
		return "a flexible downtime of its host waits to begin"
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

func has(s monitor.Switch) bool { return s&monitor.Notifications != 0 }
