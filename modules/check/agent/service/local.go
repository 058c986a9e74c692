package service

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// localKind is what scripts in the agent's folder local/ print, a line a service: STATE NAME PERFDATA TEXT.
// The rules are those of Checkmk 2.2 (cmk/base/plugins/agent_based/local.py).
func localKind() Kind {
	return Kind{
		Name:     "local",
		Sections: []string{"local"},
		Discover: func(in *Input) []Found {
			checks, order := localChecks(in.first("local"))
			found := make([]Found, 0, len(order))
			for _, name := range order {
				if _, ok := checks[name]; ok {
					found = append(found, Found{Item: name, Description: name})
				}
			}
			return found
		},
		Check: checkLocal,
		Takes: map[string]string{"stale": staleHelp},
	}
}

// localCheck is one line.
type localCheck struct {
	state, perfdata, text string
	at                    time.Time
	valid                 time.Duration
}

// localChecks gives the last line of each name, and the names in their order. Lines that do not fit the form are left out.
func localChecks(s *section.Section) (map[string]localCheck, []string) {
	checks := map[string]localCheck{}
	var order []string
	for part, columns := range s.Rows() {
		line := strings.Join(columns, " ")
		var c localCheck
		c.at, c.valid, line = cachedPrefix(line)
		if c.at.IsZero() {
			c.at, c.valid = part.At, part.Valid
		}
		name, ok := c.split(strings.TrimLeft(line, " "))
		if !ok {
			continue
		}
		if _, known := checks[name]; !known {
			order = append(order, name)
		}
		checks[name] = c
	}
	return checks, order
}

// split takes a line apart: one blank behind the state and behind the name, any number before the text.
func (c *localCheck) split(line string) (name string, ok bool) {
	c.state, line, ok = strings.Cut(line, " ")
	if !ok || c.state == "" || line == "" {
		return "", false
	}
	if quote := line[:1]; quote == `"` || quote == "'" {
		if name, line, ok = strings.Cut(line[1:], quote); !ok || !strings.HasPrefix(line, " ") {
			return "", false
		}
		line = line[1:]
	} else if name, line, ok = strings.Cut(line, " "); !ok {
		return "", false
	}
	if name == "" || strings.ContainsAny(name, `"'`) {
		return "", false
	}
	c.perfdata, c.text, _ = strings.Cut(line, " ")
	c.text = strings.TrimLeft(c.text, " ")
	return name, c.perfdata != ""
}

func checkLocal(in *Input, r *Report) {
	checks, order := localChecks(in.first("local"))
	c, ok := checks[in.Item]
	if !ok {
		lacks(r, "local check", in.Item, slices.Values(order))
		return
	}
	summary, details, _ := strings.Cut(strings.ReplaceAll(c.text, `\n`, "\n"), "\n")
	state, byLevels, ok := localState(c.state)
	if !ok {
		r.Say(monitor.Unknown, "Invalid plugin status "+c.state+". Output is: "+summary)
		return
	}
	metrics, wrong := localMetrics(c.perfdata)
	if wrong != "" {
		r.Say(monitor.Unknown, "Invalid performance data: '"+wrong+"'. Output is: "+summary)
		return
	}
	r.Plugin(monitor.Outcome{State: state, Output: summary, LongOutput: details})
	for _, m := range metrics {
		sayLocal(r, m, byLevels, summary != "")
	}
	in.age(r, "local."+in.Item, c.at, c.valid)
}

// sayLocal adds a metric. Its levels count in state P only; with a text they are in the first line when they are reached.
func sayLocal(r *Report, m Metric, byLevels, text bool) {
	if m.Name == "" {
		r.Say(monitor.Warning, "Invalid metric name: ''")
		return
	}
	if !byLevels {
		m.Levels = None()
	}
	r.Metric(m)
	show := func(v float64) string { return string(appendNumber(nil, v)) }
	if text {
		r.Watch(m.Name, m.Value, m.Levels, show)
	} else {
		r.Judge(m.Name, m.Value, m.Levels, show)
	}
}

// localState reads 0 to 3, or P: the levels of the metrics decide.
func localState(text string) (state monitor.State, byLevels, ok bool) {
	switch text {
	case "0", "1", "2", "3":
		return monitor.State(text[0] - '0'), false, true
	case "P":
		return monitor.OK, true, true
	}
	return monitor.Unknown, false, false
}

// localMetrics reads NAME=VALUE;WARN;CRIT;MIN;MAX, several parted by |; wrong are those that have no =.
func localMetrics(text string) (metrics []Metric, wrong string) {
	if text == "-" {
		return nil, ""
	}
	var bad []string
	for entry := range strings.SplitSeq(text, "|") {
		name, values, ok := strings.Cut(strings.TrimRight(entry, ";"), "=")
		if !ok {
			bad = append(bad, entry)
			continue
		}
		fields := append(strings.Split(values, ";"), "", "", "", "")
		m := Measured(name, 0, "").Within(numberOr(fields[3], math.NaN()), numberOr(fields[4], math.NaN()))
		m.Value, _, _ = leading(fields[0])
		m.Levels = Levels{Warn: localBounds(fields[1]), Crit: localBounds(fields[2])}
		// A critical level alone is the warning level too, on each side.
		if math.IsNaN(m.Warn.Upper) {
			m.Warn.Upper = m.Crit.Upper
		}
		if math.IsNaN(m.Warn.Lower) {
			m.Warn.Lower = m.Crit.Lower
		}
		metrics = append(metrics, m)
	}
	return metrics, strings.Join(bad, "|")
}

// localBounds reads UPPER or LOWER:UPPER. A side that is no number is no bound.
func localBounds(text string) Bounds {
	lower, upper, both := strings.Cut(text, ":")
	if !both {
		lower, upper = "", text
	}
	return Bounds{Lower: numberOr(lower, math.NaN()), Upper: numberOr(upper, math.NaN())}
}

func numberOr(text string, other float64) float64 {
	if v, ok := numeral(text); ok {
		return v
	}
	return other
}
