package perfdata

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// Range is a threshold: the values between Start and End, both included, are good, all others raise an alert. With
// Inside it is the other way round. The zero Range is not set and never raises one.
type Range struct {
	// Start is -Inf for "~", End is +Inf when left out. Start <= End.
	Start, End float64
	// Inside says that the values in the range are the bad ones: "@" in front.
	Inside bool
	Set    bool
}

// ParseRange reads [@][start:][end], as plugins take it for -w and -c. "10" means 0 to 10, "10:" 10 and above, "~:10" up to
// 10, "@10:20" alert from 10 to 20.
func ParseRange(s string) (Range, error) {
	r := Range{Set: true}
	rest, inside := strings.CutPrefix(s, "@")
	r.Inside = inside
	start, end, colon := strings.Cut(rest, ":")
	if !colon {
		start, end = "", rest
		if end == "" {
			return Range{}, fmt.Errorf("range %q: no number; write one as 10, 10:, ~:10, 10:20 or @10:20", s)
		}
	}
	var ok bool
	if r.Start, ok = bound(start, 0); start == "~" {
		r.Start, ok = math.Inf(-1), true
	}
	if !ok {
		return Range{}, fmt.Errorf("range %q: start %q is not a number or ~", s, start)
	}
	if r.End, ok = bound(end, math.Inf(1)); !ok {
		return Range{}, fmt.Errorf("range %q: end %q is not a number", s, end)
	}
	if r.Start > r.End {
		return Range{}, fmt.Errorf("range %q: start is above end; if below %s is bad, write \"%s:\"", s, end, end)
	}
	return r, nil
}

// bound reads one end of a range; an empty one means missing.
func bound(s string, missing float64) (float64, bool) {
	if s == "" {
		return missing, true
	}
	return parseFloat(s)
}

// Edge gives the end of a range that values are most likely to cross: the upper one where there is one. ok is false for a range that
// is not set or has no end.
func (r Range) Edge() (at float64, ok bool) {
	at = r.End
	if math.IsInf(at, 0) {
		at = r.Start
	}
	return at, r.Set && !math.IsInf(at, 0)
}

// Alert says whether v is bad. A value that is not a number is bad for every range that is set.
func (r Range) Alert(v float64) bool {
	if !r.Set {
		return false
	}
	if math.IsNaN(v) {
		return true
	}
	return (r.Start <= v && v <= r.End) == r.Inside
}

// State gives what a plugin with these thresholds returns for v: Critical, Warning or OK.
func State(v float64, warn, crit Range) monitor.State {
	switch {
	case crit.Alert(v):
		return monitor.Critical
	case warn.Alert(v):
		return monitor.Warning
	}
	return monitor.OK
}

// String gives the range in its shortest form; empty for one that is not set.
func (r Range) String() string { return string(r.Append(nil)) }

// Append appends what String gives to dst.
func (r Range) Append(dst []byte) []byte {
	if !r.Set {
		return dst
	}
	if r.Inside {
		dst = append(dst, '@')
	}
	endless := math.IsInf(r.End, 1)
	switch {
	case math.IsInf(r.Start, -1):
		dst = append(dst, '~', ':')
	case r.Start != 0 || endless:
		dst = append(appendNumber(dst, r.Start), ':')
	}
	if !endless {
		dst = appendNumber(dst, r.End)
	}
	return dst
}

// parseFloat reads a finite decimal number. What Go's parser takes beyond that (hexadecimal, underscores, Inf, NaN) no
// plugin means.
func parseFloat(s string) (float64, bool) {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	if s == "" { // told apart here because it is common and the parser's error costs an allocation
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, false
	}
	return v, true
}

// appendNumber writes the shortest text that reads back as v, without an exponent while it stays short.
func appendNumber(dst []byte, v float64) []byte {
	if a := math.Abs(v); v != 0 && (a < 1e-6 || a >= 1e15) {
		return strconv.AppendFloat(dst, v, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, v, 'f', -1, 64)
}
