package objects

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// loadEscalations reads host and service escalations, and Shinken's named ones.
func (l *loader) loadEscalations() {
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
	for i, r := range l.objects[kEscalation] {
		v := l.look(r)
		e := l.escalation(v)
		e.Name = l.names[kEscalation][i]
		l.config.Escalations = append(l.config.Escalations, e)
	}
}

// spread makes one escalation of the definition in view for all objects with the same Settings, because it takes from
// them what it does not say.
func (l *loader) spread(v *view, objects []uint32, settings func(uint32) uint32, add func(*Escalation, uint32)) {
	made := map[uint32]int{}
	plain := l.escalation(v)
	for _, o := range objects {
		n := settings(o)
		at, ok := made[n]
		if !ok {
			at = len(l.config.Escalations)
			made[n] = at
			e := plain
			l.inheritEscalation(v, &e, n)
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
	if v.get(keyNotificationInterval).given() {
		e.Interval = l.units(v, keyNotificationInterval, 0)
	}
	if e.Last != 0 && e.Last < e.First {
		l.warnAt(l.either(v, keyLastNotification), "last_notification %d is before first_notification %d: this escalation never holds", e.Last, e.First)
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
