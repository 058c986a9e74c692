package core

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// obeyContact turns the notifications of contacts on or off.
func (c *Core) obeyContact(r *command.Request, d *Decisions) (bool, error) {
	rest, on, ok := cutVerb(r.Name)
	who, what, _ := strings.Cut(rest, "_")
	isGroup := who == "CONTACTGROUP"
	if !ok || !isGroup && who != "CONTACT" {
		return false, nil
	}
	contacts, err := c.contactsOf(r.Text(0), isGroup)
	if err != nil {
		return true, err
	}
	for _, contact := range contacts {
		s := c.contactStatus(contact)
		if what == "HOST_NOTIFICATIONS" {
			s.HostNotificationsOff = !on
		} else {
			s.ServiceNotificationsOff = !on
		}
		c.changeContact(s, d)
	}
	return true, nil
}

// obeyContactChange changes when a contact is told, and its custom variables.
func (c *Core) obeyContactChange(r *command.Request, d *Decisions) (bool, error) {
	switch r.Name {
	case "CHANGE_CONTACT_HOST_NOTIFICATION_TIMEPERIOD", "CHANGE_CONTACT_SVC_NOTIFICATION_TIMEPERIOD", "CHANGE_CUSTOM_CONTACT_VAR":
	default:
		return false, nil
	}
	contacts, err := c.contactsOf(r.Text(0), false)
	if err != nil {
		return true, err
	}
	s := c.contactStatus(contacts[0])
	switch r.Name {
	case "CHANGE_CONTACT_HOST_NOTIFICATION_TIMEPERIOD":
		err = c.setPeriod(r.Text(1), &s.HostPeriod)
	case "CHANGE_CONTACT_SVC_NOTIFICATION_TIMEPERIOD":
		err = c.setPeriod(r.Text(1), &s.ServicePeriod)
	default:
		s.Vars, err = setVar(s.Vars, r.Text(1), r.Text(2))
	}
	if err == nil {
		c.changeContact(s, d)
	}
	return true, err
}

// unmodifyContact takes back what commands changed of a contact, but for the attributes that stay. MODHATTR and MODSATTR
// are about hosts and services, MODATTR about the contact itself.
func (c *Core) unmodifyContact(contact uint32, name string, stay int64, d *Decisions) {
	s := c.contactStatus(contact)
	off, period := &s.HostNotificationsOff, &s.HostPeriod
	if name == "CHANGE_CONTACT_MODSATTR" {
		off, period = &s.ServiceNotificationsOff, &s.ServicePeriod
	}
	switch {
	case name == "CHANGE_CONTACT_MODATTR":
		if stay&modVars == 0 {
			s.Vars = nil
		}
	default:
		*off = *off && stay&modNotifications != 0
		if stay&modNotificationPeriod == 0 {
			*period = ""
		}
	}
	c.changeContact(s, d)
}

// contactStatus gives what commands changed of a contact.
func (c *Core) contactStatus(contact uint32) monitor.ContactStatus {
	name := c.inv.Contacts[contact].Name
	s := c.muted[name]
	s.Name = name
	return s
}

// changeContact keeps and tells what commands changed of a contact.
func (c *Core) changeContact(s monitor.ContactStatus, d *Decisions) {
	c.mute(s)
	d.Broks = append(d.Broks, monitor.Brok{Kind: monitor.BrokContact, Time: c.now, Shard: c.inv.Shard, Contact: &s})
}

// mute keeps what a command changed on a contact; one on which nothing is changed is not kept.
func (c *Core) mute(s monitor.ContactStatus) {
	changed := s.HostNotificationsOff || s.ServiceNotificationsOff || s.HostPeriod != "" || s.ServicePeriod != "" || len(s.Vars) > 0
	if changed {
		c.muted[s.Name] = s
	} else {
		delete(c.muted, s.Name)
	}
}

// contactPeriod gives when a contact is told about hosts or about services: as configured, or as a command set it.
func (c *Core) contactPeriod(who *monitor.Contact, host bool, configured int32) int32 {
	if len(c.muted) == 0 {
		return configured
	}
	s := c.muted[who.Name]
	name := s.ServicePeriod
	if host {
		name = s.HostPeriod
	}
	if i := c.periodNamed(name); name != "" && i != monitor.None {
		return i
	}
	return configured
}

// contactsOf gives the contact or the members of the contact group with that name.
func (c *Core) contactsOf(name string, group bool) ([]uint32, error) {
	if !group {
		if contact, ok := c.contacts[name]; ok {
			return []uint32{contact}, nil
		}
		return nil, fmt.Errorf("there is no contact %q", name)
	}
	i := slices.IndexFunc(c.inv.ContactGroups, func(g monitor.ContactGroup) bool { return g.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no contactgroup %q", name)
	}
	return c.inv.ContactGroups[i].Members, nil
}
