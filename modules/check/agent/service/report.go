package service

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/perfdata"
)

// How much of what an agent says becomes a service's output, in bytes. What is beyond that is left out and counted.
const (
	mostTexts   = 8 << 10
	mostDetails = 32 << 10
	mostMetrics = 64 << 10
	mostName    = 255
)

// Report gathers what a service says. It becomes the outcome: the worst state, the texts in their order, those that are not
// OK marked (!), (!!) and (?), and performance data. Texts may hold anything: they come out as one line of UTF-8 each, without
// control characters. The zero value is ready.
type Report struct {
	state   monitor.State
	texts   lines
	details lines
	metrics []byte
}

// lines are texts up to a bound.
type lines struct {
	texts []string
	bytes int
	left  int // how many there was no room for
}

func (l *lines) add(text string, most int) {
	text = cutText(plain(text), most/2)
	if l.bytes+len(text) > most {
		l.left++
		return
	}
	l.texts, l.bytes = append(l.texts, text), l.bytes+len(text)+1
}

func (l *lines) join(by string) string {
	text := strings.Join(l.texts, by)
	if l.left == 0 {
		return text
	}
	if text != "" {
		text += by
	}
	return text + "and " + strconv.Itoa(l.left) + " more that there is no room for"
}

// plain makes any text one line of UTF-8 without control characters.
func plain(text string) string {
	fine := utf8.ValidString(text)
	for i := 0; fine && i < len(text); i++ {
		fine = text[i] >= ' ' && text[i] != 0x7f
	}
	if fine {
		return text
	}
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\t' || c == '\n' || c == '\r' || c == 1:
			return ' '
		case c < ' ' || c >= 0x7f && c < 0xa0:
			return -1
		}
		return c
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// cutText shortens a text to about so many bytes.
func cutText(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// Metric is a value of the performance data. A lower level makes a range of it: 10:, or 10:20.
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
		r.texts.add(text+mark(state), mostTexts)
	}
}

// Notice adds a line to the long output, and to the first line too when the state is not OK.
func (r *Report) Notice(state monitor.State, text string) {
	if state != monitor.OK {
		r.Say(state, text)
	}
	r.Detail(text + mark(state))
}

// Plugin adds what a plugin on the host said: its first line bears no mark of ours, its performance data stay as they are.
func (r *Report) Plugin(o monitor.Outcome) {
	r.state = worse(r.state, o.State)
	if o.Output != "" {
		r.texts.add(o.Output, mostTexts)
	}
	if o.LongOutput != "" {
		r.Detail(o.LongOutput)
	}
	if o.Perfdata != "" && len(r.metrics)+len(o.Perfdata) <= mostMetrics {
		if len(r.metrics) > 0 {
			r.metrics = append(r.metrics, ' ')
		}
		r.metrics = append(r.metrics, o.Perfdata...)
	}
}

// State gives the worst state so far.
func (r *Report) State() monitor.State { return r.state }

// OK adds a text.
func (r *Report) OK(text string) { r.Say(monitor.OK, text) }

// Detail adds lines to the long output.
func (r *Report) Detail(text string) {
	for line := range strings.SplitSeq(text, "\n") {
		r.details.add(line, mostDetails)
	}
}

// Judge says a value by its levels: "label: shown", with the levels behind it when they are reached. It gives the state.
func (r *Report) Judge(label string, value float64, l Levels, show func(float64) string) monitor.State {
	state, text := l.judge(label, value, show)
	r.Say(state, text)
	return state
}

// Watch is Judge for a value that is in the first line only when it reaches its levels, and in the long output always.
func (r *Report) Watch(label string, value float64, l Levels, show func(float64) string) monitor.State {
	state, text := l.judge(label, value, show)
	r.Notice(state, text)
	return state
}

func (l Levels) judge(label string, value float64, show func(float64) string) (monitor.State, string) {
	state := l.State(value)
	text := show(value)
	if label != "" {
		text = label + ": " + text
	}
	if state != monitor.OK {
		text += " (" + l.reached(value, show) + ")"
	}
	return state, text
}

// Measured gives a metric without levels and bounds.
func Measured(name string, value float64, unit string) Metric {
	return Metric{Name: name, Value: value, Unit: unit, Levels: None(), Min: math.NaN(), Max: math.NaN()}
}

// By gives the metric with levels.
func (m Metric) By(l Levels) Metric {
	m.Levels = l
	return m
}

// Within gives the metric with bounds; NaN is none.
func (m Metric) Within(least, most float64) Metric {
	m.Min, m.Max = least, most
	return m
}

// Measure judges a metric by its levels, says it, and adds it to the performance data.
func (r *Report) Measure(label string, m Metric, show func(float64) string) monitor.State {
	r.Metric(m)
	return r.Judge(label, m.Value, m.Levels, show)
}

// Metric adds a value to the performance data. A value that is no number is left out, and so are metrics that there is no
// room for.
func (r *Report) Metric(m Metric) {
	if math.IsNaN(m.Value) || math.IsInf(m.Value, 0) || m.Name == "" || len(r.metrics) > mostMetrics {
		return
	}
	b := r.metrics
	if len(b) > 0 {
		b = append(b, ' ')
	}
	b = append(perfdata.AppendLabel(b, metricName(m.Name)), '=')
	b = append(appendNumber(b, m.Value), m.Unit...)
	semicolons := 0
	for _, f := range [...]Bounds{m.Warn, m.Crit, {math.NaN(), m.Min}, {math.NaN(), m.Max}} {
		semicolons++
		if field := appendRange(nil, f); len(field) > 0 {
			for ; semicolons > 0; semicolons-- {
				b = append(b, ';')
			}
			b = append(b, field...)
		}
	}
	r.metrics = b
}

// Outcome gives the whole.
func (r *Report) Outcome() monitor.Outcome {
	o := monitor.Outcome{
		// A semicolon parts the fields of log lines; plugins' output is treated alike.
		State: r.state, Output: strings.ReplaceAll(r.texts.join(", "), ";", ":"), LongOutput: r.details.join("\n"), Perfdata: string(r.metrics),
	}
	if o.Output == "" {
		o.Output = "nothing to say"
	}
	return o
}

// metricName leaves out of a name what would end it for some reader of performance data.
func metricName(name string) string {
	name = strings.Map(func(c rune) rune {
		switch c {
		case '=', '|', '"', '\'', ';':
			return '_'
		}
		return c
	}, plain(name))
	if len(name) > mostName {
		name = strings.ToValidUTF8(name[:mostName], "")
	}
	return name
}

// appendRange writes UPPER, LOWER: or LOWER:UPPER, or nothing where there is no bound.
func appendRange(b []byte, f Bounds) []byte {
	if finite(f.Lower) {
		b = append(appendNumber(b, f.Lower), ':')
	}
	if finite(f.Upper) {
		b = appendNumber(b, f.Upper)
	}
	return b
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// appendNumber writes a value with six digits that matter or more, and never with an exponent: not all readers know those.
func appendNumber(b []byte, v float64) []byte {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.AppendInt(b, int64(v), 10)
	}
	places := min(max(6-int(math.Ceil(math.Log10(math.Abs(v)))), 0), 12)
	before := len(b)
	b = strconv.AppendFloat(b, v, 'f', places, 64)
	if bytes.IndexByte(b[before:], '.') < 0 {
		return b
	}
	return bytes.TrimSuffix(bytes.TrimRight(b, "0"), []byte("."))
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
