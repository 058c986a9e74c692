package objects

import (
	"fmt"
	"math"
	"strings"
)

// take handles one line that is neither empty nor a comment. It began at line first.
func (l *lexer) take(off int, line string, first uint32) {
	switch {
	case l.isDefine(line):
		l.define(line, first)
	case !l.open:
		l.outside(line, first)
	case line == "}":
		l.close()
	case l.brace && line[0] == '{':
		l.brace = false
		if rest := trim(line[1:]); rest != "" {
			l.afterBrace(rest, first)
		}
	default:
		l.missingBrace(first)
		l.directive(off, line, first)
	}
}

// isDefine says whether the line begins a definition. Nagios looks at the first six letters only; a directive of a
// module may begin with them.
func (l *lexer) isDefine(line string) bool {
	if !strings.HasPrefix(line, "define") {
		return false
	}
	return len(line) == 6 || blank(line[6]) || line[6] == '{' || !l.open
}

// define begins a definition: "define host {".
func (l *lexer) define(line string, first uint32) {
	if l.open {
		if open := l.last(); !l.swallowed() {
			l.fault(first, Error, "a new definition begins, but the %s of line %d is not closed: put a } on a line of its own before this one",
				open.kind, open.line)
		}
		l.close()
	}
	word, rest, brace := strings.Cut(trim(line[6:]), "{")
	if !brace {
		word, rest = cut(word)
	}
	word = trim(word)
	l.open, l.brace = true, !brace
	k := l.kindOf(word, first)
	l.class = &known.classes[k]
	l.defs = append(l.defs, def{kind: k, first: uint32(len(l.items)), line: first})
	if rest = trim(rest); rest != "" {
		l.afterBrace(rest, first)
	}
}

// kindOf gives the kind that a word names, or noKind.
func (l *lexer) kindOf(word string, line uint32) kind {
	k, ok := known.kinds[word]
	switch {
	case ok:
	case word == "":
		l.fault(line, Error, "define what? write the type of the object, such as: define host {")
	default:
		l.fault(line, Error, "unknown type of object %q%s", shorten(word), hint{word, kindNames})
	}
	return k
}

func kindNames() []string {
	var list []string
	for word := range known.kinds {
		list = append(list, word)
	}
	return list
}

// afterBrace complains of what stands behind the opening brace: Nagios would not see it. It is taken all the same, or else all that
// lacks it would be complained of too.
func (l *lexer) afterBrace(rest string, line uint32) {
	if rest[0] == '#' {
		return
	}
	l.fault(line, Error, "%q after the { is not read: put each directive, and the closing }, on a line of its own", rest)
	inside, closed := strings.CutSuffix(rest, "}")
	l.salvage(trim(inside), line)
	if closed {
		l.close()
	}
}

// salvage takes directives that stand one behind the other: each word that is the name of one begins the next.
func (l *lexer) salvage(rest string, line uint32) {
	if word, _ := cut(rest); word == "" || !l.class.free && !l.isDirective(word) {
		return
	}
	var words []string
	for _, word := range strings.Fields(rest) {
		if len(words) > 1 && l.isDirective(word) {
			l.directive(-1, strings.Join(words, " "), line)
			words = words[:0]
		}
		words = append(words, word)
	}
	l.directive(-1, strings.Join(words, " "), line)
}

// isDirective says whether a word is the name of a directive, or of a custom variable.
func (l *lexer) isDirective(word string) bool {
	_, ok := l.class.keys[word]
	return ok || l.class.vars && word[0] == '_' && len(word) > 1
}

// swallowed says that the definition is not closed because its } stands at the end of a directive, where it is a part of
// the value; it takes it from there and complains.
func (l *lexer) swallowed() bool {
	d := l.last()
	if uint32(len(l.items)) == d.first {
		return false
	}
	it := &l.items[len(l.items)-1]
	value := l.value(it)
	if !strings.HasSuffix(value, "}") {
		return false
	}
	it.off, it.n = uint32(len(l.cooked)), cooked
	l.cooked = append(l.cooked, trim(value[:len(value)-1]))
	l.fault(d.line+uint32(it.delta), Error, "the } at the end of this line is read as a part of the value: put it on a line of its own")
	return true
}

