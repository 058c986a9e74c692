package objects

import "github.com/onbu/onbu/monitor"

// loadTimeperiods reads the time periods. Their ranges are looked at by opts.CheckPeriod.
func (l *loader) loadTimeperiods() {
	for i, r := range l.objects[kTimeperiod] {
		v := l.look(r)
		t := Timeperiod{Pos: v.pos()}
		t.Name, t.Alias = l.names[kTimeperiod][i], v.str(keyAlias)
		if t.Alias == "" && !l.shinken {
			l.errorAt(v.pos(), "time period %q has no alias: give it one, Nagios does not start without", t.Name)
		}
		t.Ranges = l.ranges(v)
		exclude := v.get(keyExclude)
		in, _ := l.pick(kTimeperiod, exclude, "exclude")
		for _, x := range in {
			t.Exclude = append(t.Exclude, l.names[kTimeperiod][x])
		}
		l.excludes = append(l.excludes, in)
		l.config.Timeperiods = append(l.config.Timeperiods, t)
		if l.opts.CheckPeriod == nil {
			continue
		}
		if err := l.opts.CheckPeriod(t.Timeperiod); err != nil {
			l.errorAt(v.pos(), "time period %q: %v", t.Name, err)
		}
	}
}

// ranges gives the lines of a time period that are not directives, its own before those of its templates.
func (l *loader) ranges(v *view) []string {
	var list []string
	for i := range v.items {
		if v.items[i].key == keyFree {
			list = append(list, v.src.value(&v.items[i]))
		}
	}
	for _, t := range v.base.tags {
		r, ok := l.templates[kTimeperiod][t]
		if !ok {
			continue
		}
		s, d := l.sources[r.file], l.def(r)
		for i := range s.items[d.first : d.first+d.count] {
			if it := &s.items[int(d.first)+i]; it.key == keyFree {
				list = append(list, s.value(it))
			}
		}
	}
	return list
}

func (l *loader) loadCommands() {
	l.internalCommands()
	for i, r := range l.objects[kCommand] {
		if r == internal {
			l.config.Commands = append(l.config.Commands, Command{Command: monitor.Command{
				Name: l.names[kCommand][i], Line: l.names[kCommand][i],
			}})
			continue
		}
		v := l.look(r)
		c := Command{Pos: v.pos(), Module: v.str(keyModuleType)}
		c.Name, c.Line = l.names[kCommand][i], v.str(keyCommandLine)
		if n := l.num(v, keyTimeout, 0); n > 0 {
			c.Timeout = duration(n, second)
		}
		if c.Pool = tag(v, keyPollerTag); c.Pool == "" {
			c.Pool = tag(v, keyReactionnerTag)
		}
		if c.Line == "" {
			l.errorAt(v.pos(), "command %q has no command_line: add one", c.Name)
		} else if l.opts.CheckLine != nil {
			if err := l.opts.CheckLine(c.Line); err != nil {
				l.errorAt(v.get(keyCommandLine).pos, "command %q: %v", c.Name, err)
			}
		}
		l.config.Commands = append(l.config.Commands, c)
	}
	l.globalHandlers()
}

// internal is the ref of the commands that Shinken has without a definition.
var internal = ref{file: 1<<32 - 1}

// internalCommands adds Shinken's own, where nobody defined them.
func (l *loader) internalCommands() {
	if !l.shinken {
		return
	}
	for _, n := range []string{"bp_rule", "_internal_host_up", "_echo"} {
		if _, ok := l.index[kCommand][n]; !ok {
			l.index[kCommand][n] = uint32(len(l.names[kCommand]))
			l.names[kCommand] = append(l.names[kCommand], n)
			l.objects[kCommand] = append(l.objects[kCommand], internal)
		}
	}
}

func (l *loader) globalHandlers() {
	o := &l.config.Options
	set := func(dst *int32, command, option string) {
		if command == "" {
			return
		}
		if i, ok := l.one(kCommand, command, l.optionPos[option], option); ok {
			*dst = int32(i)
		}
	}
	set(&o.GlobalHostHandler, l.hostHandler, "global_host_event_handler")
	set(&o.GlobalServiceHandler, l.serviceHandler, "global_service_event_handler")
}

func (l *loader) loadContacts() {
	join := make([][]uint32, len(l.names[kContactgroup]))
	for i, r := range l.objects[kContact] {
		v := l.look(r)
		l.config.Contacts = append(l.config.Contacts, l.contact(v, l.names[kContact][i]))
		in, out := l.pick(kContactgroup, v.get(keyContactgroups), "contactgroups")
		for _, g := range without(in, out) {
			join[g] = append(join[g], uint32(i))
		}
	}
	l.config.ContactGroups = l.groups(kContactgroup, kContact, keyContactgroupMembers, join)
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
		w := NotificationWay{Name: l.names[kNotificationway][i]}
		w.Host, w.Service = l.ways(v, true)
		w.MinBusinessImpact = int8(clamp(l.num(v, keyMinImpact, 0), -128, 127))
		c.Ways = append(c.Ways, w)
	}
	if len(c.Ways) > 0 && len(c.Host.Commands)+len(c.Service.Commands) == 0 {
		c.Host, c.Service = c.Ways[0].Host, c.Ways[0].Service
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
	}
	return list
}
