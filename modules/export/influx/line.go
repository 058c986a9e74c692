package influx

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/onbu/onbu/internal/outbound"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/perfdata"
)

// writer makes lines of checks. It is immutable.
type writer struct {
	measurement, stateMeasurement string
	base, states, bounds          bool
	tick                          time.Duration // what timestamps count
	labels                        outbound.Labels
}

// encode adds the lines of a check to b.
func (w *writer) encode(b *outbound.Batch, c *monitor.Check) {
	at := int64(cmp.Or(c.Started, c.Time)) / int64(w.tick)
	extra := w.labels.Of(c.Ref)
	for m := range perfdata.OfCheck(c) {
		factor, unit := 1.0, m.Unit
		if w.base {
			factor, unit = perfdata.Base(unit)
		}
		if math.IsInf(m.Value.Value*factor, 0) {
			continue // it has no word for it
		}
		b.Bytes = appendHead(b.Bytes, w.measurement, c.Ref, m.Label, unit, extra)
		b.Bytes = w.appendValues(b.Bytes, &m, factor)
		b.Bytes = appendTime(b.Bytes, at)
		b.Cut(c)
	}
	if w.states {
		b.Bytes = appendHead(b.Bytes, w.stateMeasurement, c.Ref, "", "", extra)
		b.Bytes = appendState(b.Bytes, c)
		b.Bytes = appendTime(b.Bytes, at)
		b.Cut(c)
	}
}

func (w *writer) appendValues(dst []byte, m *perfdata.Metric, factor float64) []byte {
	first := true
	add := func(name string, v float64) {
		if v *= factor; math.IsInf(v, 0) {
			return
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(dst, name...), '=')
		dst = strconv.AppendFloat(dst, v, 'g', -1, 64)
	}
	add("value", m.Value.Value)
	if !w.bounds {
		return dst
	}
	for _, f := range []struct {
		name string
		is   perfdata.Range
	}{{"warn", m.Warn}, {"crit", m.Crit}} {
		if at, ok := f.is.Edge(); ok {
			add(f.name, at)
		}
	}
	for _, f := range []struct {
		name string
		is   perfdata.Number
	}{{"min", m.Min}, {"max", m.Max}} {
		if f.is.Set {
			add(f.name, f.is.Value)
		}
	}
	return dst
}

func appendState(dst []byte, c *monitor.Check) []byte {
	dst = strconv.AppendUint(append(dst, "state="...), uint64(c.State), 10)
	dst = strconv.AppendUint(append(dst, "i,state_type="...), uint64(c.Type), 10)
	dst = strconv.AppendUint(append(dst, "i,check_attempt="...), uint64(c.Attempt), 10)
	dst = strconv.AppendFloat(append(dst, "i,latency="...), c.Latency.Seconds(), 'g', -1, 64)
	return strconv.AppendFloat(append(dst, ",execution="...), c.Execution.Seconds(), 'g', -1, 64)
}

func appendTime(dst []byte, at int64) []byte {
	return append(strconv.AppendInt(append(dst, ' '), at, 10), '\n')
}

// appendHead appends the measurement and the tags, sorted as servers like them, up to the blank before the fields.
func appendHead(dst []byte, measurement string, r monitor.Ref, metric, unit string, extra []outbound.Label) []byte {
	dst = appendEscaped(dst, measurement, ", ")
	own := [...]outbound.Label{{Name: "host", Value: r.Host}, {Name: "metric", Value: metric}, {Name: "service", Value: r.Service}, {Name: "unit", Value: unit}}
	tags := own[:]
	if len(extra) > 0 {
		tags = append(tags, extra...)
		slices.SortStableFunc(tags, func(a, b outbound.Label) int { return cmp.Compare(a.Name, b.Name) })
	}
	for _, t := range tags {
		if t.Value = tidy(t.Value); t.Value == "" {
			continue
		}
		dst = append(append(append(dst, ','), t.Name...), '=')
		dst = appendEscaped(dst, t.Value, ",= ")
	}
	return append(dst, ' ')
}

// appendEscaped appends a text with a backslash before each of some characters.
func appendEscaped(dst []byte, text, special string) []byte {
	for i := range len(text) {
		if strings.IndexByte(special, text[i]) >= 0 {
			dst = append(dst, '\\')
		}
		dst = append(dst, text[i])
	}
	return dst
}

// tidy makes a text that can be a tag: one line, and no backslash where it would be taken for an escape (before a comma, an equals
// sign, a blank and the end), since the protocol has no way to write one there that all servers read alike.
func tidy(text string) string {
	if !strings.Contains(text, `\`) && strings.IndexFunc(text, odd) < 0 {
		return text
	}
	text = strings.Map(func(r rune) rune {
		if odd(r) {
			return ' '
		}
		return r
	}, text)
	var b strings.Builder
	for i := range len(text) {
		if text[i] == '\\' {
			after := strings.TrimLeft(text[i:], `\`)
			if after == "" || strings.ContainsRune(",= ", rune(after[0])) {
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// odd characters are those that end a line or are not text.
func odd(r rune) bool { return unicode.IsControl(r) || r == unicode.ReplacementChar }
