package objects

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// loadEscalations reads host and service escalations, and Shinken's named ones.
func (l *loader) loadEscalations() {
	l.namedEscalations()
	for _, r := range l.defs[kHostescalation] {
		if v := l.look(r); v.registered(l) {
			hosts := l.hostsOf(v, keyHostName, keyHostgroupName)
			l.spread(v, hosts, func(h uint32) uint32 { return l.config.Hosts[h].Settings },
				func(e *Escalation, h uint32) { e.Hosts = append(e.Hosts, h) })
		}
	}
	for _, r := range l.defs[kServiceescalation] {
		if v := l.look(r); v.registered(l) {
			services := l.servicesOf(v, masterKeys)
			l.spread(v, services, func(s uint32) uint32 { return l.config.Services[s].Settings },
				func(e *Escalation, s uint32) { e.Services = append(e.Services, s) })
		}
	}
}

// namedEscalations reads Shinken's, which objects name themselves. They are the first, so that the numbers in Settings are
// theirs.
func (l *loader) namedEscalations() {
	if len(l.objects[kEscalation]) == 0 {
		return
	}
	for i, r := range l.objects[kEscalation] {
		v, before := l.look(r), l.mistakes.said
		e := l.escalation(v)
		e.Name = l.names[kEscalation][i]
		if len(e.Contacts) == 0 && l.mistakes.said == before {
			l.warnAt(v.pos(), "escalation %q has no contacts: nobody is told while it holds; add contacts or contact_groups", e.Name)
		}
		l.config.Escalations = append(l.config.Escalations, e)
	}
	for i := range l.config.Hosts {
		for _, n := range l.config.Settings[l.config.Hosts[i].Settings].Escalations {
			e := &l.config.Escalations[n]
			e.Hosts = append(e.Hosts, uint32(i))
		}
	}
	for i := range l.config.Services {
		for _, n := range l.config.Settings[l.config.Services[i].Settings].Escalations {
			e := &l.config.Escalations[n]
			e.Services = append(e.Services, uint32(i))
		}
	}
}

// spread makes one escalation of the definition in view for all objects with the same Settings, because it takes from
// them what it does not say.
func (l *loader) spread(v *view, objects []uint32, settings func(uint32) uint32, add func(*Escalation, uint32)) {
	made, before := map[uint32]int{}, l.mistakes.said
	plain := l.escalation(v)
	for _, o := range objects {
		n := settings(o)
		at, ok := made[n]
		if !ok {
			at = len(l.config.Escalations)
			made[n] = at
			e := plain
			l.inheritEscalation(v, &e, n)
			if len(e.Contacts) == 0 && l.mistakes.said == before {
				l.warnAt(v.pos(), "this %s has no contacts, and neither has what it is for: nobody is told while it holds; add contacts or contact_groups", v.kind)
			}
			l.config.Escalations = append(l.config.Escalations, e)
		}
		add(&l.config.Escalations[at], o)
	}
}

func (l *loader) escalation(v *view) Escalation {
	e := Escalation{
		First:     uint32(clamp(l.num(v, keyFirstNotification, 0), 0, 1<<31)),
		Last:      uint32(clamp(l.num(v, keyLastNotification, 0), 0, 1<<31)),
		FirstTime: l.units(v, keyFirstTime, 0), LastTime: l.units(v, keyLastTime, 0),
		Interval: -1, Period: l.period(v, keyEscalationPeriod),
		Options: l.optionsOf(v, keyEscalationOptions, "a"), Contacts: l.contactsOf(v), Pos: v.pos(),
	}
	e.ByTime = v.get(keyFirstTime).given() || v.get(keyLastTime).given()
	if v.get(keyNotificationInterval).given() {
		e.Interval = l.units(v, keyNotificationInterval, 0)
	}
	if e.Last != 0 && e.Last < e.First {
		l.warnAt(l.either(v, keyLastNotification), "last_notification %d is before first_notification %d: this escalation never holds", e.Last, e.First)
	}
	if e.LastTime != 0 && e.LastTime < e.FirstTime {
		l.warnAt(l.either(v, keyLastTime), "last_notification_time %v is before first_notification_time %v: this escalation never holds", short(e.LastTime), short(e.FirstTime))
	}
	return e
}

// inheritEscalation takes contacts and period from the objects that an escalation is for, where it has none itself or adds
// to them with "+".
func (l *loader) inheritEscalation(v *view, e *Escalation, settings uint32) {
	s := &l.config.Settings[settings]
	people, groups := v.get(keyContacts), v.get(keyContactGroups)
	adds := strings.HasPrefix(v.text(keyContacts), "+") || strings.HasPrefix(v.text(keyContactGroups), "+")
	switch {
	case !people.set && !groups.set:
		e.Contacts = s.Contacts
	case adds:
		e.Contacts = sorted(slices.Concat(e.Contacts, s.Contacts))
	}
	if e.Period == monitor.None && !v.get(keyEscalationPeriod).set {
		e.Period = s.NotificationPeriod
	}
}
