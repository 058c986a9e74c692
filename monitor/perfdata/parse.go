package perfdata

import (
	"errors"
	"fmt"
	"iter"
	"strings"
)

// All reads a list of metrics, in order. Each turn gives either a metric and nil, or an error that says what is wrong
// with one entry, which is then skipped. Reading allocates nothing, except for errors and for labels with a doubled quote.
//
// The strings of the metrics point into s.
func All(s string) iter.Seq2[Metric, error] {
	return func(yield func(Metric, error) bool) {
		rest := s
		for n := 0; ; n++ {
			rest = strings.TrimLeft(rest, blanks)
			if rest == "" {
				return
			}
			if n == MaxMetrics {
				yield(Metric{}, fmt.Errorf("perfdata: more than %d entries, the rest is left out", MaxMetrics))
				return
			}
			m, after, err := next(rest)
			if err != nil {
				m, err = Metric{}, fmt.Errorf("perfdata %q: %w", shorten(rest[:len(rest)-len(after)]), err)
			}
			if !yield(m, err) {
				return
			}
			rest = after
		}
	}
}

// Parse gives all good metrics of a list, and every mistake in it joined into one error. The two do not exclude each
// other.
func Parse(s string) ([]Metric, error) {
	var metrics []Metric
	var errs []error
	for m, err := range All(s) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		metrics = append(metrics, m)
	}
	return metrics, errors.Join(errs...)
}

// blanks are what parts metrics; plugins print some of the others by mistake.
const blanks = " \t\n\r\v\f"

// next reads the entry that s starts with and gives what comes after it, which is shorter than s even on error.
func next(s string) (Metric, string, error) {
	label, rest, err := label(s)
	if err != nil {
		return Metric{}, rest, err
	}
	end := strings.IndexAny(rest, blanks)
	if end < 0 {
		end = len(rest)
	}
	fields, rest := rest[:end], rest[end:]
	m := Metric{Label: label}
	value, fields, _ := strings.Cut(fields, ";")
	if m.Value, m.Unit, err = measure(value); err != nil {
		return Metric{}, rest, err
	}
	m.Warn, fields = threshold(fields)
	m.Crit, fields = threshold(fields)
	m.Min, fields = number(fields)
	m.Max, _ = number(fields)
	return m, rest, nil
}

// label reads a label up to and with its equals sign. On error the rest starts at the next blank.
func label(s string) (name, rest string, err error) {
	if s[0] == '\'' {
		return quoted(s)
	}
	end := strings.IndexAny(s, "="+blanks)
	switch {
	case end < 0:
		return "", "", errors.New("no equals sign; expected label=value")
	case s[end] != '=':
		return "", s[end:], errors.New("no equals sign; a label with blanks stands in single quotes")
	}
	return checkLabel(s[:end], s[end+1:])
}

// quoted reads a label in single quotes, in which a doubled quote stands for one.
func quoted(s string) (name, rest string, err error) {
	end, doubled := 1, false
	for ; ; end++ {
		i := strings.IndexByte(s[end:], '\'')
		if i < 0 {
			return "", afterBlank(s), errors.New("the quote of the label is never closed")
		}
		end += i
		if end+1 == len(s) || s[end+1] != '\'' {
			break
		}
		doubled = true
		end++
	}
	if end+1 == len(s) || s[end+1] != '=' {
		return "", afterBlank(s[end:]), errors.New("no equals sign after the quoted label")
	}
	name = s[1:end]
	if doubled {
		name = strings.ReplaceAll(name, "''", "'")
	}
	return checkLabel(name, s[end+2:])
}

func checkLabel(name, rest string) (string, string, error) {
	switch {
	case name == "":
		return "", afterBlank(rest), errors.New("the label is empty")
	case len(name) > MaxLabel:
		return "", afterBlank(rest), fmt.Errorf("the label is longer than %d bytes", MaxLabel)
	}
	return name, rest, nil
}

// afterBlank gives s from its first blank on; empty if there is none.
func afterBlank(s string) string {
	if i := strings.IndexAny(s, blanks); i >= 0 {
		return s[i:]
	}
	return ""
}

// measure parts a value from its unit.
func measure(s string) (Number, string, error) {
	if s == "U" {
		return Number{}, "", nil
	}
	end := numberEnd(s)
	v, ok := parseFloat(s[:end])
	unit := s[end:]
	switch {
	case s == "":
		return Number{}, "", errors.New("no value; a value that is not known is written U")
	case !ok:
		return Number{}, "", errors.New("the value is not a finite number")
	case len(unit) > MaxUnit || strings.ContainsAny(unit, "0123456789'\"=,.+-"):
		return Number{}, "", fmt.Errorf("%q is not a unit of measurement", shorten(unit))
	}
	return Of(v), unit, nil
}

// numberEnd gives the length of the number that s starts with. An "e" is only part of it before an exponent, so that
// units such as "eV" stay units.
func numberEnd(s string) int {
	i := 0
	for i < len(s) && (isDigit(s[i]) || s[i] == '.' || s[i] == '-' || s[i] == '+') {
		i++
	}
	if i == len(s) || s[i]|0x20 != 'e' {
		return i
	}
	j := i + 1
	if j < len(s) && (s[j] == '-' || s[j] == '+') {
		j++
	}
	if j == len(s) || !isDigit(s[j]) {
		return i
	}
	for j < len(s) && isDigit(s[j]) {
		j++
	}
	return j
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// threshold reads one range of the list of fields. Plugins print all sorts of things here (check_disk its own units), and
// a value is worth keeping without its thresholds: what is not a range counts as not given.
func threshold(fields string) (Range, string) {
	field, rest, _ := strings.Cut(fields, ";")
	if field == "" {
		return Range{}, rest
	}
	r, err := ParseRange(field)
	if err != nil {
		return Range{}, rest
	}
	return r, rest
}

// number reads min or max; what is not a number counts as not given.
func number(fields string) (Number, string) {
	field, rest, _ := strings.Cut(fields, ";")
	v, ok := parseFloat(field)
	return Number{Value: v, Set: ok}, rest
}

// shorten cuts text that is quoted in an error.
func shorten(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
