package snmp

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/onbu/onbu/monitor"
)

// dependent is the state of a value of which nothing is known yet (STATE_DEPENDENT).
const dependent = monitor.State(4)

// maxPerfdata is how much performance data the plugin prints (MAX_INPUT_BUFFER - 1, with "| " in front).
const maxPerfdata = 8191 - 2

// maxProduct is how much of a multiplied number the plugin keeps (DEFAULT_BUFFER_SIZE - 1 in Debian's version).
const maxProduct = 99

// verdict is what the plugin would print and return.
type verdict struct {
	state      monitor.State
	text, perf []byte
}

// say is a verdict in one sentence.
func say(state monitor.State, format string, args ...any) *verdict {
	return &verdict{state: state, text: fmt.Appendf(nil, format, args...)}
}

// evaluation judges what snmpget printed, line by line, as main() of check_snmp 2.3.3 does. Working on the printed text
// rather than on the values is what makes odd strings, delimiters and types come out as they do there.
type evaluation struct {
	*command
	lines    []string
	line     int
	previous *sample // nil if there is none
	now      time.Time
	values   []float64
	complete bool // all went so far that the values count for the next rate

	state            monitor.State
	out, perf, extra []byte
	number           []byte // what formatted numbers lie in
	escaped, quoted  int    // backslashes and quotes open, over all strings
	text             []byte
	verdict          verdict
}

// again makes the evaluation ready for another line, and keeps its memory.
func (e *evaluation) again(c *command, now time.Time) {
	*e = evaluation{
		command: c, now: now, lines: e.lines[:0], values: e.values[:0],
		out: e.out[:0], perf: e.perf[:0], extra: e.extra[:0], number: e.number[:0], text: e.text[:0],
	}
}

// reading is one object's line while it is being judged.
type reading struct {
	name     string // up to the delimiter
	response string // from the delimiter on
	show     string // the value, or what is made of it
	kind     string // behind the number in performance data
	format   string
	counter  bool
	state    monitor.State
}

// judge gives the verdict on lines. values holds the numbers for the next rate.
func (e *evaluation) judge() *verdict {
	e.state = monitor.Unknown
	for i := 0; e.line < len(e.lines) && i < len(e.names); i++ {
		r, ok := e.read()
		if !ok {
			break
		}
		if end := e.interpret(&r, i); end != nil {
			return end
		}
		if end := e.weigh(&r, i); end != nil {
			return end
		}
		e.state = worst(e.state, r.state)
		e.print(&r, i)
		e.line++
	}
	e.complete = true
	if e.rate && e.previous == nil {
		return say(monitor.OK, "No previous data to calculate rate - assume okay")
	}
	label := "SNMP"
	if e.rate {
		label = "SNMP RATE"
	}
	e.text = append(append(append(e.text[:0], label...), ' '), stateText(e.state)...)
	e.text = append(append(append(e.text, " -"...), e.out...), " \n"...)
	e.text = append(e.text, e.extra...)
	perf := e.perf[:min(len(e.perf), maxPerfdata)]
	e.verdict = verdict{e.state, e.text, bytes.TrimSpace(perf)}
	return &e.verdict
}

// read parts a line at the delimiter.
func (e *evaluation) read() (reading, bool) {
	line := e.lines[e.line]
	at := strings.Index(line, e.delimiter)
	if at < 0 {
		return reading{}, false
	}
	// The name ends at whichever character of the delimiter comes first.
	name := line
	if end := strings.IndexAny(line, e.delimiter); end >= 0 {
		name = line[:end]
	}
	return reading{name: name, response: line[at:], format: "%.0f", state: dependent}, true
}

// interpret finds the value behind its type.
func (e *evaluation) interpret(r *reading, i int) *verdict {
	if e.rate {
		r.format = "%.10g"
	}
	for _, kind := range [...]string{
		"Gauge: ", "Gauge32: ", "Counter32: ", "Counter64: ", "INTEGER: ", "OID: ", "STRING: ", "Timeticks: ",
	} {
		at := strings.Index(r.response, kind)
		if at < 0 {
			continue
		}
		r.show = r.response[at+len(kind):]
		switch kind {
		case "Gauge: ", "Gauge32: ", "INTEGER: ":
			if kind == "INTEGER: " && e.format != "" {
				r.format = e.format
			}
			return e.multiply(r)
		case "Counter32: ", "Counter64: ":
			r.counter = true
			if !e.rate {
				r.kind = "c"
			}
		case "STRING: ":
			r.format = "%.10g"
			e.multiline(r, i)
		case "Timeticks: ":
			r.show = r.response[at:]
		}
		return nil
	}
	r.show = r.response[min(3, len(r.response)):] // whatever the delimiter's length
	return nil
}

