package service

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// Bounds is where values are fine: at Lower or above it, and below Upper. NaN is no bound.
type Bounds struct{ Lower, Upper float64 }

// Levels are the bounds of WARNING and CRITICAL.
type Levels struct {
	Warn, Crit Bounds
	// Percent says that they were written with a % sign.
	Percent bool
}

// None has no bounds.
func None() Levels {
	nan := math.NaN()
	return Levels{Warn: Bounds{nan, nan}, Crit: Bounds{nan, nan}}
}

// Upper gives levels with upper bounds only.
func Upper(warn, crit float64) Levels {
	l := None()
	l.Warn.Upper, l.Crit.Upper = warn, crit
	return l
}

// Lower gives levels with lower bounds only.
func Lower(warn, crit float64) Levels {
	l := None()
	l.Warn.Lower, l.Crit.Lower = warn, crit
	return l
}

// ParseLevels reads the arguments of -w and -c: UPPER, LOWER: or LOWER:UPPER, each a number with a unit: % or one of K, M, G, T
// (bytes, by 1,024 each), s, m, h, d (time, in seconds). Empty ones give no bounds.
func ParseLevels(warn, crit string) (Levels, error) {
	l := None()
	var err error
	percent := 0
	if l.Warn, err = parseBounds(warn, &percent); err != nil {
		return l, fmt.Errorf("-w %s: %w", warn, err)
	}
	if l.Crit, err = parseBounds(crit, &percent); err != nil {
		return l, fmt.Errorf("-c %s: %w", crit, err)
	}
	l.Percent = percent > 0
	return l, nil
}

func parseBounds(text string, percent *int) (Bounds, error) {
	b := Bounds{math.NaN(), math.NaN()}
	lower, upper, both := strings.Cut(text, ":")
	if !both {
		lower, upper = "", text
	}
	for _, side := range []struct {
		text string
		at   *float64
	}{{lower, &b.Lower}, {upper, &b.Upper}} {
		if side.text == "" {
			continue
		}
		v, isPercent, err := parseValue(side.text)
		if err != nil {
			return b, err
		}
		if isPercent {
			*percent++
		}
		*side.at = v
	}
	return b, nil
}

// units are what may stand behind a number, and what it is multiplied with.
var units = map[string]float64{
	"": 1, "%": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800,
	"B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40, "P": 1 << 50,
	"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40, "PB": 1 << 50,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "PiB": 1 << 50,
}

func parseValue(text string) (v float64, percent bool, err error) {
	end := strings.LastIndexAny(text, "0123456789.") + 1
	factor, ok := units[text[end:]]
	v, err = strconv.ParseFloat(text[:end], 64)
	if !ok || err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, false, fmt.Errorf("%q is no number with one of the units %% K M G T s m h d, or none", text)
	}
	return v * factor, text[end:] == "%", nil
}

// Or gives l, or where it has no bounds at all the others.
func (l Levels) Or(others Levels) Levels {
	if l.Empty() {
		return others
	}
	return l
}

// Empty says that there are no bounds.
func (l Levels) Empty() bool {
	return math.IsNaN(l.Warn.Lower) && math.IsNaN(l.Warn.Upper) && math.IsNaN(l.Crit.Lower) && math.IsNaN(l.Crit.Upper)
}

// Scale multiplies the bounds: percents of a whole become values with total/100.
func (l Levels) Scale(by float64) Levels {
	l.Warn.Lower, l.Warn.Upper, l.Crit.Lower, l.Crit.Upper = l.Warn.Lower*by, l.Warn.Upper*by, l.Crit.Lower*by, l.Crit.Upper*by
	return l
}

// outside compares as Checkmk does: an upper bound is reached by a value that equals it, a lower one is not.
func (b Bounds) outside(v float64) bool { return v >= b.Upper || v < b.Lower }

// State judges a value.
func (l Levels) State(v float64) monitor.State {
	switch {
	case l.Crit.outside(v):
		return monitor.Critical
	case l.Warn.outside(v):
		return monitor.Warning
	}
	return monitor.OK
}

// reached names the bounds on the side on which a value is outside.
func (l Levels) reached(v float64, show func(float64) string) string {
	if v < l.Crit.Lower || v < l.Warn.Lower {
		return "warn/crit below " + pair(l.Warn.Lower, l.Crit.Lower, show)
	}
	return "warn/crit at " + pair(l.Warn.Upper, l.Crit.Upper, show)
}

func pair(warn, crit float64, show func(float64) string) string {
	one := func(v float64) string {
		if math.IsNaN(v) {
			return "never"
		}
		return show(v)
	}
	return one(warn) + "/" + one(crit)
}
