package core

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// way is one of the ways in which a contact is told about an object.
type way struct {
	*monitor.Way
	name      string // empty for the contact's own
	minImpact int8
	period    int32 // as configured, or as a command set it
}

// ways gives all ways in which a contact can be told about an object.
func (c *Core) ways(contact uint32, id monitor.ID) []way {
	who, host := &c.inv.Contacts[contact], c.inv.IsHost(id)
	pick := func(ofHosts, ofServices *monitor.Way) *monitor.Way {
		if host {
			return ofHosts
		}
		return ofServices
	}
	all := []way{{Way: pick(&who.Host, &who.Service), minImpact: who.MinBusinessImpact, period: c.contactPeriod(who, host, pick(&who.Host, &who.Service).Period)}}
	for i := range who.Ways {
		w := &who.Ways[i]
		all = append(all, way{Way: pick(&w.Host, &w.Service), name: w.Name, minImpact: w.MinBusinessImpact, period: pick(&w.Host, &w.Service).Period})
	}
	return all
}

// open gives the ways in which a contact is told this time; none if something speaks against each of them.
func (c *Core) open(contact uint32, n *notification) []way {
	all := c.ways(contact, n.id)
	if n.forced {
		return all
	}
	if c.contactSilence(contact, n.id, n.why) != "" {
		return nil
	}
	return slices.DeleteFunc(all, func(w way) bool { return c.waySilence(&w, n.id, n.why) != "" })
}

// untold says why one contact is not told although others are; empty if it is.
func (c *Core) untold(contact uint32, id monitor.ID, why cause) string {
	if reason := c.contactSilence(contact, id, why); reason != "" {
		return reason
	}
	var reasons []string
	for _, w := range c.ways(contact, id) {
		reason := c.waySilence(&w, id, why)
		if reason == "" {
			return ""
		}
		if w.name != "" {
			reason = "by " + w.name + ": " + reason
		}
		reasons = append(reasons, reason)
	}
	return strings.Join(reasons, "; ")
}

// contactSilence says why a contact is told in no way at all. The order of this and of waySilence is that of Nagios 4.4.6
// notifications.c, check_contact_service_notification_viability, with Shinken's downtimes of contacts before it.
func (c *Core) contactSilence(contact uint32, id monitor.ID, why cause) string {
	who, host := &c.inv.Contacts[contact], c.inv.IsHost(id)
	off := c.muted[who.Name]
	switch {
	case c.isAway(who.Name):
		return "the contact is in a downtime"
	case who.MinImportance > c.importance(id):
		return "the object is less important than the contact's minimum_importance"
	case off.HostNotificationsOff && host, off.ServiceNotificationsOff && !host:
		return "a command turned the contact's notifications off"
	case why == ofState && !c.isProblem(id) && !c.wasTold(id, who.Name):
		return "the contact was not told of the problem"
	}
	return ""
}

// waySilence says why a contact is not told in one way.
func (c *Core) waySilence(w *way, id monitor.ID, why cause) string {
	switch {
	case w.minImpact > c.worth(id):
		return "the object's business impact is below the contact's min_business_impact"
	case !w.Enabled:
		return "the contact has notifications turned off"
	case !c.in(w.period, c.now):
		return "it is outside of the contact's notification period " + c.inv.Timeperiods[w.period].Name
	case why == ofCustom:
		return ""
	case why == ofFlap && w.Options&monitor.OnFlapping == 0:
		return "the contact's notification options leave flapping (f) out"
	case why == ofDowntime && w.Options&monitor.OnDowntime == 0:
		return "the contact's notification options leave downtimes (s) out"
	case why != ofState && why != ofAck, w.Options&c.option(id) != 0:
		return ""
	case !c.isProblem(id):
		return "the contact's notification options leave recoveries (r) out"
	}
	return "the contact's notification options leave " + c.stateName(id) + " out"
}

// importance gives Nagios 4's importance of an object: a host's own and that of all its services.
func (c *Core) importance(id monitor.ID) uint32 {
	sum := c.inv.Policy(id).Importance
	if c.inv.IsHost(id) {
		first, last := c.services(id)
		for service := first; service < last; service++ {
			sum += c.inv.Policy(service).Importance
		}
	}
	return sum
}

// untoldOf says of each contact that the next notification of a problem is for why it would not be told now; nothing
// about an object that is well.
func (c *Core) untoldOf(id monitor.ID) []monitor.Untold {
	if !c.isProblem(id) {
		return nil
	}
	var all []monitor.Untold
	nobody := c.silence(id, ofState)
	contacts, _ := c.audience(id, c.noticeOf(id).number+1, false)
	for _, contact := range contacts {
		why := nobody
		if why == "" {
			why = c.untold(contact, id, ofState)
		}
		all = append(all, monitor.Untold{Contact: c.inv.Contacts[contact].Name, Why: why})
	}
	return all
}
