package objects

import (
	"regexp"
	"slices"
	"strings"
)

// listID is a list of names as written, for remembering what it stands for.
type listID struct {
	kind kind
	list string
}

// pattern is a regular expression, or why it is none.
type pattern struct {
	re  *regexp.Regexp
	err error
}

// indexNames finds the templates and the named objects of all kinds.
func (l *loader) indexNames() {
	for k := kHost; k < numKinds; k++ {
		l.templates[k] = map[string]ref{}
		for _, r := range l.defs[k] {
			if n := l.nameOf(r, keyName); n != "" {
				l.addTemplate(k, n, r)
			}
		}
	}
	for k := kHost; k < numKinds; k++ {
		if known.classes[k].id != keyVar {
			l.indexKind(k)
		}
	}
}

func (l *loader) addTemplate(k kind, name string, r ref) {
	if old, ok := l.templates[k][name]; ok {
		l.errorAt(l.pos(r), "the %s template %q is already defined at %s: give one of them another name", k, name, l.config.Where(l.pos(old)))
		return
	}
	l.templates[k][name] = r
}

// indexKind gives the objects of a kind their numbers.
func (l *loader) indexKind(k kind) {
	l.index[k] = make(map[string]uint32, len(l.defs[k]))
	l.objects[k] = make([]ref, 0, len(l.defs[k]))
	l.names[k] = make([]string, 0, len(l.defs[k]))
	for _, r := range l.defs[k] {
		v := l.look(r)
		if !v.registered(l) {
			continue
		}
		id := v.get(v.class.id)
		if !id.given() || id.s == "" {
			if !v.has(keyName) {
				l.errorAt(v.pos(), "this %s has no %s: give it one, or \"register 0\" if it is a template", k, v.class.table.id)
			}
			continue
		}
		l.addObject(k, id.s, r)
	}
}

func (l *loader) addObject(k kind, name string, r ref) {
	if old, ok := l.index[k][name]; ok {
		l.errorAt(l.pos(r), "%s %q is already defined at %s: remove one of them", k, name,
			l.config.Where(l.pos(l.objects[k][old])))
		return
	}
	if i := strings.IndexAny(name, l.config.Options.IllegalNameChars); i >= 0 {
		l.errorAt(l.pos(r), "the name of %s %q has %q in it, which illegal_object_name_chars forbids: rename it", k, name, name[i:i+1])
	}
	l.index[k][name] = uint32(len(l.names[k]))
	l.names[k] = append(l.names[k], name)
	l.objects[k] = append(l.objects[k], r)
}

// one finds an object by name, or complains at pos that a directive names one that does not exist.
func (l *loader) one(k kind, name string, pos Pos, directive string) (uint32, bool) {
	i, ok := l.index[k][name]
	if !ok {
		l.missing(k, name, pos, directive)
	}
	return i, ok
}

func (l *loader) missing(k kind, name string, pos Pos, directive string) {
	if _, ok := l.templates[k][name]; ok {
		l.errorAt(pos, "%s names %s %q, which is only a template", directive, k, name)
		return
	}
	l.errorAt(pos, "%s names %s %q, which is not defined%s%s", directive, k, name,
		l.hint(name, func() []string { return l.names[k] }), l.otherwise(k))
}

// otherwise gives advice on hosts of other sites and dynamic ones, where the directive may mean those.
func (l *loader) otherwise(k kind) string {
	if k != kHost || l.elsewhere == keyVar {
		return ""
	}
	return "; a host that is dynamic, or of another site, is for " + known.names[l.elsewhere]
}

// words cuts a list at its commas.
func words(list string) []string {
	var out []string
	for w := range strings.SplitSeq(list, ",") {
		if w = trim(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}

// pick gives the objects that a list of names stands for, and those that it leaves out with "!": names, "*" for all, and
// regular expressions where the main file turns them on. Both are sorted.
func (l *loader) pick(k kind, v value, directive string) (in, out []uint32) {
	for _, w := range words(v.s) {
		if re, ok := l.regexp(w, v.pos); ok {
			if re != nil {
				in = append(in, l.matching(k, re, w, v.pos, directive)...)
			}
			continue
		}
		if w == "*" {
			for i := range l.names[k] {
				in = append(in, uint32(i))
			}
			continue
		}
		name, not := strings.CutPrefix(w, "!")
		i, ok := l.one(k, trim(name), v.pos, directive)
		switch {
		case !ok:
		case not:
			out = append(out, i)
		default:
			in = append(in, i)
		}
	}
	return sorted(in), sorted(out)
}

// matching gives the objects whose names a regular expression finds something in.
func (l *loader) matching(k kind, re *regexp.Regexp, w string, pos Pos, directive string) []uint32 {
	var in []uint32
	for i, n := range l.names[k] {
		if re.MatchString(n) {
			in = append(in, uint32(i))
		}
	}
	if len(in) == 0 {
		l.errorAt(pos, "%s: no %s matches %q", directive, k, w)
	}
	return in
}

// regexp says whether a name is to be taken as a regular expression, as Nagios decides it, and compiles it. It gives nil
// for one that has a mistake.
func (l *loader) regexp(w string, pos Pos) (*regexp.Regexp, bool) {
	o := &l.config.Options
	if !o.Regexp || w == "*" || !o.TrueRegexp && !strings.ContainsAny(w, "*?+") && !strings.Contains(w, `\.`) {
		return nil, false
	}
	p, ok := l.regexps[w]
	if !ok {
		p.re, p.err = regexp.CompilePOSIX(w)
		l.regexps[w] = p
	}
	if p.err != nil {
		l.errorAt(pos, "%q is not a regular expression: %v", w, p.err)
	}
	return p.re, true
}

// sorted sorts a list and keeps each number once.
func sorted(list []uint32) []uint32 {
	slices.Sort(list)
	return slices.Compact(list)
}

// without gives what is in the sorted list in and not in the sorted list out.
func without(in, out []uint32) []uint32 {
	if len(out) == 0 {
		return in
	}
	return slices.DeleteFunc(in, func(i uint32) bool {
		_, found := slices.BinarySearch(out, i)
		return found
	})
}
