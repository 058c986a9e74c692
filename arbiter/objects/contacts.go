package objects

import "github.com/onbu/onbu/monitor"

// loadContacts reads the contacts and contact groups.
func (l *loader) loadContacts() {
	for i, r := range l.objects[kContact] {
		v := l.look(r)
		l.config.Contacts = append(l.config.Contacts, l.contact(v, l.names[kContact][i]))
		l.join(kContactgroup, v.get(keyContactgroups), "contactgroups", uint32(i))
	}
	l.config.ContactGroups = l.groups(kContactgroup, kContact, keyContactgroupMembers)
}

func (l *loader) contact(v *view, name string) Contact {
	c := Contact{Pos: v.pos()}
	c.Name, c.Alias, c.Email, c.Pager = name, v.str(keyAlias), v.str(keyEmail), v.str(keyPager)
	for k := keyAddress1; k <= keyAddress6; k++ {
		c.Addresses = append(c.Addresses, v.str(k))
	}
	for len(c.Addresses) > 0 && c.Addresses[len(c.Addresses)-1] == "" {
		c.Addresses = c.Addresses[:len(c.Addresses)-1]
	}
	c.CanSubmit = l.on(v, keyCanSubmit, !l.shinken)
	c.Vars = l.customVars(v)
	c.MinBusinessImpact = l.impact(v, keyMinImpact, 0)
	c.MinImportance = uint32(clamp(l.num(v, keyMinImportance, 0), 0, 1<<31))
	ways := v.get(keyNotificationways)
	c.Host, c.Service = l.ways(v, !ways.given())
	if ways.given() {
		l.notificationWays(&c, ways)
	}
	return c
}

// ways reads how somebody is told. strict is false for a contact that has notification ways: it needs nothing besides.
func (l *loader) ways(v *view, strict bool) (host, service monitor.Way) {
	host = l.way(v, strict, keyHostNotifications, keyHostNotificationPeriod, keyHostNotificationOptions, keyHostNotificationCommands)
	service = l.way(v, strict, keyServiceNotifications, keyServiceNotificationPeriod, keyServiceNotificationOptions, keyServiceNotificationCommands)
	return host, service
}

func (l *loader) way(v *view, strict bool, enabled, period, opts, commands key) monitor.Way {
	w := monitor.Way{
		Enabled: l.on(v, enabled, true), Period: l.period(v, period),
		Options: l.optionsOf(v, opts, "n"), Commands: l.callsOf(v.get(commands), known.names[commands]),
	}
	if opts == keyHostNotificationOptions {
		l.doubtUnreachable(v, opts, w.Options)
	}
	if !strict {
		return w
	}
	if w.Options == monitor.OnRecovery {
		l.warnAt(v.get(opts).pos, "%s r alone makes no sense: nobody was told of a problem; add others", known.names[opts])
	}
	if !v.get(commands).given() {
		l.errorAt(v.pos(), "%s %q has no %s: add one", v.kind, v.str(v.class.id), known.names[commands])
	}
	if !v.get(period).given() {
		l.warnAt(v.pos(), "%s %q has no %s: it is told at any time; name a time period", v.kind, v.str(v.class.id), known.names[period])
	}
	return w
}

// notificationWays adds Shinken's ways to a contact. The first one stands in for what the contact does not say itself.
func (l *loader) notificationWays(c *Contact, list value) {
	in, _ := l.pick(kNotificationway, list, "notificationways")
	for _, i := range in {
		v := l.aside(l.objects[kNotificationway][i])
		w := monitor.NotificationWay{Name: l.names[kNotificationway][i], MinBusinessImpact: l.impact(v, keyMinImpact, 0)}
		w.Host, w.Service = l.ways(v, true)
		// What the contact turns off is off whatever its ways say.
		w.Host.Enabled = w.Host.Enabled && c.Host.Enabled
		w.Service.Enabled = w.Service.Enabled && c.Service.Enabled
		c.Ways = append(c.Ways, w)
	}
	if len(c.Ways) > 0 && len(c.Host.Commands)+len(c.Service.Commands) == 0 {
		first := c.Ways[0]
		c.Host, c.Service, c.MinBusinessImpact = first.Host, first.Service, first.MinBusinessImpact
		c.Ways = c.Ways[1:]
	}
}

// contactsOf gives the contacts of an object, those in its groups included, sorted.
func (l *loader) contactsOf(v *view) []uint32 {
	people, groups := v.get(keyContacts), v.get(keyContactGroups)
	if !people.given() && !groups.given() {
		return nil
	}
	id := listID{kContact, people.s + "\x00" + groups.s}
	if list, ok := l.lists[id]; ok {
		return list
	}
	before := l.mistakes.said
	in, out := l.pick(kContact, people, "contacts")
	inGroups, outGroups := l.pick(kContactgroup, groups, "contact_groups")
	for _, g := range inGroups {
		in = append(in, l.config.ContactGroups[g].Members...)
	}
	for _, g := range outGroups {
		out = append(out, l.config.ContactGroups[g].Members...)
	}
	list := without(sorted(in), sorted(out))
	if l.mistakes.said == before {
		l.lists[id] = list
		l.lists[listID{kContactgroup, groups.s}] = without(inGroups, outGroups)
	}
	return list
}

// contactGroupsOf gives the contact groups of an object, sorted, once contactsOf has read them.
func (l *loader) contactGroupsOf(v *view) []uint32 {
	return l.lists[listID{kContactgroup, v.get(keyContactGroups).s}]
}
