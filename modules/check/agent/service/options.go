package service

import (
	"fmt"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// Levels gives those of -w and -c, or the others if there are none. What cannot be read makes the service UNKNOWN.
func (in *Input) Levels(r *Report, others Levels) Levels {
	l, err := ParseLevels(in.Warn, in.Crit)
	if err != nil {
		r.Say(monitor.Unknown, err.Error())
		return others
	}
	return l.Or(others)
}

// Pair gives the levels that -o NAME=WARN,CRIT writes, each as -w and -c take it and any of them empty, or the others if the
// option is not there. What cannot be read makes the service UNKNOWN.
func (in *Input) Pair(r *Report, name string, others Levels) Levels {
	text, ok := in.Options[name]
	if !ok {
		return others
	}
	warn, crit, _ := strings.Cut(text, ",")
	l, err := ParseLevels(warn, crit)
	if err != nil {
		r.Say(monitor.Unknown, fmt.Sprintf("-o %s=%s: %v", name, text, err))
		return others
	}
	return l
}

// StateOf gives the state that -o NAME=STATE names, in words or as a number, or the other one if the option is not there.
func (in *Input) StateOf(r *Report, name string, other monitor.State) monitor.State {
	text, ok := in.Options[name]
	if !ok {
		return other
	}
	switch strings.ToLower(text) {
	case "0", "ok":
		return monitor.OK
	case "1", "warning", "warn":
		return monitor.Warning
	case "2", "critical", "crit":
		return monitor.Critical
	case "3", "unknown":
		return monitor.Unknown
	}
	r.Say(monitor.Unknown, fmt.Sprintf("-o %s=%s: a state is ok, warning, critical or unknown", name, text))
	return other
}

// at gives when the values of a part were read, as well as that is known: rates are reckoned with it.
func (in *Input) at(p *section.Part) time.Time {
	switch {
	case !p.At.IsZero():
		return p.At
	case !p.Fetched.IsZero():
		return p.Fetched
	}
	return in.Now
}
