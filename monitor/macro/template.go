package macro

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

// MaxTemplate is the length of the longest text that Compile takes.
const MaxTemplate = 64 << 10

// MaxExpansion is how long a text may get before macros inside values are no longer replaced: values that name each other
// over and over would grow without end. It is what Linux takes as one argument of a program.
const MaxExpansion = 128 << 10

// maxDepth is how deep values may name other values, and maxNested how many macros inside values are replaced in one
// text. Beyond that they stay as they are written.
const (
	maxDepth  = 8
	maxNested = 10_000
)

// Resolver knows the values of macros.
type Resolver interface {
	// AppendMacro appends the value of m to dst. Missing means that there is no such macro here, and the text shows it as
	// it was written. Whoever wants illegal characters taken out of a value does it here. It must not keep m's strings
	// or dst, nor change what dst held before.
	AppendMacro(dst []byte, m Macro) ([]byte, Answer)
}

// Answer says what a Resolver appended.
type Answer uint8

const (
	// Missing: nothing, there is no such macro.
	Missing Answer = iota
	// Value: the value, which is the author's own text or data as the macro's name says (Macro.Own).
	Value
	// Foreign: a value that is data although the name says otherwise: a custom variable that a command set.
	Foreign
	// List: several values that are data, a NUL byte after each. What is to part them is the second of m.Of.
	List
)

// Template is a text with macros, ready for use. It never changes: any number of goroutines may use it. The zero Template
// is the empty text.
type Template struct {
	pieces []piece
	size   int
	// line is set for command lines, in which values are quoted; defuse for those that another shell reads again.
	line, defuse bool
}

// piece is a literal text and the macro after it, if any.
type piece struct {
	text  string
	macro Macro // none if the name is empty, which only that of the last piece may be
	// how is what the macro's name says, and last says that no macro follows it.
	how  property
	last bool
	// before is the place in the command line at which text begins, if the values before it are as usual, and after the
	// one at which it ends: so text need not be read again.
	before, after cmdline.Context
}

// Compile reads a text. "$$" stands for one dollar sign; a dollar sign that begins no macro stands for itself. The only
// error is a text that is too long.
func Compile(text string) (Template, error) {
	if len(text) > MaxTemplate {
		return Template{}, fmt.Errorf("text of %d bytes with macros: longer than %d; shorten it, or put it into a script", len(text), MaxTemplate)
	}
	t := Template{size: len(text)}
	var literal strings.Builder
	for text != "" {
		before, m, after := cut(text)
		literal.WriteString(before)
		if text = after; m.Name != "" {
			t.pieces = append(t.pieces, piece{text: literal.String(), macro: m, how: m.properties()})
			literal.Reset()
		}
	}
	if n := len(t.pieces); n > 0 {
		t.pieces[n-1].last = true
	}
	if literal.Len() > 0 {
		t.pieces = append(t.pieces, piece{text: literal.String()})
	}
	return t, nil
}

// CompileLine reads a command line. Values that are data, as opposed to the author's own text (Macro.Own), are quoted as
// the place where each of them stands demands, so that they stay one word and nothing in them is executed, whether a shell
// runs the line or cmdline.Words divides it. What another interpreter reads again ("sh -c", "ssh") is freed of all that
// shells act on. See Compile for the rest.
func CompileLine(text string) (Template, error) {
	t, err := Compile(text)
	if err != nil {
		return t, err
	}
	t.line, t.defuse = true, cmdline.Rereads(text)
	var at cmdline.Context
	for i := range t.pieces {
		p := &t.pieces[i]
		p.before = at
		at.Scan(p.text)
		p.after = at
		at.Quote([]byte("x"), 0)
	}
	return t, nil
}

// cut takes the first step through a text: some literal text, then at most one macro (its name empty if there is none).
func cut(text string) (literal string, m Macro, after string) {
	i := strings.IndexByte(text, '$')
	if i < 0 {
		return text, Macro{}, ""
	}
	rest := text[i+1:]
	if strings.HasPrefix(rest, "$") {
		return text[:i+1], Macro{}, rest[1:]
	}
	if end := strings.IndexByte(rest, '$'); end > 0 {
		if m, ok := parse(rest[:end]); ok {
			return text[:i], m, rest[end+1:]
		}
	}
	return text[:i+1], Macro{}, rest
}

// Append appends the text with the values of its macros. Macros inside the values of arguments, custom variables, notes,
// URLs and self-made macros are replaced too, some levels deep; one that leads back to itself stays as it is
// written. In an argument "$$" stands for one dollar sign; in other values it stays, because passwords have dollars.
//
// It allocates nothing as long as dst has room, unless a value holds an on-demand macro or a custom variable.
func (t Template) Append(dst []byte, r Resolver) []byte {
	x := expander{resolver: r, start: len(dst), line: t.line, defuse: t.defuse}
	for i := range t.pieces {
		p := &t.pieces[i]
		dst = append(dst, p.text...)
		if p.macro.Name == "" {
			break
		}
		if x.line {
			x.pass(p)
		}
		x.last = p.last
		dst = x.append(dst, &p.macro, p.how)
	}
	return dst
}

// Text is Append into a new string.
func (t Template) Text(r Resolver) string { return string(t.Append(make([]byte, 0, 2*t.size), r)) }

// Macros gives the macros of the text in order, equal ones as often as they come.
func (t Template) Macros() []Macro {
	var macros []Macro
	for _, p := range t.pieces {
		if p.macro.Name != "" {
			macros = append(macros, p.macro)
		}
	}
	return macros
}

// Names gives the names of the text's macros, without on-demand arguments, each once, in order.
func (t Template) Names() []string {
	var names []string
	for _, m := range t.Macros() {
		if !slices.Contains(names, m.Name) {
			names = append(names, m.Name)
		}
	}
	return names
}

// Static says whether all macros of the text are static.
func (t Template) Static() bool {
	return !slices.ContainsFunc(t.pieces, func(p piece) bool { return p.macro.Name != "" && !p.macro.Static() })
}

// Split takes a check_command or the like apart: name!arg1!arg2. "\!" stands for an exclamation mark. The arguments are
// nil if there are none; each may be empty.
func Split(checkCommand string) (name string, args []string) {
	if !strings.Contains(checkCommand, `\!`) {
		name, rest, has := strings.Cut(checkCommand, "!")
		if has {
			args = strings.Split(rest, "!")
		}
		return strings.TrimSpace(name), args
	}
	var parts []string
	var part strings.Builder
	for i := 0; i < len(checkCommand); i++ {
		switch c := checkCommand[i]; {
		case c == '\\' && i+1 < len(checkCommand) && checkCommand[i+1] == '!':
			part.WriteByte('!')
			i++
		case c == '!':
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(c)
		}
	}
	parts = append(parts, part.String())
	if len(parts) > 1 {
		args = parts[1:]
	}
	return strings.TrimSpace(parts[0]), args
}
