package objects

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// value is what a directive holds for an object, wherever it came from.
type value struct {
	s   string
	pos Pos
	// set says that somebody gave it; null that they gave "null", which ends inheritance without a value.
	set, null bool
}

// given says that there is a value.
func (v value) given() bool { return v.set && !v.null }

// baseID names what a list of templates gives together.
type baseID struct {
	kind kind
	use  string
}

// base is what a list of templates gives: the first one wins, each first worked out with the templates that it uses
// itself. Bases are shared and never changed once they are done.
type base struct {
	id     uint32
	at     []uint8 // index into values + 1, by key
	keys   []key
	values []value
	// vars are the custom variables, sorted by name; nulls the names of those that "null" ended.
	vars  []monitor.Var
	nulls []string
	// important is Nagios' "check_command !x" in a service template: it wins over the service's own.
	important bool
	// tags are all templates in it, near ones first; missing those that do not exist.
	tags, missing []string
	// broken says that a template is missing, here or further up: then it is no wonder that directives are.
	broken bool
}

func newBase(id uint32) *base { return &base{id: id, at: make([]uint8, len(known.names))} }

func (b *base) get(k key) value {
	if i := b.at[k]; i > 0 {
		return b.values[i-1]
	}
	return value{}
}

func (b *base) put(k key, v value) {
	if i := b.at[k]; i > 0 {
		b.values[i-1] = v
		return
	}
	b.keys, b.values = append(b.keys, k), append(b.values, v)
	b.at[k] = uint8(len(b.values))
}

// additive forms may begin with "+", which adds to what is inherited.
func (f form) additive() bool { return f == names || f == calls }

// inherit gives what a directive holds when own may inherit from. A "+" that is not used up stays in front.
func inherit(own, from value, f form) value {
	switch {
	case !own.set:
		return from
	case own.null || !from.given() || !f.additive() || !strings.HasPrefix(own.s, "+"):
		return own
	}
	own.s = from.s + "," + own.s[1:]
	return own
}

// inheritable says whether a directive passes from a template to its users.
func inheritable(k key) bool { return k != keyUse && k != keyName && k != keyRegister && k > keyFree }

// chain gives the base of a list of templates, as in "use".
func (l *loader) chain(k kind, use string, pos Pos) *base {
	id := baseID{k, use}
	if b := l.bases[id]; b != nil {
		for _, template := range b.missing {
			l.noTemplate(k, template, pos)
		}
		return b
	}
	b := newBase(uint32(len(l.bases)))
	for word := range strings.SplitSeq(use, ",") {
		if word = trim(word); word != "" {
			l.apply(b, k, word, pos)
		}
	}
	l.bases[id] = b
	return b
}

// maxDepth is how many templates may use one another in a row, and how many groups may lie in one another.
const maxDepth = 100

// apply adds one template to a base.
func (l *loader) apply(b *base, k kind, template string, pos Pos) {
	r, ok := l.templates[k][template]
	if !ok {
		l.noTemplate(k, template, pos)
		b.missing, b.broken = append(b.missing, template), true
		return
	}
	if i := slices.Index(l.open, r); i >= 0 {
		l.templateCircle(k, l.open[i:])
		return
	}
	if len(l.open) >= maxDepth {
		l.errorAt(pos, "more than %d templates use one another in a row: take some out", maxDepth)
		return
	}
	class := &known.classes[k]
	t := l.template(k, r)
	for i, key := range t.keys {
		b.put(key, inherit(b.get(key), t.values[i], class.row[key].form))
	}
	for _, v := range t.vars {
		b.vars = addVar(b.vars, v, b.nulls)
	}
	b.nulls = union(b.nulls, t.nulls)
	b.important, b.broken = b.important || t.important, b.broken || t.broken
	b.tags = union(union(b.tags, []string{template}), t.tags)
}

