package logline

import (
	"strconv"
	"strings"

	"github.com/onbu/onbu/monitor/command"
)

// Parse reads a line without its time: the engine's own, or one of Nagios', Naemon's and Shinken's. What it does not know is
// an Info.
func Parse(text string) Line {
	l := Line{Type: text, Message: text}
	kind, rest, ok := strings.Cut(text, ":")
	if !ok {
		l.Class = program(text)
		return l
	}
	l.Type, l.Options = kind, strings.TrimLeft(rest, " ")
	f := fields{l.Options}
	switch kind = strings.TrimPrefix(kind, "GLOBAL "); kind {
	case "EXTERNAL COMMAND":
		l.command()
	case "TIMEPERIOD TRANSITION":
		l.Class = State
	case "LOG VERSION":
		l.Class = Program
	default:
		scope, what, known := split(kind)
		if !known {
			l.Class = program(text)
			return l
		}
		l.about(scope == "SERVICE", what, &f)
	}
	return l
}

// split parts HOST or SERVICE from what the line says of it: the word stands first, or in the middle.
func split(kind string) (scope, what string, ok bool) {
	for _, scope := range [...]string{"HOST", "SERVICE"} {
		if before, after, found := strings.Cut(" "+kind+" ", " "+scope+" "); found {
			return scope, strings.TrimSpace(before + " " + after), true
		}
	}
	return "", "", false
}

// about reads a line about a host or service.
func (l *Line) about(service bool, what string, f *fields) {
	if what == "NOTIFICATION" {
		l.Contact = f.next()
	}
	read := func() {
		l.Host = f.next()
		if service {
			l.Service = f.next()
		}
	}
	switch what {
	case "ALERT", "CURRENT STATE", "INITIAL STATE":
		l.Class = State
		if what == "ALERT" {
			l.Class = Alert
		}
		read()
		l.state(f, service)
		l.Output = f.rest
	case "EVENT HANDLER", "SNAPSHOT":
		read()
		l.state(f, service)
		l.Command = f.rest
	case "DOWNTIME ALERT", "FLAPPING ALERT":
		l.Class = Alert
		read()
		l.StateType, l.Comment = f.next(), strings.TrimSpace(f.rest)
	case "ACKNOWLEDGE ALERT":
		l.Class = Alert
		read()
		l.StateType, l.Contact, l.Comment = f.next(), f.next(), f.rest
	case "NOTIFICATION":
		l.Class = Notification
		read()
		l.told(f, service)
	case "PASSIVE CHECK":
		l.Class = Passive
		read()
		l.State, l.Output = number(f.next()), f.rest
	case "NOTE", "INFO", "NOTIFICATION SUPPRESSED":
		read()
		l.Comment = f.rest
	}
}

// state reads STATE;TYPE;ATTEMPT.
func (l *Line) state(f *fields, service bool) {
	l.State, _ = StateOf(f.next(), service)
	l.StateType, l.Attempt = f.next(), number(f.next())
}

// told reads STATE;COMMAND;OUTPUT[;AUTHOR;COMMENT]. Old Nagios writes the command before what is told if that is no state.
func (l *Line) told(f *fields, service bool) {
	l.StateType, l.Command = f.next(), f.next()
	state, ok := StateOf(l.StateType, service)
	if !ok {
		if other, swapped := StateOf(l.Command, service); swapped {
			l.StateType, l.Command, state = l.Command, l.StateType, other
		}
	}
	l.State, l.Output = state, f.next()
	f.next()
	l.Comment = f.rest
}

// command finds out whom an external command is about.
func (l *Line) command() {
	l.Class = Command
	line, _, _ := l.Refusal()
	if r, err := command.Parse(line, 1); err == nil {
		l.Host, l.Service = r.Ref.Host, r.Ref.Service
	}
}

// StateOf gives the number of a state: CRITICAL, or what stands in brackets as in CUSTOM (CRITICAL). A recovery is 0.
func StateOf(word string, service bool) (state int, ok bool) {
	if _, inner, found := strings.Cut(word, "("); found {
		word = strings.TrimSuffix(inner, ")")
	}
	if word == "RECOVERY" {
		return 0, true
	}
	names := []string{"UP", "DOWN", "UNREACHABLE"}
	if service {
		names = []string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}
	}
	for n, name := range names {
		if name == word {
			return n, true
		}
	}
	return 0, false
}

// program says whether a line is about the life of the program itself.
func program(text string) Class {
	for _, words := range [...]string{"starting...", "shutting down...", "restarting...", "standby mode...", "active mode...", "Bailing out", "logging initial states"} {
		if strings.Contains(text, words) {
			return Program
		}
	}
	return Info
}

// fields are what semicolons part.
type fields struct{ rest string }

func (f *fields) next() string {
	var field string
	field, f.rest, _ = strings.Cut(f.rest, ";")
	return field
}

// number reads a number as atoi does: what is none is 0.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}
