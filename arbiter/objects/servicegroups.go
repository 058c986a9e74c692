package objects

import (
	"regexp"
	"sort"
)

// loadServicegroups reads the service groups; the services that name one themselves are known already.
func (l *loader) loadServicegroups() {
	l.config.ServiceGroups = l.groups(kServicegroup, kService, keyServicegroupMembers)
}

// serviceMembers reads the members of a service group: "host,service,host,service".
func (l *loader) serviceMembers(list value) (in, out []uint32) {
	w := words(list.s)
	if len(w)%2 != 0 {
		l.errorAt(list.pos, "members of a service group are pairs, host,service,host,service, but one half is missing after %q", w[len(w)-1])
		w = w[:len(w)-1]
	}
	for i := 0; i+1 < len(w); i += 2 {
		hosts := list
		hosts.s = w[i]
		for _, h := range l.hostsNamed(hosts) {
			part := list
			part.s = w[i+1]
			more, less := l.servicesOn(h, part, "members")
			in, out = append(in, more...), append(out, less...)
		}
	}
	return sorted(in), sorted(out)
}

// hostsNamed gives the hosts that one name stands for.
func (l *loader) hostsNamed(v value) []uint32 {
	in, _ := l.pick(kHost, v, "members")
	return in
}

// servicesOn gives the services of a host that a list names, and those that it leaves out with "!".
func (l *loader) servicesOn(host uint32, list value, directive string) (in, out []uint32) {
	h := &l.config.Hosts[host]
	for _, w := range words(list.s) {
		re, ok := l.regexp(w, list.pos)
		if ok && re == nil {
			continue
		}
		if ok || w == "*" {
			in = append(in, l.servicesLike(h, re)...)
			continue
		}
		not := w[0] == '!'
		if not {
			w = trim(w[1:])
		}
		i, ok := l.serviceNamed(h, w)
		switch {
		case !ok && !not:
			l.errorAt(list.pos, "%s names service %q on host %q, which is not defined%s", directive, w, h.Name,
				l.hint(w, func() []string { return l.descriptions(h) }))
		case ok && not:
			out = append(out, i)
		case ok:
			in = append(in, i)
		}
	}
	return in, out
}

// servicesLike gives the services of a host that match; a nil expression matches all.
func (l *loader) servicesLike(h *Host, re *regexp.Regexp) []uint32 {
	var in []uint32
	for i := h.FirstService; i < h.FirstService+h.ServiceCount; i++ {
		if re == nil || re.MatchString(l.config.Services[i].Description) {
			in = append(in, i)
		}
	}
	return in
}

func (l *loader) serviceNamed(h *Host, description string) (uint32, bool) {
	for i := h.FirstService; i < h.FirstService+h.ServiceCount; i++ {
		if l.config.Services[i].Description == description {
			return i, true
		}
	}
	return 0, false
}

func (l *loader) descriptions(h *Host) []string {
	var list []string
	for i := h.FirstService; i < h.FirstService+h.ServiceCount; i++ {
		list = append(list, l.config.Services[i].Description)
	}
	sort.Strings(list)
	return list
}

// serviceKeys are the four directives that say which services are meant.
type serviceKeys struct{ host, hostgroup, service, servicegroup key }

var (
	masterKeys    = serviceKeys{keyHostName, keyHostgroupName, keyServiceDescription, keyServicegroupName}
	dependentKeys = serviceKeys{
		keyDependentHostName, keyDependentHostgroupName, keyDependentServiceDescription, keyDependentServicegroupName,
	}
)

// servicesOf gives the services that a definition means: those named on hosts and the members of host groups, and the
// members of service groups.
func (l *loader) servicesOf(v *view, k serviceKeys) []uint32 {
	inGroups, outGroups := l.pick(kServicegroup, v.get(k.servicegroup), known.names[k.servicegroup])
	var in, out []uint32
	for _, g := range inGroups {
		in = append(in, l.config.ServiceGroups[g].Members...)
	}
	for _, g := range outGroups {
		out = append(out, l.config.ServiceGroups[g].Members...)
	}
	description := v.get(k.service)
	if description.given() {
		for _, h := range l.hostsOf(v, k.host, k.hostgroup) {
			more, less := l.servicesOn(h, description, known.names[k.service])
			in, out = append(in, more...), append(out, less...)
		}
	}
	return without(sorted(in), sorted(out))
}

func (l *loader) extendServices() {
	for _, r := range l.defs[kServiceextinfo] {
		v := l.look(r)
		if !v.registered(l) {
			continue
		}
		a := aboutOf(v)
		l.warnAt(v.pos(), "serviceextinfo is going away in Nagios: write its lines into the service")
		description := v.get(keyServiceDescription)
		for _, h := range l.hostsOf(v, keyHostName, keyHostgroupName) {
			in, _ := l.servicesOn(h, description, "service_description")
			for _, i := range in {
				s := &l.config.Services[i]
				l.extend(a, &s.Notes, &s.Settings)
			}
		}
	}
}
