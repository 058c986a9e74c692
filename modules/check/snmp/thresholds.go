package snmp

import (
	"fmt"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/perfdata"
)

// threshold is what -w and -c say of one object; the texts are for performance data.
type threshold struct {
	warn, crit         perfdata.Range
	warnText, critText string
}

func (t *threshold) set() bool { return t.warn.Set || t.crit.Set }

func (t *threshold) state(v float64) monitor.State { return perfdata.State(v, t.warn, t.crit) }

// thresholds takes the lists of -w and -c apart, the n-th range being for the n-th object. An object without a range of
// its own has none; ranges too many are not looked at.
func thresholds(warn, crit string, objects int) ([]threshold, error) {
	list := make([]threshold, objects)
	for i := range list {
		t := &list[i]
		var err error
		if t.warn, t.warnText, err = oneRange(&warn); err != nil {
			return nil, fmt.Errorf("-w: %w", err)
		}
		if t.crit, t.critText, err = oneRange(&crit); err != nil {
			return nil, fmt.Errorf("-c: %w", err)
		}
	}
	return list, nil
}

// oneRange takes the first range off a list.
func oneRange(list *string) (perfdata.Range, string, error) {
	var text string
	text, *list, _ = strings.Cut(*list, ",")
	text = turned(text)
	start := strings.IndexAny(text, "-0123456789.:@~") // NP_THRESHOLDS_CHARS of utils_base.h
	if start < 0 {
		return perfdata.Range{}, "", nil
	}
	text = text[start:]
	r, err := perfdata.ParseRange(text)
	return r, text, err
}

// turned makes "@1:2" of "2:1", which old versions of check_snmp took for it.
func turned(text string) string {
	left, right, colon := strings.Cut(text, ":")
	if !colon || right == "" {
		return text
	}
	low, _ := leadingFloat(left)
	high, _ := leadingFloat(right)
	if high >= low {
		return text
	}
	return "@" + right + ":" + left
}
