package objects

import "github.com/onbu/onbu/monitor"

// loadEscalations reads host and service escalations, and Shinken's named ones.
func (l *loader) loadEscalations() {
	for _, r := range l.defs[kHostescalation] {
		if v := l.look(r); v.registered(l) {
			e := l.escalation(v)
			e.Hosts = l.hostsOf(v, keyHostName, keyHostgroupName)
			if len(e.Hosts) > 0 {
				l.inheritEscalation(v, &e, l.config.Hosts[e.Hosts[0]].Settings)
			}
			l.addEscalation(v, e)
		}
	}
	for _, r := range l.defs[kServiceescalation] {
		if v := l.look(r); v.registered(l) {
			e := l.escalation(v)
			e.Services = l.servicesOf(v, masterKeys)
			if len(e.Services) > 0 {
				l.inheritEscalation(v, &e, l.config.Services[e.Services[0]].Settings)
			}
			l.addEscalation(v, e)
		}
	}
	for i, r := range l.objects[kEscalation] {
		v := l.look(r)
		e := l.escalation(v)
		e.Name = l.names[kEscalation][i]
		l.config.Escalations = append(l.config.Escalations, e)
	}
}

func (l *loader) addEscalation(v *view, e Escalation) {
	if len(e.Hosts)+len(e.Services) == 0 {
		return
	}
	if len(e.Contacts) == 0 && !v.get(keyContacts).given() && !v.get(keyContactGroups).given() {
		l.warnAt(v.pos(), "this %s names no contacts, and neither do the objects that it is for: nobody is told", v.kind)
	}
	l.config.Escalations = append(l.config.Escalations, e)
}

func (l *loader) escalation(v *view) Escalation {
	e := Escalation{
		First:     uint32(clamp(l.num(v, keyFirstNotification, 0), 0, 1<<31)),
		Last:      uint32(clamp(l.num(v, keyLastNotification, 0), 0, 1<<31)),
		FirstTime: l.units(v, keyFirstTime, 0), LastTime: l.units(v, keyLastTime, 0),
		Interval: -1, Period: l.period(v, keyEscalationPeriod),
		Options: l.optionsOf(v, keyEscalationOptions, "a"), Contacts: l.contactsOf(v), Pos: v.pos(),
	}
	if v.get(keyNotificationInterval).given() {
		e.Interval = l.units(v, keyNotificationInterval, 0)
	}
	if e.Last != 0 && e.Last < e.First {
		l.warnAt(l.either(v, keyLastNotification), "last_notification %d is before first_notification %d: this escalation never holds", e.Last, e.First)
	}
	return e
}

// inheritEscalation takes contacts and period from the object that an escalation is for, where it has none itself or adds
// to them with "+". Where it is for several objects the first one's are taken.
func (l *loader) inheritEscalation(v *view, e *Escalation, settings uint32) {
	s := &l.config.Settings[settings]
	people, groups := v.get(keyContacts), v.get(keyContactGroups)
	adds := v.text(keyContacts) != "" && v.text(keyContacts)[0] == '+' || v.text(keyContactGroups) != "" && v.text(keyContactGroups)[0] == '+'
	switch {
	case !people.set && !groups.set:
		e.Contacts = s.Contacts
	case adds:
		e.Contacts = sorted(append(append([]uint32{}, e.Contacts...), s.Contacts...))
	}
	if e.Period == monitor.None && !v.get(keyEscalationPeriod).set {
		e.Period = s.NotificationPeriod
	}
}
