package table

import (
	"slices"

	"github.com/onbu/onbu/monitor"
)

func theContact(r *Row) (*monitor.Contact, bool) { return r.contact, r.contact != nil }
func theContactgroup(r *Row) (*monitor.ContactGroup, bool) {
	return r.contactgroup, r.contactgroup != nil
}
func theCommand(r *Row) (*monitor.Command, bool) { return r.command, r.command != nil }

// contactFields are the columns of contacts, with what commands changed.
func contactFields() []field[*monitor.Contact] {
	fields := []field[*monitor.Contact]{
		text("name", "the name", func(_ *Row, c *monitor.Contact) string { return c.Name }),
		text("alias", "the alias", func(_ *Row, c *monitor.Contact) string { return orElse(c.Alias, c.Name) }),
		text("email", "the mail address", func(_ *Row, c *monitor.Contact) string { return c.Email }),
		text("pager", "the pager's number", func(_ *Row, c *monitor.Contact) string { return c.Pager }),
		truth("can_submit_commands", "whether the contact may give commands (0/1)", func(_ *Row, c *monitor.Contact) bool { return c.CanSubmit }),
		list("groups", "the contact groups", func(r *Row, _ *monitor.Contact) []string { return r.contactGroups() }),
		dict("custom_variables", "the custom variables", func(r *Row, c *monitor.Contact) []monitor.Var { return contactVars(r, c) }),
		list("custom_variable_names", "the names of the custom variables", func(r *Row, c *monitor.Contact) []string { return varNames(contactVars(r, c)) }),
		list("custom_variable_values", "the values of the custom variables, in the order of the names", func(r *Row, c *monitor.Contact) []string { return varValues(contactVars(r, c)) }),
		integer("id", "a number of the contact, which holds until the next reload", func(r *Row, _ *monitor.Contact) int64 { return int64(r.number) + 1 }),
		integer("modified_attributes", "what commands changed, as the mask of Nagios' MODATTR constants", func(r *Row, c *monitor.Contact) int64 { return contactModified(r, c) }),
		list("modified_attributes_list", "what commands changed, by name", func(r *Row, c *monitor.Contact) []string { return modifiedNames(contactModified(r, c)) }),
	}
	for i, name := range []string{"address1", "address2", "address3", "address4", "address5", "address6"} {
		fields = append(fields, text(name, "an address", func(_ *Row, c *monitor.Contact) string {
			if i < len(c.Addresses) {
				return c.Addresses[i]
			}
			return ""
		}))
	}
	fields = append(fields, wayFields("host", "hosts", func(r *Row, c *monitor.Contact) (*monitor.Way, bool, string) {
		changed, _ := r.World.View.Contact(c.Name)
		return &c.Host, changed.HostNotificationsOff, changed.HostPeriod
	})...)
	return append(fields, wayFields("service", "services", func(r *Row, c *monitor.Contact) (*monitor.Way, bool, string) {
		changed, _ := r.World.View.Contact(c.Name)
		return &c.Service, changed.ServiceNotificationsOff, changed.ServicePeriod
	})...)
}

// wayFields are the columns about how a contact is told of hosts, or of services. of gives the way, whether a command turned
// it off, and the timeperiod that a command set.
func wayFields(kind, word string, of func(*Row, *monitor.Contact) (*monitor.Way, bool, string)) []field[*monitor.Contact] {
	return []field[*monitor.Contact]{
		truth(kind+"_notifications_enabled", "whether the contact is told of "+word+" (0/1)", func(r *Row, c *monitor.Contact) bool {
			way, off, _ := of(r, c)
			return way.Enabled && !off
		}),
		text(kind+"_notification_period", "the timeperiod in which the contact is told of "+word+"; empty for always", func(r *Row, c *monitor.Contact) string {
			way, _, set := of(r, c)
			return orElse(set, period(r.x.Base, way.Period))
		}),
		truth("in_"+kind+"_notification_period", "whether the contact is told of "+word+" at present (0/1)", func(r *Row, c *monitor.Contact) bool {
			way, _, set := of(r, c)
			return r.holds(numberOf(r.x.Base, set, way.Period))
		}),
		list(kind+"_notification_commands", "the commands that tell the contact of "+word, func(r *Row, c *monitor.Contact) []string {
			way, _, _ := of(r, c)
			lines := make([]string, len(way.Commands))
			for i, call := range way.Commands {
				lines[i] = line(r.x.Base, call)
			}
			return lines
		}),
	}
}

