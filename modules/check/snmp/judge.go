package snmp

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin"
)

// judge gives the verdict on what was printed, and keeps the values if the next check needs them. The outcome may lie in
// r's memory.
func (r *run) judge() (monitor.Outcome, error) {
	v := r.verdict(time.Now())
	if plain(v.text) {
		return monitor.Outcome{State: v.state, Output: strings.TrimSpace(view(v.text)), Perfdata: view(v.perf)}, nil
	}
	return probe.Result(v.state, v.text, v.perf), nil
}

// plain says whether a text is one line that reading any plugin's output would leave as it is, so that it need not be read.
func plain(text []byte) bool {
	text = bytes.TrimSuffix(text, []byte{'\n'})
	for _, c := range text {
		if c < ' ' || c > '~' || c == '|' || c == ';' {
			return false
		}
	}
	return len(text) > 0 && len(text) < plugin.DefaultLimit
}

func (r *run) verdict(now time.Time) *verdict {
	c, printed := r.check, &r.printed
	if len(printed.errors) > 0 {
		return say(monitor.Unknown, "External command error: %s\n", strings.Join(printed.errors, "\n"))
	}
	if len(printed.lines) == 0 {
		return say(monitor.Unknown, "External command error with no output (return code: %d)\n", 0)
	}
	e := &r.evaluate
	e.again(c.command, now)
	e.lines = appendLines(e.lines, printed.lines)
	if c.rate {
		e.previous, _ = c.module.rates.Get(*c.key)
	}
	v := e.judge()
	if c.rate && e.complete {
		c.module.rates.Put(*c.key, &sample{now.Unix(), slices.Clone(e.values)})
	}
	return v
}

// appendLines appends the lines of what was printed, which they lie in.
func appendLines(list []string, printed []byte) []string {
	for line := range strings.SplitSeq(strings.TrimSuffix(view(printed), "\n"), "\n") {
		list = append(list, line)
	}
	return list
}
