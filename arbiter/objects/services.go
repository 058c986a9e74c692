package objects

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// place is a service of one host: the definition, and how it came to the host.
type place struct {
	host, def uint32 // def counts in defs[kService]
	// instance is a number of loader.instances + 1 for a service that duplicate_foreach made; 0 otherwise.
	instance uint32
	// group says that the host was not named but is in a group, or uses a template, that was: then a definition that
	// names the host wins.
	group bool
}

// loadServices finds out which service definitions make services on which hosts, sorts them by host, leaves out those
// that others replace, and reads them.
func (l *loader) loadServices() {
	l.placed = make([]place, 0, len(l.defs[kService]))
	for i, r := range l.defs[kService] {
		l.placeService(uint32(i), r)
	}
	l.sortPlaces()
	l.inGroups = make([][]uint32, len(l.names[kServicegroup]))
	l.config.Services = make([]Service, 0, len(l.placed))
	for from := 0; from < len(l.placed); {
		to := from
		for to < len(l.placed) && l.placed[to].host == l.placed[from].host {
			to++
		}
		l.hostServices(l.placed[from:to])
		from = to
	}
	l.extendServices()
	l.checkServiceParents()
}

// placeService puts a definition on its hosts.
func (l *loader) placeService(i uint32, r ref) {
	v := l.look(r)
	registered := v.registered(l)
	hosts, groups := v.get(keyHostName), v.get(keyHostgroupName)
	switch {
	case !registered && l.shinken && hosts.given():
		l.placeOnTemplates(v, i, hosts)
		return
	case !registered:
		return
	case !hosts.given() && !groups.given():
		if !v.has(keyName) || v.get(keyServiceDescription).given() && !l.shinken {
			l.errorAt(v.pos(), "this service has no host_name and no hostgroup_name: name a host, or \"register 0\" if it is a template")
		}
		return
	case v.str(keyServiceDescription) == "":
		l.errorAt(v.pos(), "this service has no service_description: give it one, or \"register 0\" if it is a template")
		return
	}
	if host, ok := l.index[kHost][hosts.s]; ok && !groups.given() {
		l.addPlace(v, place{host: host, def: i})
		return
	}
	l.placeOnMany(v, i, hosts, groups)
}

// placeOnMany puts a definition on hosts and the members of host groups, less those with "!".
func (l *loader) placeOnMany(v *view, i uint32, hosts, groups value) {
	before := l.mistakes.said
	named, out := l.pick(kHost, hosts, "host_name")
	inGroups, outGroups := l.pick(kHostgroup, groups, "hostgroup_name")
	var members []uint32
	for _, g := range inGroups {
		members = append(members, l.config.HostGroups[g].Members...)
	}
	for _, g := range outGroups {
		out = append(out, l.config.HostGroups[g].Members...)
	}
	out = sorted(out)
	named = without(named, out)
	members = without(without(sorted(members), out), named)
	if len(named)+len(members) == 0 && l.mistakes.said == before {
		l.emptyService(v, groups)
	}
	for _, h := range named {
		l.addPlace(v, place{host: h, def: i})
	}
	for _, h := range members {
		l.addPlace(v, place{host: h, def: i, group: true})
	}
}

// emptyService complains of a service that is on no host at all, as far as allow_empty_hostgroup_assignment wants it.
func (l *loader) emptyService(v *view, groups value) {
	o := &l.config.Options
	const format = "service %q is on no host: its host groups are empty, or all their hosts are left out%s"
	switch {
	case groups.given() && !o.AllowEmptyHostgroups:
		l.errorAt(groups.pos, format, v.str(keyServiceDescription), "; add members or take the service away")
	case groups.given() && o.WarnEmptyHostgroups:
		l.warnAt(groups.pos, format, v.str(keyServiceDescription), "")
	}
}

// placeOnTemplates puts a definition that is not registered on all hosts that use one of the templates in its host_name
// (Shinken). Expressions with & and | are left out.
func (l *loader) placeOnTemplates(v *view, i uint32, hosts value) {
	if strings.ContainsAny(hosts.s, "&|()") {
		l.warnAt(hosts.pos, "host_name %q is an expression of templates, which is not supported yet: the service is left out; name the templates one by one",
			hosts.s)
		return
	}
	var on []uint32
	for _, t := range words(hosts.s) {
		if _, ok := l.templates[kHost][t]; !ok && v.has(keyHostName) {
			l.warnAt(hosts.pos, "host_name of a service that is not registered names host templates, and %q is none%s", t,
				l.hint(t, func() []string { return keysOf(l.templates[kHost]) }))
		}
		on = append(on, l.tagged[t]...)
	}
	for _, h := range sorted(on) {
		l.addPlace(v, place{host: h, def: i, group: true})
	}
}

// addPlace notes a place, or several where duplicate_foreach multiplies it.
func (l *loader) addPlace(v *view, p place) {
	if each := v.get(keyDuplicateForeach); each.given() && each.s != "" {
		l.multiply(v, p, each)
		return
	}
	l.placed = append(l.placed, p)
}

// sortPlaces sorts by host and keeps the order of definitions within a host.
func (l *loader) sortPlaces() {
	if slices.IsSortedFunc(l.placed, func(a, b place) int { return int(a.host) - int(b.host) }) {
		return
	}
	next := make([]uint32, len(l.config.Hosts)+1)
	for _, p := range l.placed {
		next[p.host+1]++
	}
	for i := 1; i < len(next); i++ {
		next[i] += next[i-1]
	}
	out := make([]place, len(l.placed))
	for _, p := range l.placed {
		out[next[p.host]] = p
		next[p.host]++
	}
	l.placed = out
}

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
		l.joinGroups(uint32(first+i), s.groups)
	}
	l.present = l.present[:0]
	clear(l.ofHost)
}

// joinGroups puts a service into the service groups that it names.
func (l *loader) joinGroups(service uint32, groups value) {
	if !groups.given() {
		return
	}
	in, out := l.pick(kServicegroup, groups, "servicegroups")
	for _, g := range without(in, out) {
		l.inGroups[g] = append(l.inGroups[g], service)
	}
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
	s.Vars = l.customVars(v)
	l.checkService(v, &s)
	if parents := v.get(keyParents); parents.given() {
		l.parented = append(l.parented, parented{p.host, description, parents})
	}
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
		if v.base.broken {
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
	h := l.look(l.objects[kHost][s.Host])
	none := !h.get(keyContacts).given() && !h.get(keyContactGroups).given()
	l.look(v.ref)
	return none
}
