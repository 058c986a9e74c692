package service

import (
	"math"
	"strconv"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// Report gathers what a service says. It becomes the outcome: the worst state, the texts in their order, those that are not
// OK marked (!), (!!) and (?), and performance data.
type Report struct {
	state   monitor.State
	texts   []string
	details []string
	metrics []byte
}

// Metric is a value of the performance data. The levels are written as upper ones.
type Metric struct {
	Name  string
	Value float64
	Unit  string // s, B, %, c or empty, as plugins write them
	Levels
	// Min and Max are NaN for none.
	Min, Max float64
}

// Say adds a text and a state. An empty text adds the state alone.
func (r *Report) Say(state monitor.State, text string) {
	r.state = worse(r.state, state)
	if text != "" {
		r.texts = append(r.texts, text+mark(state))
	}
}

// OK adds a text.
func (r *Report) OK(text string) { r.Say(monitor.OK, text) }

// Detail adds a line to the long output.
func (r *Report) Detail(text string) { r.details = append(r.details, text) }

// Judge says a value by its levels: "label: shown", with the levels behind it when they are reached. It gives the state.
func (r *Report) Judge(label string, value float64, l Levels, show func(float64) string) monitor.State {
	state := l.State(value)
	text := show(value)
	if label != "" {
		text = label + ": " + text
	}
	if state != monitor.OK {
		text += " (" + l.reached(value, show) + ")"
	}
	r.Say(state, text)
	return state
}

// Metric adds a value to the performance data. A value that is no number is left out.
func (r *Report) Metric(m Metric) {
	if math.IsNaN(m.Value) || math.IsInf(m.Value, 0) {
		return
	}
	b := r.metrics
	if len(b) > 0 {
		b = append(b, ' ')
	}
	b = append(appendName(b, m.Name), '=')
	b = append(appendNumber(b, m.Value), m.Unit...)
	fields := [...]float64{m.Warn.Upper, m.Crit.Upper, m.Min, m.Max}
	last := 0
	for i, f := range fields {
		if !math.IsNaN(f) && !math.IsInf(f, 0) {
			last = i + 1
		}
	}
	for _, f := range fields[:last] {
		b = append(b, ';')
		if !math.IsNaN(f) && !math.IsInf(f, 0) {
			b = appendNumber(b, f)
		}
	}
	r.metrics = b
}

// Outcome gives the whole.
func (r *Report) Outcome() monitor.Outcome {
	o := monitor.Outcome{
		State: r.state, Output: strings.Join(r.texts, ", "), LongOutput: strings.Join(r.details, "\n"), Perfdata: string(r.metrics),
	}
	if o.Output == "" {
		o.Output = "nothing to say"
	}
	return o
}

// appendName quotes a name where plugins do.
func appendName(b []byte, name string) []byte {
	if !strings.ContainsAny(name, " '=\"") {
		return append(b, name...)
	}
	b = append(b, '\'')
	b = append(b, strings.ReplaceAll(strings.ReplaceAll(name, "'", "''"), "=", "_")...)
	return append(b, '\'')
}

func appendNumber(b []byte, v float64) []byte {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.AppendInt(b, int64(v), 10)
	}
	return strconv.AppendFloat(b, v, 'g', 6, 64)
}

// mark is what Checkmk writes behind texts that are not OK.
func mark(s monitor.State) string {
	switch s {
	case monitor.Warning:
		return "(!)"
	case monitor.Critical:
		return "(!!)"
	case monitor.Unknown:
		return "(?)"
	}
	return ""
}

// worse gives the worse of two states: CRITICAL, then UNKNOWN, WARNING, OK, as Checkmk ranks them.
func worse(a, b monitor.State) monitor.State {
	rank := func(s monitor.State) int {
		switch s {
		case monitor.Critical:
			return 3
		case monitor.Unknown:
			return 2
		case monitor.Warning:
			return 1
		}
		return 0
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}
