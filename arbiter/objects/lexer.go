package objects

import "strings"

// source is one object file, cut into definitions. Everything in it is an offset into text, so that a million
// definitions give the garbage collector nothing to look at.
type source struct {
	path string
	text string
	// cooked holds the few values that are not simply a part of the text: joined lines, escaped semicolons.
	cooked []string
	defs   []def
	items  []item
	// includes are the paths after include_file= and include_dir=.
	includes []include
	// params are the lines between definitions that read name=value.
	params []param
	faults []fault
	// main is set for the main file and resource files, where semicolons are a part of values.
	main bool
	// script says that it is the text of a trigger: nothing is cut.
	script bool
}

// def is one "define"; its items are source.items[first:first+count].
type def struct {
	kind         kind
	first, count uint32
	line         uint32
}

// item is one directive of a definition.
type item struct {
	key key
	// delta is how many lines below the define it stands.
	delta uint16
	// off and n bound the value in the text; with n = cooked, off counts in source.cooked. For custom variables and
	// free directives it is name and value.
	off, n uint32
}

// maxFaults is how many mistakes the lexer takes in one file before it gives up.
const maxFaults = 10000

// cooked as a length says that a value is in source.cooked.
const cooked = 1<<32 - 1

// include is a file or folder that an object file names.
type include struct {
	path string
	line uint32
	dir  bool
}

// param is an option of the main file, or a global macro in dollar signs.
type param struct {
	name, value string
	line        uint32
	// ours says that it stands in a line that Nagios takes for a comment: #onbu name=value.
	ours bool
}

// isMacro says that a line reads $NAME$=value.
func (p param) isMacro() bool {
	n := len(p.name)
	return n > 2 && p.name[0] == '$' && p.name[n-1] == '$'
}

// fault is a mistake that the lexer found.
type fault struct {
	line     uint32
	severity Severity
	// unknown is set for a directive that the kind does not have: Shinken only warns of those.
	unknown bool
	format  string
	args    []any
}

// value gives the text of an item.
func (s *source) value(it *item) string {
	if it.n == cooked {
		return s.cooked[it.off]
	}
	return s.text[it.off : it.off+it.n]
}

// pair parts the name of a custom variable or free directive from its value.
func (s *source) pair(it *item) (name, value string) { return cut(s.value(it)) }

// cut parts the first word of a line from the rest.
func cut(line string) (word, rest string) {
	for i := 0; i < len(line); i++ {
		if line[i] == ' ' || line[i] == '\t' {
			return line[:i], trim(line[i:])
		}
	}
	return line, ""
}

// trim takes blanks from both ends; it is what Nagios' strip does.
func trim(s string) string {
	for len(s) > 0 && blank(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && blank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// lexer cuts a source.
type lexer struct {
	*source
	// line is the number of the line that was read last; pos where the next one begins.
	line uint32
	pos  int
	open bool
	// brace says that the opening brace is still to come.
	brace bool
	class *class
}

// lex cuts the text into definitions. It never fails: mistakes become faults.
func (s *source) lex() {
	lines := strings.Count(s.text, "\n") + 1
	s.items = make([]item, 0, lines)
	s.defs = make([]def, 0, strings.Count(s.text, "define")+1)
	l := lexer{source: s}
	for l.pos < len(s.text) {
		first := l.line + 1
		if len(s.faults) > maxFaults {
			l.fault(first, Error, "more than %d mistakes in this file: the rest of it is not read", maxFaults)
			break
		}
		off, line := l.next()
		switch {
		case line == "":
		case line[0] != '#':
			l.take(off, line, first)
		case l.main && !l.open:
			l.hidden(line, first)
		}
	}
	if l.open {
		if !l.swallowed() {
			l.fault(s.last().line, Error, "the %s that begins here is never closed: put a } on a line of its own after it",
				s.last().kind)
		}
		l.close()
	}
}

func (s *source) last() *def { return &s.defs[len(s.defs)-1] }

// next reads a line, without comment and blanks at its ends. off is where it lies in the text, or negative when it had
// to be put together.
func (l *lexer) next() (off int, line string) {
	raw := l.raw()
	off = l.pos - len(raw)
	if off > 0 && l.pos > 0 && l.text[l.pos-1] == '\n' {
		off--
	}
	joined, whole := l.join(raw)
	escaped := false
	if strings.IndexByte(joined, ';') >= 0 && (l.open || !l.main) {
		joined, escaped = uncomment(joined)
	}
	line = trim(joined)
	if !whole || escaped {
		return -1, line
	}
	for line != "" && l.text[off] != line[0] {
		off++
	}
	return off, line
}

// raw reads one physical line without its LF.
func (l *lexer) raw() string {
	l.line++
	rest := l.text[l.pos:]
	if i := strings.IndexByte(rest, '\n'); i >= 0 {
		l.pos += i + 1
		return rest[:i]
	}
	l.pos = len(l.text)
	return rest
}

// join appends the lines that follow as long as the one before ends with a backslash; blanks at their beginning go. Two
// backslashes stand for one and end the line. whole says that the line is a part of the text as it was.
func (l *lexer) join(raw string) (line string, whole bool) {
	body, more := continued(raw)
	if !more {
		return body, true
	}
	var b strings.Builder
	for more && l.pos < len(l.text) {
		b.WriteString(body)
		body, more = continued(strings.TrimLeft(l.raw(), " \t"))
	}
	b.WriteString(body)
	return b.String(), false
}

// continued says whether a line goes on in the next, and gives it without the backslash that says so.
func continued(raw string) (body string, more bool) {
	if !strings.HasSuffix(strings.TrimSuffix(raw, "\r"), "\\") {
		return raw, false
	}
	body = strings.TrimSuffix(strings.TrimSuffix(raw, "\r"), "\\")
	return body, !strings.HasSuffix(body, "\\")
}

// uncomment cuts a line at the first semicolon that has no backslash before it, and takes the backslash from the others.
func uncomment(raw string) (line string, escaped bool) {
	var kept []byte
	from := 0
	for i := 0; i < len(raw); i++ {
		if raw[i] != ';' {
			continue
		}
		if i == 0 || raw[i-1] != '\\' {
			raw = raw[:i]
			break
		}
		kept = append(kept, raw[from:i-1]...)
		from, escaped = i, true
	}
	if !escaped {
		return raw, false
	}
	return string(append(kept, raw[from:]...)), true
}

func (l *lexer) fault(line uint32, s Severity, format string, args ...any) {
	l.faults = append(l.faults, fault{line: line, severity: s, format: format, args: args})
}