// union appends what is not in the list.
func union(list, more []string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// addVar adds a variable unless it is there or ended.
func addVar(vars []monitor.Var, v monitor.Var, nulls []string) []monitor.Var {
	i, found := findVar(vars, v.Name)
	if found || slices.Contains(nulls, v.Name) {
		return vars
	}
	return slices.Insert(vars, i, v)
}

func findVar(vars []monitor.Var, name string) (int, bool) {
	return slices.BinarySearchFunc(vars, name, func(v monitor.Var, n string) int { return strings.Compare(v.Name, n) })
}

// template works one template out, with those that it uses.
func (l *loader) template(k kind, r ref) *base {
	l.open = append(l.open, r)
	defer func() { l.open = l.open[:len(l.open)-1] }()
	b := newBase(0)
	class := &known.classes[k]
	s, d := l.sources[r.file], l.def(r)
	var use value
	items := s.items[d.first : d.first+d.count]
	for i := range items {
		it := &items[i]
		switch {
		case it.key == keyUse:
			use = l.value(r, it)
		case it.key == keyVar:
			b.ownVar(s, it)
		case inheritable(it.key):
			b.put(it.key, l.value(r, it))
		}
	}
	if use.given() {
		from := l.chain(k, use.s, use.pos)
		for i, key := range from.keys {
			b.put(key, inherit(b.get(key), from.values[i], class.row[key].form))
		}
		for _, v := range from.vars {
			b.vars = addVar(b.vars, v, b.nulls)
		}
		b.tags, b.broken = from.tags, from.broken
	}
	b.takeImportant(k)
	return b
}

// takeImportant notes "check_command !x" of a service template.
func (b *base) takeImportant(k kind) {
	v := b.get(keyCheckCommand)
	if k == kService && v.given() && strings.HasPrefix(v.s, "!") {
		v.s = v.s[1:]
		b.put(keyCheckCommand, v)
		b.important = true
	}
}

// ownVar takes a custom variable of the template itself.
func (b *base) ownVar(s *source, it *item) {
	name, text := s.pair(it)
	name = strings.ToUpper(name[1:])
	i, found := findVar(b.vars, name)
	switch {
	case text == "null":
		b.nulls = append(b.nulls, name)
	case found:
		b.vars[i].Value = text
	default:
		b.vars = slices.Insert(b.vars, i, monitor.Var{Name: name, Value: text})
	}
}

// value reads an item of a definition.
func (l *loader) value(r ref, it *item) value {
	s := l.sources[r.file]
	v := value{s: s.value(it), set: true, pos: Pos{r.file, s.defs[r.def].line + uint32(it.delta)}}
	v.null = v.s == "null"
	return v
}

// noTemplate complains of a template that is not there.
func (l *loader) noTemplate(k kind, template string, pos Pos) {
	if _, ok := l.index[k][template]; ok {
		l.errorAt(pos, "%s %q is not a template: give it a line \"name %s\" to use it as one", k, template, template)
		return
	}
	advice := l.hint(template, func() []string { return keysOf(l.templates[k]) }).String()
	if _, ok := l.templates[kHost][template]; ok && k == kDynamicHostRule {
		advice = "; host_use names the template of the hosts that it makes"
	}
	l.errorAt(pos, "no %s template is called %q%s", k, template, advice)
}

func keysOf[V any](m map[string]V) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	return list
}

// templateCircle complains of templates that use one another. Nagios leaves the step out that closes the circle and says
// nothing.
func (l *loader) templateCircle(k kind, circle []ref) {
	first := 0
	for i := range circle {
		if before(l.pos(circle[i]), l.pos(circle[first])) {
			first = i
		}
	}
	var list []string
	for i := range circle {
		list = append(list, l.nameOf(circle[(first+i)%len(circle)], keyName))
	}
	l.warnAt(l.pos(circle[first]), "%s templates use one another in a circle: %s: take one of the steps away", k,
		path(list))
}

func before(a, b Pos) bool { return a.File < b.File || a.File == b.File && a.Line < b.Line }

// nameOf gives what a definition itself says for a key.
func (l *loader) nameOf(r ref, k key) string {
	s, d := l.sources[r.file], l.def(r)
	items := s.items[d.first : d.first+d.count]
	for i := len(items) - 1; i >= 0; i-- {
		if items[i].key == k {
			return s.value(&items[i])
		}
	}
	return ""
}
