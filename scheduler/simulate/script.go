package simulate

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/monitor/nearest"
)

// Script is what happens in a simulation. Parse and WhatIf make one.
type Script struct {
	start, until monitor.Time
	zone         *time.Location
	events       []event // in order of time
}

// Start gives when the script begins, in the zone that it was read in.
func (s *Script) Start() time.Time { return s.start.Std().In(s.zone) }

// End gives when it ends.
func (s *Script) End() time.Time { return s.until.Std().In(s.zone) }

// Problem is a mistake in a script.
type Problem struct {
	Line int // from 1
	Text string
}

// Frame is what a script is read against.
type Frame struct {
	Inventory *monitor.Inventory
	// Zone is where its clock times belong; nil for the machine's own.
	Zone *time.Location
	// Start is when it begins, whatever the script says; the zero Time for what the script says, or else DefaultStart.
	Start time.Time
	// Lasts is how long it goes on, whatever the script says; 0 for what the script says, or else an hour longer than
	// anything happens in it.
	Lasts time.Duration
}

// DefaultStart is when scripts begin that say nothing of it: midnight before a Monday, far from any change of the clock.
func DefaultStart(zone *time.Location) time.Time {
	return time.Date(2026, time.January, 5, 0, 0, 0, 0, zone)
}

// afterwards is how long a script goes on after the last that happens in it.
const afterwards = time.Hour

// event is something that happens to the world or to the engine.
type event struct {
	at   monitor.Time
	line int // of the script; for those that end something, the line of what they end
	do   deed
	id   monitor.ID
	// down is for hosts; outcome for what answers checks and is handed in; request for commands.
	down    bool
	outcome *monitor.Outcome
	request command.Request
	// text is what the report calls it.
	text string
}

// deed is what an event does.
type deed uint8

const (
	taking  deed = iota // take a host down or bring it up
	saying              // have an object's checks answer so
	telling             // the same, with a result right now
	passing             // hand in a passive result
	obeying             // give an external command
	ending              // put an end to what a line before has begun
)

// reader reads a script.
type reader struct {
	Frame
	script   *Script
	names    *names
	line     int
	problems []Problem
	ended    bool // an "until" was read
	last     monitor.Time
}

// Parse reads a script. Of one with mistakes it gives all of them, in the order of their lines, and no script.
func Parse(text string, f Frame) (*Script, []Problem) {
	f.Zone = cmp.Or(f.Zone, time.Local)
	r := &reader{Frame: f, script: &Script{zone: f.Zone}, names: newNames(f.Inventory)}
	lines := strings.Split(text, "\n")
	r.findStart(lines)
	for i, line := range lines {
		r.line = i + 1
		if err := r.read(line); err != nil {
			r.problems = append(r.problems, Problem{r.line, err.Error()})
		}
	}
	r.checkEnd()
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
		return nil, r.problems
	}
	r.close()
	return r.script, nil
}

// findStart looks for the line that says when the script begins: times of day in any line count from there.
func (r *reader) findStart(lines []string) {
	start, found := r.Start, !r.Start.IsZero()
	for i, line := range lines {
		w := &words{text: line}
		if first, _, _ := w.next(); first != "start" {
			continue
		}
		t, err := ParseStart(strings.TrimSpace(w.rest()), r.Zone)
		switch {
		case err != nil:
			r.problems = append(r.problems, Problem{i + 1, err.Error()})
		case !found:
			start, found = t, true
		}
	}
	if !found {
		start = DefaultStart(r.Zone)
	}
	r.script.start = monitor.At(start)
	r.last = r.script.start
}

// checkEnd finds what would never happen because the script ends before. That another end was asked for is no mistake of the
// script.
func (r *reader) checkEnd() {
	s := r.script
	if !r.ended || r.Lasts > 0 {
		return
	}
	for _, e := range s.events {
		if e.do != ending && e.at > s.until {
			r.problems = append(r.problems, Problem{e.line, "this never happens: the script ends before, at its line until"})
		}
	}
}

// close puts the events into order and gives the script its end.
func (r *reader) close() {
	s := r.script
	slices.SortStableFunc(s.events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	switch {
	case r.Lasts > 0:
		s.until = s.start.Add(r.Lasts)
	case !r.ended:
		s.until = r.last.Add(afterwards)
	}
	s.events = slices.DeleteFunc(s.events, func(e event) bool { return e.at > s.until })
}

// read reads one line.
func (r *reader) read(line string) error {
	w := &words{text: strings.TrimRight(line, "\r")}
	first, ok, err := w.next()
	switch {
	case err != nil || !ok:
		return err
	case first == "start":
		return nil // read before all others
	case first == "until":
		return r.readUntil(w)
	case first == "at":
		return r.readEvent(w)
	}
	hint := ""
	if _, is := verbs[first]; is {
		hint = fmt.Sprintf(`; write "at TIME %s …"`, first)
	} else if near := nearest.Of(first, slices.Values([]string{"at", "start", "until"})); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return fmt.Errorf("%q: a line begins with at, start, until or #%s", first, hint)
}

func (r *reader) readUntil(w *words) error {
	t, err := r.moment(w)
	if err != nil {
		return err
	}
	if err := w.end(); err != nil {
		return err
	}
	if r.ended {
		return errors.New("the script has two ends")
	}
	r.ended, r.script.until = true, t
	return nil
}

// readEvent reads what follows "at".
func (r *reader) readEvent(w *words) error {
	t, err := r.moment(w)
	if err != nil {
		return err
	}
	name, _, err := w.next()
	if err != nil {
		return err
	}
	v, ok := verbs[name]
	if !ok {
		return unknownVerb(name)
	}
	e := event{at: t, line: r.line, text: strings.TrimSpace(name + w.text)}
	lasts, err := v.read(r, w, &e)
	switch _, enough := errors.AsType[unfit](err); {
	case enough:
		return err
	case err != nil:
		return fmt.Errorf("%w (expected: at TIME %s %s)", err, name, v.usage)
	}
	r.script.events = append(r.script.events, e)
	r.last = max(r.last, t)
	if lasts > 0 {
		end := event{at: t.Add(lasts), line: r.line, do: ending, id: e.id}
		r.script.events = append(r.script.events, end)
		r.last = max(r.last, end.at)
	}
	return nil
}

func unknownVerb(name string) error {
	if name == "" {
		return errors.New("nothing is said to happen then")
	}
	all := slices.Sorted(maps.Keys(verbs))
	if near := nearest.Of(name, slices.Values(all)); near != "" {
		return fmt.Errorf("nothing is called %q; did you mean %q?", name, near)
	}
	return fmt.Errorf("nothing is called %q; there are %s", name, strings.Join(all, ", "))
}

// WhatIf makes the script in which one host dies for good, or one service goes CRITICAL, right after everything was seen
// to be fine. what is HOST or HOST/SERVICE.
func WhatIf(what string, f Frame) (*Script, error) {
	id, err := newNames(f.Inventory).object(what)
	if err != nil {
		return nil, err
	}
	return Outage{Ref: f.Inventory.Ref(id)}.Script(f)
}

// WhatIfLasts is how far WhatIf looks unless it is told otherwise: long enough for most escalations.
const WhatIfLasts = 4 * time.Hour
