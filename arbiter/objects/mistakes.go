package objects

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// shown is how many mistakes of one kind are listed; kept is how many are remembered, so that the first ones by file and
// line can be chosen.
const (
	shown = 20
	kept  = 1000
)

// mistakes collects problems. Those with the same format are of one kind.
type mistakes struct {
	kinds map[string]*mistakeKind
	order []*mistakeKind
	// said counts all calls of add, errors those for errors.
	said, errors int
	// seen keeps what a template causes in each of its users from being said twice.
	seen map[string]bool
}

type mistakeKind struct {
	severity Severity
	count    int
	kept     []mistake
}

type mistake struct {
	pos  Pos
	text string
}

func newMistakes() mistakes {
	return mistakes{kinds: map[string]*mistakeKind{}, seen: map[string]bool{}}
}

func (m *mistakes) add(pos Pos, severity Severity, format string, args ...any) {
	m.said++
	if severity == Error {
		m.errors++
	}
	k := m.kinds[format]
	if k == nil {
		k = &mistakeKind{severity: severity}
		m.kinds[format] = k
		m.order = append(m.order, k)
	}
	if k.count >= kept {
		k.count++
		return
	}
	text := fmt.Sprintf(format, args...)
	id := fmt.Sprint(pos, text)
	if m.seen[id] {
		return
	}
	m.seen[id] = true
	k.count++
	k.severity = min(k.severity, severity)
	k.kept = append(k.kept, mistake{pos, text})
}

// report sorts everything by file and line; what says how many more there are of a kind comes after that.
func (m *mistakes) report(files []string) *Report {
	r := &Report{}
	var all []mistakeWith
	for _, k := range m.order {
		if k.severity == Error {
			r.Errors += k.count
		} else {
			r.Warnings += k.count
		}
		all = append(all, k.first()...)
	}
	slices.SortStableFunc(all, func(a, b mistakeWith) int {
		return cmp.Or(cmp.Compare(min(a.more, 1), min(b.more, 1)), cmp.Compare(a.pos.File, b.pos.File), cmp.Compare(a.pos.Line, b.pos.Line),
			cmp.Compare(a.severity, b.severity), strings.Compare(a.text, b.text))
	})
	for _, p := range all {
		r.Problems = append(r.Problems, Problem{
			File: files[p.pos.File], Line: int(p.pos.Line), Severity: p.severity, Text: p.text,
		})
	}
	return r
}

type mistakeWith struct {
	mistake
	severity Severity
	more     int // how many there are of the kind that are not listed
}

// first gives the mistakes of a kind that are shown. Where there are many, the last of them stands for the rest.
func (k *mistakeKind) first() []mistakeWith {
	slices.SortStableFunc(k.kept, func(a, b mistake) int {
		return cmp.Or(cmp.Compare(a.pos.File, b.pos.File), cmp.Compare(a.pos.Line, b.pos.Line))
	})
	list := k.kept[:min(shown+1, len(k.kept))]
	out := make([]mistakeWith, 0, len(list))
	for _, p := range list {
		out = append(out, mistakeWith{mistake: p, severity: k.severity})
	}
	if more := k.count - len(out); more > 0 && len(out) > 0 {
		last := &out[len(out)-1]
		last.text += fmt.Sprintf(" (and %d more like this)", more)
		last.more = more
	}
	return out
}

// String gives "file:line: text", or "file: text" for a file as a whole.
func (p Problem) String() string {
	what := ""
	if p.Severity == Warning {
		what = "warning: "
	}
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s%s", p.File, what, p.Text)
	}
	return fmt.Sprintf("%s:%d: %s%s", p.File, p.Line, what, p.Text)
}

func (l *loader) errorAt(pos Pos, format string, args ...any) {
	l.mistakes.add(pos, Error, format, args...)
}

func (l *loader) warnAt(pos Pos, format string, args ...any) {
	l.mistakes.add(pos, Warning, format, args...)
}

// hint is a suggestion that is worked out only where it is shown: there may be many candidates.
type hint struct {
	word       string
	candidates func() []string
}

// String gives `; did you mean "x"?`, or nothing. So does that of the zero hint.
func (h hint) String() string {
	if h.candidates == nil {
		return ""
	}
	return suggest(h.word, h.candidates())
}

func (l *loader) hint(word string, candidates func() []string) hint { return hint{word, candidates} }
