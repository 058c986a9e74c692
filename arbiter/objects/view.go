package objects

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// view is one definition looked at together with its templates. A loader has one, which it points at one definition
// after the other, and a second one for a look aside.
type view struct {
	ref   ref
	kind  kind
	class *class
	src   *source
	def   *def
	items []item
	base  *base
	// own holds the number of an item + 1 by key, valid where stamp is the present round.
	own   []uint32
	stamp []uint32
	round uint32
	// vars says that the definition has custom variables of its own.
	vars bool
}

func (v *view) init() {
	v.own = make([]uint32, len(known.names))
	v.stamp = make([]uint32, len(known.names))
}

// look points the view at a definition; what it was pointed at before is gone.
func (l *loader) look(r ref) *view { return l.lookWith(&l.view, r) }

// aside looks at a second definition while the view stays where it is.
func (l *loader) aside(r ref) *view { return l.lookWith(&l.second, r) }

func (l *loader) lookWith(v *view, r ref) *view {
	v.ref, v.src = r, l.sources[r.file]
	v.def = &v.src.defs[r.def]
	v.kind = v.def.kind
	v.class = &known.classes[v.kind]
	v.items = v.src.items[v.def.first : v.def.first+v.def.count]
	v.vars = false
	v.round++
	for i := range v.items {
		k := v.items[i].key
		if k <= keyFree {
			v.vars = v.vars || k == keyVar
			continue
		}
		v.own[k], v.stamp[k] = uint32(i), v.round
	}
	v.base = l.chain(v.kind, v.text(keyUse), v.ownPos(keyUse))
	return v
}

func (v *view) pos() Pos { return Pos{v.ref.file, v.def.line} }

// ownPos gives where the definition itself sets a directive, or where it begins.
func (v *view) ownPos(k key) Pos {
	if !v.has(k) {
		return v.pos()
	}
	return Pos{v.ref.file, v.def.line + uint32(v.items[v.own[k]].delta)}
}

// has says whether the definition itself sets a directive.
func (v *view) has(k key) bool { return v.stamp[k] == v.round }

// text gives what the definition itself says.
func (v *view) text(k key) string {
	if !v.has(k) {
		return ""
	}
	return v.src.value(&v.items[v.own[k]])
}

// get gives what a directive holds, templates included; a "+" that found nothing to add to is gone.
func (v *view) get(k key) value {
	var own value
	if v.has(k) {
		it := &v.items[v.own[k]]
		own = value{s: v.src.value(it), set: true, pos: v.ownPos(k)}
		own.null = own.s == "null"
	}
	r := v.class.row[k]
	if r == nil {
		return own
	}
	if k == keyCheckCommand && v.base.important {
		own = value{}
	}
	out := inherit(own, v.base.get(k), r.form)
	if r.form.additive() && strings.HasPrefix(out.s, "+") {
		out.s = out.s[1:]
	}
	if out.null {
		out.s = ""
	}
	return out
}

// str gives the text of a directive, empty where there is none.
func (v *view) str(k key) string { return v.get(k).s }

// registered says whether the definition is an object and not only a template.
func (v *view) registered(l *loader) bool {
	if !v.has(keyRegister) {
		return true
	}
	s := v.text(keyRegister)
	if l.shinken && slices.Contains([]string{"true", "yes", "on"}, strings.ToLower(s)) {
		return true
	}
	n, _ := leading(s)
	return n > 0
}

// varArena hands out custom variables from large blocks, and keeps each name once.
type varArena struct {
	block []monitor.Var
	names map[string]string
}

// upper gives the name of a custom variable as macros have it.
func (a *varArena) upper(name string) string {
	if a.names == nil {
		a.names = map[string]string{}
	}
	up, ok := a.names[name]
	if !ok {
		up = strings.Clone(strings.ToUpper(name))
		a.names[strings.Clone(name)] = up
	}
	return up
}

// vars gives the custom variables of the definition in view, sorted. Those without any of their own share them.
func (l *loader) customVars(v *view) []monitor.Var {
	if !v.vars {
		return v.base.vars
	}
	list := make([]monitor.Var, 0, 8)
	var nulls []string
	for i := range v.items {
		if v.items[i].key != keyVar {
			continue
		}
		name, text := v.src.pair(&v.items[i])
		list, nulls = l.setVar(list, nulls, name, text)
	}
	for _, inherited := range v.base.vars {
		list = addVar(list, inherited, nulls)
	}
	return l.vars.keep(list)
}

// setVar takes a definition's own variable; of two with a name the later one wins, as in Nagios.
func (l *loader) setVar(list []monitor.Var, nulls []string, name, text string) ([]monitor.Var, []string) {
	name = l.vars.upper(name[1:])
	if text == "null" {
		return list, append(nulls, name)
	}
	if i, found := findVar(list, name); found {
		list[i].Value = text
	} else {
		list = slices.Insert(list, i, monitor.Var{Name: name, Value: text})
	}
	return list, nulls
}

// keep copies a list into the arena.
func (a *varArena) keep(list []monitor.Var) []monitor.Var {
	if len(list) == 0 {
		return nil
	}
	if len(a.block)+len(list) > cap(a.block) {
		a.block = make([]monitor.Var, 0, max(4096, len(list)))
	}
	from := len(a.block)
	a.block = append(a.block, list...)
	return a.block[from:len(a.block):len(a.block)]
}
