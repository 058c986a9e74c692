package objects

import "github.com/onbu/onbu/monitor"

// loadHosts reads the hosts and the host groups.
func (l *loader) loadHosts() {
	l.config.Hosts = make([]Host, len(l.names[kHost]))
	l.config.hosts = l.index[kHost]
	l.tagged = map[string][]uint32{}
	for i, r := range l.objects[kHost] {
		v := l.look(r)
		h := &l.config.Hosts[i]
		l.host(v, h, uint32(i))
		if l.shinken {
			for _, t := range v.base.tags {
				l.tagged[t] = appendNew(l.tagged[t], uint32(i))
			}
		}
		l.join(kHostgroup, v.get(keyHostgroups), "hostgroups", uint32(i))
	}
	l.config.HostGroups = l.groups(kHostgroup, kHost, keyHostgroupMembers)
	l.groupRealms()
	l.extendHosts()
}

// appendNew adds a number to a list that is sorted and whose last may be the same.
func appendNew(list []uint32, n uint32) []uint32 {
	if len(list) > 0 && list[len(list)-1] == n {
		return list
	}
	return append(list, n)
}

func (l *loader) host(v *view, h *Host, i uint32) {
	h.Name, h.Pos = l.names[kHost][i], v.pos()
	h.Alias = orElse(v.str(keyAlias), h.Name)
	h.DisplayName = orElse(v.str(keyDisplayName), h.Name)
	h.Address = orElse(v.str(keyAddress), h.Name)
	h.Notes = v.str(keyNotes)
	h.Settings = l.settingsOf(v, 0)
	h.Check = l.callOf(v.get(keyCheckCommand), "check_command")
	if l.isRule(h.Check) {
		l.rememberRule(v, i, "", v.str(keyCheckCommand))
	}
	h.Check = l.withoutInternal(h.Check, &h.Settings)
	h.Vars = l.customVars(v)
	if parents := v.get(keyParents); parents.given() {
		h.Parents = l.parents(v, parents, i)
	}
	if !l.shinken && !v.base.broken && len(l.config.Settings[h.Settings].Contacts) == 0 && !v.get(keyContacts).given() && !v.get(keyContactGroups).given() {
		l.warnAt(v.pos(), "host %q has no contacts and no contact_groups: nobody will be told of it", h.Name)
	}
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// parents gives the hosts that a host lies behind.
func (l *loader) parents(v *view, list value, self uint32) []uint32 {
	if i, ok := l.index[kHost][list.s]; ok && i != self {
		return l.block.keep(i)
	}
	in, out := l.pick(kHost, list, "parents")
	in = without(in, out)
	kept := in[:0]
	for _, p := range in {
		if p == self {
			l.errorAt(list.pos, "host %q is its own parent: take it out of parents", l.names[kHost][self])
			continue
		}
		kept = append(kept, p)
	}
	return kept
}

// numbers hands out short lists from large blocks.
type numbers struct{ block []uint32 }

func (n *numbers) keep(i uint32) []uint32 {
	if len(n.block) == cap(n.block) {
		n.block = make([]uint32, 0, 4096)
	}
	n.block = append(n.block, i)
	return n.block[len(n.block)-1 : len(n.block) : len(n.block)]
}

// groupRealms gives the hosts of a host group its realm where they have none themselves (Shinken).
func (l *loader) groupRealms() {
	for i, r := range l.objects[kHostgroup] {
		realm := l.look(r).get(keyRealm)
		if !realm.given() {
			continue
		}
		n, ok := l.one(kRealm, realm.s, realm.pos, "realm")
		if !ok {
			continue
		}
		for _, h := range l.config.HostGroups[i].Members {
			host := &l.config.Hosts[h]
			if s := l.config.Settings[host.Settings]; s.Realm == monitor.None {
				s.Realm = int32(n)
				host.Settings = l.keep(s)
			}
		}
	}
}

// about is what extended information says.
type about struct{ notes, notesURL, actionURL, icon value }

func aboutOf(v *view) about {
	return about{v.get(keyNotes), v.get(keyNotesURL), v.get(keyActionURL), v.get(keyIconImage)}
}

// extend adds extended information to what an object does not say itself.
func (l *loader) extend(a about, notes *string, settings *uint32) {
	*notes = orElse(*notes, a.notes.s)
	s := l.config.Settings[*settings]
	s.NotesURL = orElse(s.NotesURL, a.notesURL.s)
	s.ActionURL = orElse(s.ActionURL, a.actionURL.s)
	s.IconImage = orElse(s.IconImage, a.icon.s)
	*settings = l.keep(s)
}

func (l *loader) extendHosts() {
	for _, r := range l.defs[kHostextinfo] {
		v := l.look(r)
		if !v.registered(l) {
			continue
		}
		a := aboutOf(v)
		l.warnAt(v.pos(), "hostextinfo is going away in Nagios: write its lines into the host")
		for _, h := range l.hostsOf(v, keyHostName, keyHostgroupName) {
			host := &l.config.Hosts[h]
			l.extend(a, &host.Notes, &host.Settings)
		}
	}
}

// hostsOf gives the hosts that two directives name, groups included, less those with "!".
func (l *loader) hostsOf(v *view, hosts, groups key) []uint32 {
	in, out := l.pick(kHost, v.get(hosts), known.names[hosts])
	inGroups, outGroups := l.pick(kHostgroup, v.get(groups), known.names[groups])
	for _, g := range inGroups {
		in = append(in, l.config.HostGroups[g].Members...)
	}
	for _, g := range outGroups {
		out = append(out, l.config.HostGroups[g].Members...)
	}
	return without(sorted(in), sorted(out))
}
