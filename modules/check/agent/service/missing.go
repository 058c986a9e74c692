package service

import (
	"iter"
	"math"
	"strconv"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// lacks says that there is nothing of that name, and what there is instead.
func lacks(r *Report, what, item string, have iter.Seq[string]) {
	r.Say(monitor.Unknown, lacking(what, item, have))
}

// lacking is what lacks says.
func lacking(what, item string, have iter.Seq[string]) string {
	const most = 10
	var names []string
	more := 0
	for name := range have {
		if len(names) == most {
			more++
			continue
		}
		names = append(names, name)
	}
	text := "there is no " + what + " " + strconv.Quote(item) + " in the agent's output"
	if item == "" {
		text = "-i must name the " + what
	}
	switch {
	case len(names) == 0:
		text += ", nor any other"
	case more > 0:
		text += ", but " + strings.Join(names, ", ") + " and " + strconv.Itoa(more) + " more"
	default:
		text += ", but " + strings.Join(names, ", ")
	}
	return text
}

// numeral reads a number that is one; NaN, infinite ones and text are none.
func numeral(text string) (float64, bool) {
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// numbers reads all words as numbers; nil if one is none.
func numbers(words []string) []float64 {
	all := make([]float64, len(words))
	for i, w := range words {
		v, ok := numeral(w)
		if !ok {
			return nil
		}
		all[i] = v
	}
	return all
}

// hex reads a whole number in hex and gives it in decimal.
func hex(text string) (string, bool) {
	v, err := strconv.ParseUint(text, 16, 32)
	return strconv.FormatUint(v, 10), err == nil
}
