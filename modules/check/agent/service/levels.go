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
	// Percent says that they were written with a % sign, Size that they were with a unit of bytes.
	Percent, Size bool
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
// (bytes, by 1,024 each), ms, s, m, h, d (time, in seconds). Empty ones and ~ give no bounds. All must be of one kind: percents
// and sizes cannot be told apart later.
func ParseLevels(warn, crit string) (Levels, error) {
	l := None()
	var err error
	kinds := map[string]int{}
	if l.Warn, err = parseBounds(warn, kinds); err != nil {
		return None(), fmt.Errorf("-w %s: %w", warn, err)
	}
	if l.Crit, err = parseBounds(crit, kinds); err != nil {
		return None(), fmt.Errorf("-c %s: %w", crit, err)
	}
	l.Percent, l.Size = kinds["%"] > 0, kinds["size"] > 0
	if bounds := kinds["all"]; l.Percent && kinds["%"] < bounds || l.Size && kinds["size"] < bounds {
		return None(), fmt.Errorf("-w %s -c %s: the levels have units that do not fit together; write %% or K, M, G, T behind all of them", warn, crit)
	}
	return l, nil
}

// parseBounds reads one argument and counts what kinds of units it has: "%" and "size", and "all" of any unit.
func parseBounds(text string, kinds map[string]int) (Bounds, error) {
	b := Bounds{math.NaN(), math.NaN()}
	lower, upper, both := strings.Cut(text, ":")
	if !both {
		lower, upper = "", text
	}
	for _, side := range []struct {
		text string
		at   *float64
	}{{lower, &b.Lower}, {upper, &b.Upper}} {
		if side.text == "" || side.text == "~" {
			continue
		}
		v, kind, err := parseValue(side.text)
		if err != nil {
			return b, err
		}
		kinds[kind]++
		kinds["all"]++
		*side.at = v
	}
	if b.Lower > b.Upper {
		return b, fmt.Errorf("the lower bound %s is above the upper one; if values below it are bad, write %q", lower, lower+":")
	}
	return b, nil
}

// unitOf gives what a number with a unit behind it is multiplied with, and the kind of the unit: "%", "size" or empty.
func unitOf(text string) (factor float64, kind string, ok bool) {
	switch text {
	case "", "s":
		return 1, "", true
	case "%":
		return 1, "%", true
	case "ms":
		return 1e-3, "", true
	case "m", "min":
		return 60, "", true
	case "h":
		return 3600, "", true
	case "d":
		return 86400, "", true
	case "w":
		return 604800, "", true
	case "B":
		return 1, "size", true
	}
	prefix := strings.TrimSuffix(strings.TrimSuffix(text, "B"), "i")
	if power := strings.Index("KMGTP", prefix); len(prefix) == 1 && power >= 0 {
		return math.Pow(1024, float64(power+1)), "size", true
	}
	return 0, "", false
}

func parseValue(text string) (v float64, kind string, err error) {
	end := strings.LastIndexAny(text, "0123456789.") + 1
	factor, kind, ok := unitOf(text[end:])
	v, err = strconv.ParseFloat(text[:end], 64)
	if !ok || err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, "", fmt.Errorf("%q is no number with one of the units %% K M G T ms s m h d, or none", text)
	}
	return v * factor, kind, nil
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

// Of gives levels on an amount of a whole: those in percent become amounts, and so do those without any unit if plain ones are
// percents too.
func (l Levels) Of(total float64, plainIsPercent bool) Levels {
	if l.Percent || plainIsPercent && !l.Size {
		return l.Scale(total / 100)
	}
	return l
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
