// Package perfdata knows the performance data of monitoring plugins, as the Monitoring Plugins Development Guidelines
// (section 2.6) describe it: lists of 'label'=value[UOM];[warn];[crit];[min];[max]. It also knows the ranges that
// plugins take as thresholds (section 2.5) and that perfdata repeats.
package perfdata

import (
	"strings"
)

// Limits on what is taken from one list, so that a plugin gone wild cannot fill a disk or a time series database.
const (
	// MaxMetrics is how many metrics are read; the rest of the list is refused with one error.
	MaxMetrics = 10_000
	// MaxLabel is the length of the longest label in bytes.
	MaxLabel = 1024
	// MaxUnit is the length of the longest unit of measurement in bytes.
	MaxUnit = 32
)

// Metric is one measured value.
type Metric struct {
	// Label is the name without its quotes, with doubled quotes made single.
	Label string
	// Value is unset when the plugin could not find it out: it then printed U.
	Value Number
	// Unit is as printed: s, ms, B, KB, %, c …; empty for a plain number.
	Unit string
	// Warn and Crit are unset when the plugin gave none, or one that is not a range.
	Warn, Crit Range
	Min, Max   Number
}

// Number is a finite number that may be absent.
type Number struct {
	Value float64
	Set   bool
}

// Of gives a Number that is set.
func Of(v float64) Number { return Number{Value: v, Set: true} }

// String gives the metric as a plugin prints it. Parsing it gives the same metric.
func (m Metric) String() string { return string(m.Append(nil)) }

// Append appends what String gives to dst. The label must not be empty; the unit must be one that parsing could give.
func (m Metric) Append(dst []byte) []byte {
	dst = AppendLabel(dst, m.Label)
	dst = append(dst, '=')
	if m.Value.Set {
		dst = appendNumber(dst, m.Value.Value)
		dst = append(dst, m.Unit...)
	} else {
		dst = append(dst, 'U')
	}
	// Trailing fields that are absent are left out, with their semicolons.
	semicolons := 0
	field := func(set bool, add func([]byte) []byte) {
		semicolons++
		if !set {
			return
		}
		for ; semicolons > 0; semicolons-- {
			dst = append(dst, ';')
		}
		dst = add(dst)
	}
	field(m.Warn.Set, m.Warn.Append)
	field(m.Crit.Set, m.Crit.Append)
	field(m.Min.Set, m.Min.append)
	field(m.Max.Set, m.Max.append)
	return dst
}

func (n Number) append(dst []byte) []byte { return appendNumber(dst, n.Value) }

// AppendLabel quotes a label that would not survive bare. A plugin may quote any label, but bare ones are what people
// compare with.
func AppendLabel(dst []byte, label string) []byte {
	if label != "" && !strings.ContainsAny(label, " \t='\n\r\v\f") {
		return append(dst, label...)
	}
	dst = append(dst, '\'')
	for i := range len(label) {
		if label[i] == '\'' {
			dst = append(dst, '\'')
		}
		dst = append(dst, label[i])
	}
	return append(dst, '\'')
}