// multiply multiplies the number that the value begins with; the product is then all there is of the value.
func (e *evaluation) multiply(r *reading) *verdict {
	if e.multiplier == 1 {
		return nil
	}
	v, n := leadingFloat(r.show)
	if n == 0 {
		return say(monitor.Unknown, "multiplier set (%.1f), but input is not a number: %s", e.multiplier, r.show)
	}
	v *= e.multiplier
	format := "%f"
	if e.format != "" {
		format = e.format
	}
	if v == math.Trunc(v) && math.MinInt32 <= v && v <= math.MaxInt32 {
		format = "%.0f"
	}
	r.show = e.float(format, v)
	r.show = r.show[:min(len(r.show), maxProduct)]
	return nil
}

// multiline takes the further lines of a string with line feeds, which go to the long output as they are.
func (e *evaluation) multiline(r *reading, i int) {
	e.scan(r.show)
	if e.quoted == 0 {
		return
	}
	e.extra = fmt.Appendf(e.extra, "%s:\n%s\n", e.oidText[i], r.show)
	r.show = strings.TrimPrefix(r.show, `"`)
	for e.line++; e.line < len(e.lines); e.line++ {
		e.extra = append(append(e.extra, e.lines[e.line]...), '\n')
		e.scan(e.lines[e.line])
		if e.quoted == 0 {
			return
		}
	}
}

// scan follows quotes and backslashes to the end of the string or the line.
func (e *evaluation) scan(s string) {
	for first := true; first || e.quoted > 0; first = false {
		if !first {
			if s == "" {
				return
			}
			s = s[1:]
			next := strings.IndexAny(s, "\"\\")
			if next < 0 {
				return
			}
			s = s[next:]
		}
		if s == "" {
			return
		}
		e.count(s[0])
	}
}

func (e *evaluation) count(c byte) {
	switch {
	case c == '\\' && e.escaped > 0:
		e.escaped--
	case c == '\\':
		e.escaped++
	case c != '"':
	case e.quoted == 0:
		e.quoted++
	case e.escaped == 0:
		e.quoted--
	default:
		e.escaped--
	}
}

// weigh judges the value: by thresholds or as a rate if there are any, else by string or expression, else by being there.
func (e *evaluation) weigh(r *reading, i int) *verdict {
	if e.rate || e.thresholds[i].set() {
		return e.weighNumber(r, i)
	}
	found := true
	switch {
	case i >= len(e.methods) || e.methods[i] == byPresence:
		r.state = monitor.OK
		return nil
	case e.methods[i] == byString:
		found = r.show == e.want
	case e.methods[i] == byRegexp:
		found = e.regexp.MatchString(r.response)
	}
	r.state = monitor.Critical
	if found != e.invert {
		r.state = monitor.OK
	}
	return nil
}

func (e *evaluation) weighNumber(r *reading, i int) *verdict {
	digits := strings.IndexAny(r.show, "-0123456789")
	if digits < 0 {
		return say(e.nullState, "No valid data returned (%s)", r.show)
	}
	v, _ := leadingFloat(r.show[digits:])
	v += e.offset
	e.values = append(e.values, v)
	if e.rate {
		if e.previous == nil {
			return nil
		}
		seconds := e.now.Unix() - e.previous.taken
		if seconds <= 0 {
			return say(monitor.Unknown, "Time duration between plugin calls is invalid")
		}
		v = rate(v, e.previous.value(i), r.counter) / float64(seconds) * e.rateMultiplier
	}
	r.state = e.thresholds[i].state(v)
	r.show = e.float(r.format, v)
	return nil
}

// float writes a number as formatFloat does; the usual formats take no memory of their own.
func (e *evaluation) float(format string, v float64) string {
	start := len(e.number)
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return formatFloat(format, v)
	case format == "%.0f":
		e.number = strconv.AppendFloat(e.number, v, 'f', 0, 64)
	case format == "%.10g":
		e.number = strconv.AppendFloat(e.number, v, 'g', 10, 64)
	default:
		return formatFloat(format, v)
	}
	return view(e.number[start:])
}

// view gives octets as a string that changes when they do.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// rate gives what a counter moved by, which may have passed its end (the same guess as in rrdtool: 32 bits, else 64).
func rate(now, before float64, counter bool) float64 {
	d := now - before
	if counter && d < 0 {
		d += 1 << 32
	}
	if counter && d < 0 {
		d += 1<<64 - 1<<32
	}
	return d
}
