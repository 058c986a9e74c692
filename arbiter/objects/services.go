package objects

import (
	"strings"

	"github.com/onbu/onbu/monitor"
)

// hostServices reads the services of one host.
func (l *loader) hostServices(places []place) {
	first := len(l.config.Services)
	host := &l.config.Hosts[places[0].host]
	for _, p := range places {
		l.service(p, host, first)
	}
	host.FirstService = uint32(first)
	host.ServiceCount = uint32(len(l.config.Services) - first)
	for i, s := range l.present {
		l.join(kServicegroup, s.groups, "servicegroups", uint32(first+i))
	}
	l.present = l.present[:0]
	clear(l.ofHost)
}

// service reads one service and adds it to those of its host, which begin at first.
func (l *loader) service(p place, host *Host, first int) {
	v := l.look(l.defs[kService][p.def])
	description := l.descriptionOf(v, p)
	at, twice := l.sameService(first, description)
	if twice && !l.replaces(p, at-first, at, v) {
		return
	}
	s := Service{Description: description, Host: p.host, Pos: v.pos()}
	s.DisplayName = orElse(l.expand(v.str(keyDisplayName), p), description)
	s.Notes = v.str(keyNotes)
	s.Settings = l.settingsOf(v, l.model(host.Settings))
	s.Check = l.serviceCheck(v, p)
	if l.isRule(s.Check) {
		l.rememberRule(v, p.host, description, l.expand(v.str(keyCheckCommand), p))
	}
	s.Check = l.withoutInternal(s.Check, &s.Settings)
	s.Vars = l.customVars(v)
	l.checkService(v, &s)
	l.rememberParents(v, p, description)
	if twice {
		l.config.Services[at], l.present[at-first] = s, present{p.group, v.get(keyServicegroups)}
		return
	}
	at = len(l.config.Services)
	if l.ofHost != nil {
		l.ofHost[description] = uint32(at)
	}
	l.config.Services = append(l.config.Services, s)
	l.present = append(l.present, present{p.group, v.get(keyServicegroups)})
}

// present is what is remembered of a service as long as its host is worked on.
type present struct {
	group  bool // as in place
	groups value
}

// many is the number of services of a host from which on they are looked up in a map.
const many = 32

// sameService finds the service with that description among those of the present host.
func (l *loader) sameService(first int, description string) (int, bool) {
	have := l.config.Services[first:]
	if len(have) < many {
		for i := range have {
			if have[i].Description == description {
				return first + i, true
			}
		}
		return 0, false
	}
	if l.ofHost == nil {
		l.ofHost = map[string]uint32{}
	}
	if len(l.ofHost) < len(have) {
		for i := range have {
			l.ofHost[have[i].Description] = uint32(first + i)
		}
	}
	at, ok := l.ofHost[description]
	return int(at), ok
}

// replaces decides between two definitions of one service. One that names the host beats one that comes through a group;
// of equal ones the later wins. Nagios only warns, at the one that loses, and so do we.
func (l *loader) replaces(p place, n, at int, v *view) bool {
	old := &l.config.Services[at]
	loser, winner := old.Pos, v.pos()
	if p.group && !l.present[n].group {
		loser, winner = winner, loser
	}
	if loser != winner {
		l.warnAt(loser, "service %q on host %q is defined again at %s, which wins: remove one of them", old.Description,
			l.config.Hosts[p.host].Name, l.config.Where(winner))
	}
	return winner == v.pos()
}

func (l *loader) serviceCheck(v *view, p place) monitor.Call {
	c := v.get(keyCheckCommand)
	if !c.given() || c.s == "" {
		if v.base.broken || v.get(keyTrigger).given() || v.get(keyTriggerName).given() {
			return noCall
		}
		l.errorAt(v.pos(), "this service has no check_command, and neither have its templates: add one")
		return noCall
	}
	c.s = l.expand(c.s, p)
	return l.callOf(c, "check_command")
}

// checkService is what Nagios warns of in single services (base/config.c, pre_flight_object_check).
func (l *loader) checkService(v *view, s *Service) {
	set := &l.config.Settings[s.Settings]
	if i := strings.IndexAny(s.Description, l.config.Options.IllegalNameChars); i >= 0 {
		l.errorAt(v.pos(), "service_description %q has %q in it, which illegal_object_name_chars forbids: rename it", s.Description, s.Description[i:i+1])
	}
	if l.shinken || v.base.broken {
		return
	}
	if len(set.Contacts) == 0 && l.silent(v, s) {
		l.warnAt(v.pos(), "service %q has no contacts and no contact_groups, and neither has its host: nobody will be told of it", s.Description)
	}
	if set.CheckPeriod == monitor.None && !v.get(keyCheckPeriod).given() {
		l.warnAt(v.pos(), "service %q has no check_period: it is checked at any time; name a time period", s.Description)
	}
	if set.NotificationPeriod == monitor.None && !v.get(keyNotificationPeriod).given() {
		l.warnAt(v.pos(), "service %q has no notification_period, and neither has its host: name a time period", s.Description)
	}
}

// silent says that nobody named anybody to be told; a group without members is not that.
func (l *loader) silent(v *view, s *Service) bool {
	if v.get(keyContacts).set || v.get(keyContactGroups).set {
		return !v.get(keyContacts).given() && !v.get(keyContactGroups).given()
	}
	h := l.aside(l.objects[kHost][s.Host])
	return !h.get(keyContacts).given() && !h.get(keyContactGroups).given()
}
