package objects

import (
	"slices"
	"strings"
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
	l.loadServiceParents()
}

// placeService puts a definition on its hosts. One that a mistake leaves on none is read nowhere else: what else is wrong in it is to be
// told with the mistake, and not when that is mended.
func (l *loader) placeService(i uint32, r ref) {
	v := l.look(r)
	wrong, placed := l.mistakes.errors, len(l.placed)
	l.placeOnItsHosts(v, i)
	if l.mistakes.errors > wrong && len(l.placed) == placed {
		l.checkNames(v)
	}
}

// checkNames looks whether the names are there that a service without a host has: whatever else it says may be its host's to say.
func (l *loader) checkNames(v *view) {
	if !v.get(keyDuplicateForeach).given() { // which may be part of the command's name
		l.callOf(v.get(keyCheckCommand), "check_command")
	}
	l.callOf(v.get(keyEventHandler), "event_handler")
	l.period(v, keyCheckPeriod)
	l.period(v, keyNotificationPeriod)
	l.contactsOf(v)
	l.contactGroupsOf(v)
	if !l.shinken { // which makes groups by naming them
		l.pick(kServicegroup, v.get(keyServicegroups), "servicegroups")
	}
	l.checkRefs(v)
}

// placeOnItsHosts notes the places of a definition: hosts, members of groups, or users of templates.
func (l *loader) placeOnItsHosts(v *view, i uint32) {
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
	if len(named)+len(members) == 0 && l.mistakes.said == before && !l.awaits(inGroups) {
		l.emptyService(v, groups)
	}
	for _, h := range named {
		l.addPlace(v, place{host: h, def: i})
	}
	for _, h := range members {
		l.addPlace(v, place{host: h, def: i, group: true})
	}
}

// awaits says whether a group among some gets members of dynamic hosts.
func (l *loader) awaits(groups []uint32) bool {
	return slices.ContainsFunc(groups, func(g uint32) bool { return l.awaited[g] })
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
