package objects

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// noteID is a directive of a kind, for counting.
type noteID struct{ kind, directive string }

// understood counts a directive that is read but not acted on.
func (l *loader) understood(e effect, kind, directive string, pos Pos) {
	id := noteID{kind, directive}
	n, ok := l.noted[id]
	if !ok {
		n = len(l.config.Understood)
		l.noted[id] = n
		l.config.Understood = append(l.config.Understood, Understood{Kind: kind, Directive: directive, Moot: e == moot, First: pos})
	}
	l.config.Understood[n].Count++
}

// checkItems looks at the form of every value of a file, also in templates that nobody uses, as Nagios does, and counts
// what is only understood.
func (l *loader) checkItems(s *source, file uint32) {
	for d := range s.defs {
		def := &s.defs[d]
		class := &known.classes[def.kind]
		if class.effect != acted {
			l.understood(class.effect, "define", class.name, Pos{file, def.line})
		}
		items := s.items[def.first : def.first+def.count]
		l.view.round++
		for i := range items {
			it := &items[i]
			if it.key <= keyFree {
				continue
			}
			if l.view.stamp[it.key] == l.view.round && !l.shinken {
				l.warnAt(Pos{file, def.line + uint32(it.delta)}, "%s is set more than once in this %s, and the last one counts: remove the others",
					known.names[it.key], def.kind)
			}
			l.view.stamp[it.key] = l.view.round
			row := class.row[it.key]
			if row.effect != acted && says(class.effect, row, s.value(it)) {
				l.understood(row.effect, class.name, known.names[it.key], Pos{file, def.line + uint32(it.delta)})
			}
			if row.form != text && row.form != name && row.form != names {
				l.checkItem(s, file, def, it, row)
			}
		}
	}
}

// says tells whether a directive that is not acted on is worth listing: it asks for something else than what Onbu does, and
// it is not listed with its whole kind.
func says(whole effect, r *row, value string) bool {
	listed := whole == missed || whole == moot && r.effect == moot
	return !listed && value != "" && value != "null" && !same(r.form, value, r.usual)
}

// same compares a value with the usual one as its form wants it.
func same(f form, value, usual string) bool {
	if usual == "" || value == usual {
		return value == usual
	}
	switch f {
	case flag:
		return flagged(value) == flagged(usual)
	case number, units, seconds, percent:
		n, _ := leading(value)
		u, _ := leading(usual)
		return n == u
	}
	return false
}

// flagged reads an on-off value without complaining.
func flagged(value string) bool {
	n, _ := leading(value)
	return n > 0 || slices.Contains([]string{"true", "yes", "on"}, strings.ToLower(value))
}

func (l *loader) checkItem(s *source, file uint32, d *def, it *item, r *row) {
	value := s.value(it)
	pos := Pos{file, d.line + uint32(it.delta)}
	if r.form == options && value != "null" {
		if _, bad := optionSet(d.kind, it.key, value); bad != "" {
			l.errorAt(pos, "%q is not an option of %s in %s: use %s", bad, known.names[it.key], d.kind,
				lettersOf(d.kind, it.key))
		}
		return
	}
	l.checkForm(r.form, value, pos, known.names[it.key])
}

// checkForm complains of a value that is not written as its directive wants it.
func (l *loader) checkForm(f form, value string, pos Pos, directive string) {
	if value == "null" {
		return
	}
	switch f {
	case flag:
		l.onOff(value, pos, directive)
	case number, units, seconds, percent:
		l.number(value, pos, directive)
	case coords:
		for part := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ',' || r == ' ' }) {
			l.number(part, pos, directive)
		}
	case ignored:
		l.warnAt(pos, "%s has had no effect since Nagios 4: take it away", directive)
	}
}

// onOff reads 0 or 1. Shinken takes words too; Nagios reads them as 0.
func (l *loader) onOff(value string, pos Pos, directive string) (on, ok bool) {
	switch value {
	case "1":
		return true, true
	case "0":
		return false, true
	}
	switch strings.ToLower(value) {
	case "true", "yes", "on":
		if l.shinken {
			return true, true
		}
	case "false", "no", "off":
		return false, true
	}
	n, clean := leading(value)
	if !clean {
		l.warnAt(pos, "%s is %q, which Nagios reads as %d: write 0 or 1", directive, value, unlikeZero(n))
	}
	return n > 0, true
}

func unlikeZero(n float64) int {
	if n > 0 {
		return 1
	}
	return 0
}

// number reads a number as C's strtod does: what follows it is left, and no number at all is 0.
func (l *loader) number(value string, pos Pos, directive string) (n float64, ok bool) {
	n, clean := leading(value)
	if !clean {
		l.warnAt(pos, "%s is %q, which is not a number: Nagios reads it as %v", directive, value, n)
	}
	return n, clean
}

// leading gives the number that a value begins with; clean says that there is nothing else.
func leading(value string) (n float64, clean bool) {
	if n, err := strconv.Atoi(value); err == nil {
		return float64(n), true
	}
	end := 0
	for end < len(value) && strings.IndexByte("+-.0123456789", value[end]) >= 0 {
		end++
	}
	for ; end > 0; end-- {
		if n, err := strconv.ParseFloat(value[:end], 64); err == nil {
			return n, end == len(value)
		}
	}
	return 0, false
}

// duration multiplies a unit, and stops at the ends of what a Duration can hold.
func duration(n float64, unit time.Duration) time.Duration {
	d := n * float64(unit)
	switch {
	case math.IsNaN(d):
		return 0
	case d > math.MaxInt64/2:
		return math.MaxInt64 / 2
	case d < math.MinInt64/2:
		return math.MinInt64 / 2
	}
	return time.Duration(d)
}

// sortUnderstood sorts by kind and directive.
func sortUnderstood(list []Understood) {
	slices.SortFunc(list, func(a, b Understood) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Directive, b.Directive))
	})
}
