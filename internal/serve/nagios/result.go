// Package nagios knows how results and external commands in Nagios' own words reach a sink.
package nagios

import (
	"strconv"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin"
)

// Result makes a result of what a sender said; text is a plugin's output in which "\n" and "\\" stand for line feeds and
// backslashes.
func Result(of monitor.Ref, state monitor.State, text string) monitor.Submission {
	s := monitor.Submission{Ref: of}
	s.State = state
	s.Output, s.LongOutput, s.Perfdata = plugin.Output([]byte(plugin.Unescape(text)), 0)
	return s
}

// State reads a state: a number, or a name. What is neither, or out of bounds, is a state that shows that something is wrong:
// UNKNOWN for a service, DOWN for a host.
func State(text string, host bool) monitor.State {
	text = strings.TrimSpace(text)
	if n, err := strconv.Atoi(text); err == nil {
		return Code(n, host)
	}
	names := []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}
	if host {
		names = []string{"UP", "DOWN", "UNREACHABLE"}
	}
	for i, name := range names {
		if strings.EqualFold(name, text) {
			return monitor.State(i)
		}
	}
	return Code(-1, host)
}

// Code is State for a number.
func Code(n int, host bool) monitor.State {
	switch {
	case host && (n < 0 || n > int(monitor.Unreachable)):
		return monitor.Down
	case n < 0 || n > int(monitor.Unknown):
		return monitor.Unknown
	}
	return monitor.State(n)
}
