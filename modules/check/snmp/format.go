package snmp

import (
	"strings"

	"github.com/onbu/onbu/monitor"
)

// print appends the object to the output and, if the value begins with a number, to the performance data.
func (e *evaluation) print(r *reading, i int) {
	if i == 0 {
		e.out = append(e.out, ' ')
	} else {
		e.out = append(e.out, e.outDelimiter...)
	}
	if i < len(e.labels) {
		e.out = append(append(e.out, e.labels[i]...), ' ')
	}
	mark := ""
	if r.state != monitor.OK {
		mark = "*"
	}
	e.out = append(append(append(e.out, mark...), r.show...), mark...)
	if i < len(e.units) {
		e.out = append(append(e.out, ' '), e.units[i]...)
	}
	if _, n := leadingFloat(r.show); n > 0 {
		e.printPerf(r, i, r.show[:n])
	}
}

func (e *evaluation) printPerf(r *reading, i int, value string) {
	name := r.name
	if !e.perfOIDs && i < len(e.labels) {
		name = e.labels[i]
	}
	quote := ""
	if strings.ContainsAny(name, ` ='"`) {
		quote = "'"
		if strings.Contains(name, "'") {
			quote = `"`
		}
	}
	e.perf = append(append(append(e.perf, quote...), name...), quote...)
	e.perf = append(append(append(e.perf, '='), value...), r.kind...)
	t := &e.thresholds[i]
	if e.warnGiven {
		e.perf = append(append(e.perf, ';'), t.warnText...)
	}
	if e.critGiven {
		if !e.warnGiven {
			e.perf = append(e.perf, ';')
		}
		e.perf = append(append(e.perf, ';'), t.critText...)
	}
	e.perf = append(e.perf, ' ')
}

// worst gives the worse of two states as max_state of the plugins does, where UNKNOWN is better than OK.
func worst(a, b monitor.State) monitor.State {
	for _, s := range [...]monitor.State{monitor.Critical, monitor.Warning, monitor.OK, monitor.Unknown} {
		if a == s || b == s {
			return s
		}
	}
	return dependent
}

func stateText(s monitor.State) string {
	if s == dependent {
		return "DEPENDENT"
	}
	return s.ServiceName()
}