func contactVars(r *Row, c *monitor.Contact) []monitor.Var {
	changed, _ := r.World.View.Contact(c.Name)
	return merged(c.Vars, changed.Vars)
}

// contactModified gives the mask of what commands changed; Nagios has one for hosts and one for services, which are one here.
func contactModified(r *Row, c *monitor.Contact) int64 {
	changed, is := r.World.View.Contact(c.Name)
	if !is {
		return 0
	}
	mask := int64(0)
	if changed.HostNotificationsOff == c.Host.Enabled || changed.ServiceNotificationsOff == c.Service.Enabled {
		mask |= 1
	}
	if len(changed.Vars) > 0 {
		mask |= 32768
	}
	if changed.HostPeriod != "" || changed.ServicePeriod != "" {
		mask |= 65536
	}
	return mask
}

// contactGroups names the groups of the row's contact.
func (r *Row) contactGroups() []string {
	var names []string
	for _, i := range r.x.ContactGroups {
		if g := &r.x.Base.ContactGroups[i]; slices.Contains(g.Members, uint32(r.number)) {
			names = append(names, g.Name)
		}
	}
	return names
}

// setContact makes a contact that of the row.
func (r *Row) setContact(i int32) { r.number, r.contact = i, &r.x.Base.Contacts[i] }

func (all *indexes) contactTable() *Table {
	return &Table{
		Name: "contacts", Prefix: "contact_", Columns: sorted(columns("", theContact, contactFields()...)),
		Each: func(w *World, _ Narrow, yield func(*Row) bool) {
			all.each(w, func(x *index) []int32 { return x.Contacts }, func(r *Row, i int32) bool { r.setContact(i); return yield(r) })
		},
	}
}

func (all *indexes) contactgroupTable() *Table {
	fields := []field[*monitor.ContactGroup]{
		text("name", "the name", func(_ *Row, g *monitor.ContactGroup) string { return g.Name }),
		text("alias", "the alias", func(_ *Row, g *monitor.ContactGroup) string { return orElse(g.Alias, g.Name) }),
		integer("id", "a number of the group, which holds until the next reload", func(r *Row, _ *monitor.ContactGroup) int64 { return int64(r.number) + 1 }),
		list("members", "the members", func(r *Row, g *monitor.ContactGroup) []string {
			return namesOf(g.Members, func(i uint32) string { return r.x.Base.Contacts[i].Name })
		}),
	}
	return &Table{
		Name: "contactgroups", Prefix: "contactgroup_", Columns: sorted(columns("", theContactgroup, fields...)),
		Each: func(w *World, _ Narrow, yield func(*Row) bool) {
			all.each(w, func(x *index) []int32 { return x.ContactGroups }, func(r *Row, i int32) bool {
				r.number, r.contactgroup = i, &r.x.Base.ContactGroups[i]
				return yield(r)
			})
		},
	}
}

func commandFields() []field[*monitor.Command] {
	return []field[*monitor.Command]{
		text("name", "the name", func(_ *Row, c *monitor.Command) string { return c.Name }),
		text("line", "the command line, macros unreplaced", func(_ *Row, c *monitor.Command) string { return c.Line }),
		integer("id", "a number of the command, which holds until the next reload", func(r *Row, _ *monitor.Command) int64 { return int64(r.number) + 1 }),
	}
}

func (all *indexes) commandTable() *Table {
	return &Table{
		Name: "commands", Prefix: "command_", Columns: sorted(columns("", theCommand, commandFields()...)),
		Each: func(w *World, _ Narrow, yield func(*Row) bool) {
			all.each(w, func(x *index) []int32 { return x.Commands }, func(r *Row, i int32) bool {
				r.number, r.command = i, &r.x.Base.Commands[i]
				return yield(r)
			})
		},
	}
}

// each hands on the things that all shards have in common.
func (all *indexes) each(w *World, order func(*index) []int32, yield func(*Row, int32) bool) {
	r := all.row(w)
	for _, i := range order(r.x) {
		if !yield(r, i) {
			return
		}
	}
}