func (l *lexer) missingBrace(line uint32) {
	if l.brace {
		l.brace = false
		l.fault(line, Warning, "the { after \"define %s\" is missing: write it at the end of line %d", l.last().kind, l.last().line)
	}
}

func (l *lexer) close() {
	l.open = false
	d := l.last()
	d.count = uint32(len(l.items)) - d.first
	if d.kind == noKind {
		l.items = l.items[:d.first]
		l.defs = l.defs[:len(l.defs)-1]
	}
}

// outside handles a line between definitions.
func (l *lexer) outside(line string, first uint32) {
	word, value, ok := strings.Cut(line, "=")
	word, value = trim(word), trim(value)
	switch {
	case ok && !l.main && word == "include_file":
		l.includes = append(l.includes, include{path: value, line: first})
	case ok && !l.main && word == "include_dir":
		l.includes = append(l.includes, include{path: value, line: first, dir: true})
	case l.main && line[0] == ';':
	case ok:
		l.params = append(l.params, param{name: word, value: value, line: first})
	case line == "}":
		l.fault(first, Error, "a } without a definition before it: take it away, or look for a define that is missing")
	default:
		l.fault(first, Error, "%q stands outside of any definition: expected something like \"define host {\"", shorten(line))
	}
}

// hidden takes an option that only Onbu is to see: to Nagios, which refuses a main file with an option that it does not
// know, it is a comment.
func (l *lexer) hidden(line string, first uint32) {
	rest, ok := strings.CutPrefix(line, "#onbu")
	if !ok || rest == "" || !blank(rest[0]) {
		return
	}
	name, value, ok := strings.Cut(rest, "=")
	if !ok {
		l.fault(first, Error, "%q is for Onbu, but no option: write #onbu name=value", shorten(line))
		return
	}
	l.params = append(l.params, param{name: trim(name), value: trim(value), line: first, ours: true})
}

// directive takes a line inside a definition.
func (l *lexer) directive(off int, line string, first uint32) {
	d := l.last()
	if d.kind == noKind {
		return
	}
	word, value := cut(line)
	key, ok := l.class.keys[word]
	whole := !ok
	switch {
	case ok:
	case l.class.vars && word[0] == '_' && len(word) > 1:
		key = keyVar
	case l.class.free:
		key = keyFree
	default:
		l.unknown(word, value, first)
		return
	}
	it := item{key: key, delta: uint16(min(first-d.line, math.MaxUint16))}
	if whole {
		value = line
	}
	switch {
	case off < 0:
		it.off, it.n = uint32(len(l.cooked)), cooked
		l.cooked = append(l.cooked, value)
	case whole:
		it.off, it.n = uint32(off), uint32(len(line))
	default:
		it.off, it.n = uint32(off+len(line)-len(value)), uint32(len(value))
	}
	l.items = append(l.items, it)
}

// unknown complains of a directive that the kind does not have.
func (l *lexer) unknown(word, value string, line uint32) {
	var advice fmt.Stringer = hint{word, l.class.spellings}
	if strings.HasSuffix(value, "}") || strings.HasSuffix(word, "}") {
		advice = braceAlone{}
	}
	severity := Error
	if l.class.shinken {
		severity = Warning
	}
	l.faults = append(l.faults, fault{
		line: line, severity: severity, unknown: true,
		format: "unknown directive %q in %s%s", args: []any{shorten(word), l.last().kind, advice},
	})
}

// braceAlone is the advice for a } behind a directive.
type braceAlone struct{}

// String gives the advice.
func (braceAlone) String() string { return "; a } must stand on a line of its own" }

// spellings lists every directive that a kind knows.
func (c *class) spellings() []string {
	list := make([]string, 0, len(c.keys))
	for word := range c.keys {
		list = append(list, word)
	}
	return list
}

// shorten keeps a line of somebody's file from filling the screen.
func shorten(line string) string {
	const most = 60
	if len(line) > most {
		return line[:most] + "…"
	}
	return line
}
