package objects

import (
	"strings"

	"github.com/onbu/onbu/monitor"
)

// loadShinken reads what only Shinken has: realms, modules and daemons, and looks whether the names in everything else
// are there.
func (l *loader) loadShinken() {
	l.loadModules()
	l.loadRealms()
	for k := kArbiter; k <= kBroker; k++ {
		for i, r := range l.objects[k] {
			l.config.Daemons = append(l.config.Daemons, l.daemon(l.look(r), DaemonKind(k-kArbiter), l.names[k][i]))
		}
	}
	for k := kNotificationway; k < numKinds; k++ {
		for _, r := range l.objects[k] {
			l.checkRefs(l.look(r))
		}
	}
	l.checkTags()
}

func (l *loader) loadModules() {
	for i, r := range l.objects[kModule] {
		v := l.look(r)
		in, _ := l.pick(kModule, l.defined(v.get(keyModules)), "modules")
		l.config.Modules = append(l.config.Modules, Module{
			Name: l.names[kModule][i], Type: v.str(keyModuleType), Modules: in, Settings: l.rest(v), Pos: v.pos(),
		})
	}
}

// defined takes the names of modules that are not defined off a list. Those of a module are Shinken's helpers, such as of its web
// pages, that no module of ours needs.
func (l *loader) defined(list value) value {
	var there []string
	for _, w := range words(list.s) {
		_, ok := l.index[kModule][w]
		if ok || strings.ContainsAny(w, "!*") {
			there = append(there, w)
			continue
		}
		l.warnAt(list.pos, "modules names module %q, which is not defined%s; nothing here needs it", w, l.hint(w, func() []string { return l.names[kModule] }))
	}
	list.s = strings.Join(there, ",")
	return list
}

// rest gives the directives of a definition that have no place of their own, as written.
func (l *loader) rest(v *view) []Setting {
	var list []Setting
	for i := range v.items {
		it := &v.items[i]
		if it.key == keyFree {
			name, text := v.src.pair(it)
			list = append(list, Setting{name, text, v.def.line + uint32(it.delta)})
		} else if it.key >= numKeys && it.key != v.class.id {
			list = append(list, Setting{known.names[it.key], v.src.value(it), v.def.line + uint32(it.delta)})
		}
	}
	return list
}

func (l *loader) loadRealms() {
	parts := make([][]uint32, len(l.objects[kRealm]))
	for i, r := range l.objects[kRealm] {
		v := l.look(r)
		in, _ := l.pick(kRealm, v.get(keyRealmMembers), "realm_members")
		parts[i] = append(parts[i], in...)
		higher, _ := l.pick(kRealm, v.get(keyHigherRealms), "higher_realms")
		for _, h := range higher {
			parts[h] = append(parts[h], uint32(i))
		}
		l.config.Realms = append(l.config.Realms, Realm{
			Name: l.names[kRealm][i], Default: l.on(v, keyDefault, false), Pos: v.pos(),
		})
	}
	for i := range l.config.Realms {
		l.config.Realms[i].Members = sorted(parts[i])
	}
	g := grouping{l: l, kind: kRealm, parts: parts, members: make([][]uint32, len(parts)), not: make([][]uint32, len(parts))}
	g.nest()
}

func (l *loader) daemon(v *view, kind DaemonKind, name string) Daemon {
	ports := [...]float64{7770, 7768, 7771, 7769, 7773, 7772}
	d := Daemon{
		Kind: kind, Name: name, Address: orElse(v.str(keyAddress), "localhost"),
		Port: uint16(clamp(l.num(v, keyPort, ports[kind]), 0, 65535)), Realm: monitor.None,
		Spare: l.on(v, keySpare, false), ManageSubRealms: l.on(v, keySubRealms, true),
		Weight: int(clamp(l.num(v, keyWeight, 1), 0, 1<<30)), Settings: l.rest(v), Pos: v.pos(),
	}
	if realm := v.get(keyRealm); realm.given() && realm.s != "" {
		if i, ok := l.one(kRealm, realm.s, realm.pos, "realm"); ok {
			d.Realm = int32(i)
		}
	}
	in, _ := l.pick(kModule, v.get(keyModules), "modules")
	d.Modules = in
	switch kind {
	case Poller:
		d.Tags = tags(v, keyPollerTags)
	case Reactionner:
		d.Tags = tags(v, keyReactionnerTags)
	}
	return d
}

func tags(v *view, k key) []string {
	if list := words(v.str(k)); len(list) > 0 {
		return list
	}
	return []string{"None"}
}

// checkTags complains of commands whose tag no daemon takes, where there are daemons at all.
func (l *loader) checkTags() {
	l.tags = map[string]bool{}
	for _, d := range l.config.Daemons {
		for _, t := range d.Tags {
			l.tags[d.Kind.String()+" "+strings.TrimPrefix(t, "!")] = true
		}
	}
	for _, r := range l.objects[kCommand] {
		if r != internal {
			v := l.look(r)
			l.checkTag(v, keyPollerTag, kPoller, Warning)
			l.checkTag(v, keyReactionnerTag, kReactionner, Warning)
		}
	}
}

// checkTag complains of a poller_tag that no poller has: an error in hosts and services, as in Shinken; a command may
// never be used.
func (l *loader) checkTag(v *view, k key, daemon kind, severity Severity) {
	t := v.get(k)
	if !t.given() || t.s == "" || t.s == "None" || len(l.objects[daemon]) == 0 || l.tags[daemon.String()+" "+t.s] {
		return
	}
	l.mistakes.add(t.pos, severity, "%s is %q in a %s, but no %s has that tag: add it to the %s of one%s", known.names[k], t.s, v.kind, daemon,
		known.names[k]+"s", l.hint(t.s, func() []string { return l.tagsOf(daemon) }))
}

func (l *loader) tagsOf(daemon kind) []string {
	var list []string
	for t := range l.tags {
		if kind, name, _ := strings.Cut(t, " "); kind == daemon.String() {
			list = append(list, name)
		}
	}
	return list
}
