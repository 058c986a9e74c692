package objects

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
)

// usualMost is how many hosts a rule makes of one source unless it says otherwise.
const usualMost = 1000

func (l *loader) loadDynamicRules() {
	seen := map[string]Pos{}
	l.awaited = map[uint32]bool{}
	for _, r := range l.defs[kDynamicHostRule] {
		v := l.look(r)
		if !v.registered(l) {
			continue
		}
		rule := l.dynamicRule(v, l.named(v, keyRuleName, seen))
		if rule.Enabled {
			l.config.Piggyback.Sites = append(l.config.Piggyback.Sites, monitor.PiggybackSite{Sources: rule.Sources, Hosts: rule.Hosts, Site: rule.Site})
		}
		l.tryTemplates(r, &rule)
		l.config.DynamicRules = append(l.config.DynamicRules, rule)
	}
	l.awaitOuter()
}

func (l *loader) dynamicRule(v *view, name string) monitor.DynamicRule {
	rule := monitor.DynamicRule{
		Name: strings.Clone(name), Sources: l.sources3(v), Hosts: l.exprs(v.get(keyHostRegex), "host_regex"),
		HostUse: strings.Clone(v.str(keyHostUse)), ServiceUse: strings.Clone(v.str(keyServiceUse)),
		Realm: strings.Clone(v.str(keyRealm)), PollerTag: strings.Clone(v.str(keyPollerTag)), Site: strings.Clone(v.str(keySite)),
		Most: l.most(v), Enabled: l.on(v, keyEnabled, true),
	}
	if d := l.span(v.get(keyRemoveAfter), "remove_after"); d != nil {
		rule.RemoveAfter = *d
	}
	if rule.Most == 0 {
		rule.Most = usualMost
	}
	for _, g := range words(v.str(keyHostgroups)) {
		rule.HostGroups = append(rule.HostGroups, strings.Clone(g))
	}
	l.checkDynamicRule(v, &rule)
	return rule
}

func (l *loader) checkDynamicRule(v *view, rule *monitor.DynamicRule) {
	if rule.Name == "" {
		l.errorAt(v.pos(), "this dynamic_host_rule has no rule_name: give it one, by which its hosts are remembered")
	}
	if rule.HostUse == "" {
		l.errorAt(v.pos(), "this dynamic_host_rule has no host_use: name the template that its hosts use")
	}
	if len(rule.Hosts) == 0 && v.get(keyHostRegex).given() && v.str(keyHostRegex) != "" {
		rule.Enabled = false // what was said is wrong, and must not become every host
	}
	switch s := v.get(keyServices); strings.ToLower(s.s) {
	case "", "template":
	case "discover":
		rule.Discover = true
		if rule.ServiceUse == "" {
			l.errorAt(s.pos, "services is discover, but there is no service_use: name the template that the services use")
		}
	default:
		l.errorAt(s.pos, "services is %q: use template or discover%s", s.s, hint{s.s, func() []string { return []string{"template", "discover"} }})
	}
	if rule.Site != "" && !piggyback.IsName(rule.Site) {
		l.errorAt(v.get(keySite).pos, "site is %q, which is no name of a site: use letters, digits, - _ and ., or the name of a host of this configuration", rule.Site)
	}
	if realm := v.get(keyRealm); realm.given() && realm.s != "" {
		l.one(kRealm, realm.s, realm.pos, "realm")
	}
	l.checkTag(v, keyPollerTag, kPoller, Error)
}

// tryTemplates looks at the templates of a rule as if a host, and a service of it, used them, so that what is wrong with
// them is said now and not when the first host comes. The groups that such a host joins get members later.
func (l *loader) tryTemplates(r ref, rule *monitor.DynamicRule) {
	v := l.look(r)
	hostUse, serviceUse, groups := v.get(keyHostUse), v.get(keyServiceUse), v.get(keyHostgroups)
	if hostUse.given() && hostUse.s != "" {
		l.tryHost(hostUse, groups)
	}
	if rule.Discover && rule.ServiceUse != "" {
		l.tryService(serviceUse, rule)
	}
}

// tryService does it for a service. Its template says by which command discovered services are checked.
func (l *loader) tryService(use value, rule *monitor.DynamicRule) {
	v := l.look(l.trial(kService, use))
	l.settingsOf(v, 0)
	check := v.get(keyCheckCommand)
	command, _, _ := strings.Cut(check.s, "!")
	if command = trim(command); command == "" && !v.base.broken {
		l.errorAt(use.pos, "service_use %q has no check_command: give it one whose command line ends in $ARG1$, such as onbu-agent -H $HOSTADDRESS$ --piggyback-only $ARG1$", use.s)
		return
	}
	l.callOf(check, "check_command")
	rule.ServiceCommand = strings.Clone(command)
}

func (l *loader) tryHost(use, groups value) {
	v := l.look(l.trial(kHost, use))
	l.settingsOf(v, 0)
	check := v.get(keyCheckCommand)
	l.callOf(check, "check_command")
	if parents := v.get(keyParents); parents.given() {
		l.pick(kHost, parents, "parents")
	}
	for _, list := range []value{v.get(keyHostgroups), groups} {
		if l.shinken {
			list.s = l.knownGroups(list.s) // the others come with the first host
		}
		in, _ := l.pick(kHostgroup, list, "hostgroups")
		for _, g := range in {
			l.awaited[g] = true
		}
	}
}

// knownGroups leaves out what is no host group yet.
func (l *loader) knownGroups(list string) string {
	in := slices.DeleteFunc(words(list), func(g string) bool {
		_, ok := l.index[kHostgroup][g]
		return !ok
	})
	return strings.Join(in, ",")
}

// trial adds a definition to the file of a rule that is in no list of them: it stands where a value does.
func (l *loader) trial(k kind, use value) ref {
	s := l.sources[use.pos.File]
	s.cooked = append(s.cooked, use.s)
	s.items = append(s.items, item{key: keyUse, off: uint32(len(s.cooked) - 1), n: cooked})
	s.defs = append(s.defs, def{kind: k, first: uint32(len(s.items) - 1), count: 1, line: use.pos.Line})
	return ref{use.pos.File, uint32(len(s.defs) - 1)}
}

// awaitOuter adds the groups that others which get members later lie in.
func (l *loader) awaitOuter() {
	for more := len(l.awaited) > 0; more; {
		more = false
		for i, r := range l.objects[kHostgroup] {
			inner, _ := l.pick(kHostgroup, l.look(r).get(keyHostgroupMembers), "hostgroup_members")
			if !l.awaited[uint32(i)] && slices.ContainsFunc(inner, func(g uint32) bool { return l.awaited[g] }) {
				l.awaited[uint32(i)], more = true, true
			}
		}
	}
}
