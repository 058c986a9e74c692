package trigger

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/onbu/onbu/monitor"
)

// dialect is what scripts may contain. Loops without end are left out: while, and functions that call themselves.
var dialect = syntax.FileOptions{Set: true, TopLevelControl: true, GlobalReassign: true}

// Mistake says why a script cannot be compiled. Line and Column count from 1 in its text.
type Mistake struct {
	Line, Column uint32
	Text         string
}

// Name is a string in a script that may name an object, as "HOST" or "HOST/SERVICE". Asked says that the script asks for the object.
type Name struct {
	Text  string
	Line  uint32
	Asked bool
}

// Check compiles a script and gives its mistakes, and the names of objects that stand in it.
func Check(t *monitor.Trigger) ([]Name, []Mistake) {
	f, err := parse(t)
	if err != nil {
		return nil, mistakes(err)
	}
	names := namesIn(f)
	if wrong := rewrite(f); len(wrong) > 0 {
		return names, wrong
	}
	if _, err := build(f); err != nil {
		return names, mistakes(err)
	}
	return names, nil
}

func compile(t *monitor.Trigger) (*starlark.Program, error) {
	f, err := parse(t)
	if err != nil {
		return nil, err
	}
	if wrong := rewrite(f); len(wrong) > 0 {
		return nil, syntax.Error{Pos: syntax.MakePosition(&t.File, int32(wrong[0].Line), int32(wrong[0].Column)), Msg: wrong[0].Text}
	}
	return build(f)
}

func parse(t *monitor.Trigger) (*syntax.File, error) {
	return dialect.Parse(t.File, t.Source, 0)
}

func build(f *syntax.File) (*starlark.Program, error) {
	return starlark.FileProgram(f, isPredeclared)
}

// mistakes gives each error that the compiler found with its place.
func mistakes(err error) []Mistake {
	if e, ok := errors.AsType[syntax.Error](err); ok {
		return []Mistake{mistake(e.Pos, e.Msg)}
	}
	list, ok := errors.AsType[resolve.ErrorList](err)
	if !ok {
		return []Mistake{{1, 1, err.Error()}}
	}
	var all []Mistake
	for _, e := range list {
		all = append(all, mistake(e.Pos, e.Msg))
	}
	return all
}

func mistake(at syntax.Position, text string) Mistake {
	return Mistake{uint32(max(at.Line, 1)), uint32(max(at.Col, 1)), text + advice(text)}
}

// advice says what to write in the place of what Python has and Starlark has not.
func advice(text string) string {
	for _, a := range [...]struct{ has, advice string }{
		{"does not support while loops", ": write for i in range(n)"},
		{"undefined: print", ": write print(…) with parentheses"},
		{"got import", ": there are no modules here; docs/triggers.md lists the functions"},
		{"undefined: import", ": there are no modules here; docs/triggers.md lists the functions"},
		{"got '=', want '('", ": load is a word of the language and no name: call it load1"},
		{"got load", ": load is a word of the language and no name: call it load1"},
		{"got try", ": there are no exceptions here; perf(object, metric, default) gives the default where there is no such metric"},
		{"got string literal, want newline", ": print takes parentheses"},
	} {
		if strings.Contains(text, a.has) {
			return a.advice
		}
	}
	return ""
}

// explain says what went wrong in a run, with the line of the script.
func (c *court) explain(t *monitor.Trigger, err error) string {
	text := err.Error()
	where := ""
	if e, ok := errors.AsType[*starlark.EvalError](err); ok {
		text, where = e.Msg, placeOf(e.CallStack, t)
	} else if m := mistakes(err); len(m) > 0 {
		text, where = m[0].Text, place(t, m[0].Line)
	}
	if strings.Contains(text, "too many steps") {
		text = fmt.Sprintf("more than %d steps: make it shorter, or raise trigger_max_steps", c.steps)
	}
	return fmt.Sprintf("trigger %s: %s: %s", t.Name, where, oneLine(text))
}

// placeOf gives the innermost line of the script itself.
func placeOf(stack starlark.CallStack, t *monitor.Trigger) string {
	for i := len(stack) - 1; i >= 0; i-- {
		if at := stack[i].Pos; at.Filename() == t.File && at.Line > 0 {
			return place(t, uint32(at.Line))
		}
	}
	return place(t, 1)
}

// place gives file and line. A script in an object file has one line there, whatever it has itself.
func place(t *monitor.Trigger, line uint32) string {
	if t.Line == 0 {
		return fmt.Sprintf("%s:%d", filepath.Base(t.File), line)
	}
	return fmt.Sprintf("%s:%d (line %d of the script)", filepath.Base(t.File), t.Line, line)
}

func oneLine(text string) string {
	const longest = 300
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	return text
}
