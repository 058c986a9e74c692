package service

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// logwatchKind is the new lines of a log that the agent's rules call warnings or critical.
func logwatchKind() Kind {
	return Kind{
		Name:     "logwatch",
		Sections: []string{"logwatch"},
		Discover: func(in *Input) []Found {
			var found []Found
			for _, l := range logsOf(in.first("logwatch")) {
				if l.trouble == "" {
					found = append(found, Found{Item: l.name, Description: "Log " + l.name})
				}
			}
			return found
		},
		Check: checkLogwatch,
		Takes: map[string]string{
			"keep":    "for how long lines count after they came (1h)",
			"missing": "STATE when the file is missing or cannot be read (unknown)",
		},
	}
}

// logFile is what one output says of a log.
type logFile struct {
	name, trouble  string
	lines          []string // the letters C, W, O, I and . in front
	critical, warn int
}

// logsOf reads [[[FILE]]] and the lines behind it. A batch that is there twice counts once: agents send a batch again to be sure
// that every server gets it.
func logsOf(s *section.Section) []*logFile {
	var all named[logFile]
	var current *logFile
	seen, skip := map[string]bool{}, false
	for i := range s.Parts {
		current, skip = nil, false
		for _, line := range s.Parts[i].Lines {
			if inner, ok := strings.CutPrefix(line, "[[["); ok && strings.HasSuffix(inner, "]]]") {
				current, skip = logHeader(strings.TrimSuffix(inner, "]]]"), &all), false
				continue
			}
			if current == nil {
				continue
			}
			if id, ok := strings.CutPrefix(line, "BATCH: "); ok {
				key := current.name + "\x00" + id
				skip = seen[key]
				seen[key] = true
				continue
			}
			if !skip {
				current.add(line)
			}
		}
	}
	return all.all
}

// logHeader finds the log of a header, or adds it.
func logHeader(text string, all *named[logFile]) *logFile {
	name, trouble := text, ""
	for _, suffix := range []string{"missing", "cannotopen"} {
		if before, ok := strings.CutSuffix(text, ":"+suffix); ok {
			name, trouble = before, suffix
		}
	}
	l, fresh := all.get(name)
	if fresh {
		l.name, l.trouble = name, trouble
	}
	return l
}

func (l *logFile) add(line string) {
	if len(line) == 1 {
		line += " "
	}
	if line[1] != ' ' {
		return
	}
	switch line[0] {
	case 'C':
		l.critical++
	case 'W':
		l.warn++
	}
	l.lines = append(l.lines, line)
}

// state is what a line is in by its letter.
func logState(line string) monitor.State {
	switch line[0] {
	case 'C':
		return monitor.Critical
	case 'W':
		return monitor.Warning
	}
	return monitor.OK
}

func checkLogwatch(in *Input, r *Report) {
	l, ok := pick(in, r, "log", logsOf(in.first("logwatch")), func(l *logFile) string { return l.name })
	if !ok {
		return
	}
	levels, gone, keep := in.Levels(r, None()), in.StateOf(r, "missing", monitor.Unknown), in.keep(r)
	switch l.trouble {
	case "missing":
		r.Say(gone, "the log is missing on the host")
		return
	case "cannotopen":
		r.Say(gone, "the agent cannot read the log")
		return
	}
	count := l.critical + l.warn
	r.Metric(Measured("critical", float64(l.critical), "").Within(0, math.NaN()))
	r.Metric(Measured("warnings", float64(l.warn), "").Within(0, math.NaN()))
	if count == 0 {
		if !l.before(in, r, keep, monitor.OK) {
			r.OK("no new messages that matter")
		}
		return
	}
	state := levels.State(float64(count))
	if levels.Empty() {
		if state = monitor.Warning; l.critical > 0 {
			state = monitor.Critical
		}
	}
	worst := l.worst()
	in.Counters.Note(l.noted(in, state), in.Now)
	r.Say(state, strconv.Itoa(l.critical)+" critical and "+strconv.Itoa(l.warn)+" warning messages, the last one: "+cutText(worst, 300))
	l.before(in, r, keep, state)
	l.details(r)
}

// noted is the name under which it is noted when the log was in a state by the levels of a service.
func (l *logFile) noted(in *Input, state monitor.State) string {
	return "logwatch." + strconv.Itoa(int(state)) + "." + in.Warn + "/" + in.Crit + "." + l.name
}

// before says what came before, if it was worse than what is now. An agent says each line once: a check that has to fail several
// times before anybody hears of it must go on to fail.
func (l *logFile) before(in *Input, r *Report, keep time.Duration, now monitor.State) bool {
	for _, state := range []monitor.State{monitor.Critical, monitor.Warning} {
		at := in.Counters.Noted(l.noted(in, state))
		if passed := in.Now.Sub(at); worse(state, now) != now && !at.IsZero() && passed < keep {
			r.Say(state, logWord(state)+" messages came "+showSpan(max(passed, 0).Seconds())+" ago")
			return true
		}
	}
	return false
}

func logWord(state monitor.State) string {
	if state == monitor.Critical {
		return "critical"
	}
	return "warning"
}

// keep reads the option of that name.
func (in *Input) keep(r *Report) time.Duration {
	text, ok := in.Options["keep"]
	if !ok {
		return time.Hour
	}
	seconds, _, err := parseValue(text)
	if err != nil || seconds < 0 || seconds > 1e9 {
		r.Say(monitor.Unknown, "-o keep="+text+": it is a time, such as 30m or 2h")
		return time.Hour
	}
	return time.Duration(seconds * float64(time.Second))
}

// worst gives the last of the worst lines, without its letter.
func (l *logFile) worst() string {
	worst, text := monitor.OK, ""
	for _, line := range l.lines {
		if s := logState(line); s >= worst {
			worst, text = s, line[2:]
		}
	}
	return text
}

// details shows the newest lines that there is room for, in their order.
func (l *logFile) details(r *Report) {
	from, room := len(l.lines), mostDetails/2
	for from > 0 && room > len(l.lines[from-1]) {
		from--
		room -= len(l.lines[from]) + 10
	}
	if from > 0 {
		r.Detail(strconv.Itoa(from) + " earlier lines are left out")
	}
	for _, line := range l.lines[from:] {
		r.Detail(line[2:] + mark(logState(line)))
	}
}
