// Package logline knows the lines that Nagios writes to its log of what happens, such as
//
//	SERVICE ALERT: web1;disk;CRITICAL;HARD;3;DISK CRITICAL - free space: / 12 MB
//
// which broks they are, and what fields Livestatus shows of them (naemon-livestatus, LogEntry.cc). It never reads a time: Nagios'
// "[1767225600] " in front is the business of who writes or reads the file.
package logline

import (
	"strings"
	"time"
	"unicode"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

// Class is what sort of line it is, with Livestatus' numbers.
type Class uint8

// The classes.
const (
	Info Class = iota
	Alert
	Program
	Notification
	Passive
	Command
	State
	Text
)

// Line is one line.
type Line struct {
	Time  monitor.Time
	Class Class
	// Type is what stands before the first colon, SERVICE ALERT for example, and Options what stands behind; a line without a colon
	// is all Type.
	Type, Options string
	// Host and Service are whom it is about; empty if nobody.
	Host, Service string
	// Contact is who is told or who acknowledged, Command the notification command or event handler.
	Contact, Command string
	// StateType is SOFT or HARD; what is told, CRITICAL or CUSTOM (UP), in a notification; STARTED, STOPPED, CANCELLED or DISABLED
	// in an alert about downtime, flapping or an acknowledgement.
	StateType string
	// State and Attempt are 0 where the line has none.
	State, Attempt int
	// Output is what the check said, Comment what people or the engine did.
	Output, Comment string
	// Message is the whole line.
	Message string
	// By says who gave the external command behind the line, as the command's source does: "web anna", "livestatus 192.0.2.7:4021". The
	// line itself does not say it. Empty where no command did it, or nobody knows any more.
	By string
	// Answer is what whoever gave an external command was told, as the brok has it: the line itself may end with words of the command's
	// own. Empty for other lines, and where nobody knows any more.
	Answer string
}

// Person is who gave the command behind the line, if that was somebody who had signed in on the pages; else empty.
func (l *Line) Person() string {
	name, _ := strings.CutPrefix(l.By, "web ")
	if name == l.By {
		return ""
	}
	return name
}

// Of gives the line that a brok is; false for one that is none. What every shard says is a line once.
func Of(b *monitor.Brok) (Line, bool) {
	text, ok := textOf(b)
	if !ok || text == "" {
		return Line{}, false
	}
	l := Parse(oneLine(text))
	l.Time, l.By = b.Time, oneLine(b.By)
	if b.Kind == monitor.BrokCommand {
		l.answered(oneLine(b.Answer))
	}
	if s := b.Status; s != nil && l.Class == Alert && b.Kind == monitor.BrokAlert {
		l.Output = oneLine(s.Output)
	}
	if a := b.Action; a != nil && a.Notice != nil {
		l.Output, l.Comment = oneLine(a.Notice.Output), oneLine(a.Notice.Comment)
	}
	return l, true
}

func textOf(b *monitor.Brok) (string, bool) {
	switch b.Kind {
	case monitor.BrokAlert, monitor.BrokNotification, monitor.BrokEventHandler, monitor.BrokSnapshot:
		return b.Text, true
	case monitor.BrokLog:
		return b.Text, b.Shard == 0 || !strings.HasPrefix(b.Text, "CONTACT ")
	case monitor.BrokCommand:
		return commandText(b)
	case monitor.BrokComment:
		return acknowledged(b.Comment, b.Time)
	case monitor.BrokAck:
		if b.Status == nil || b.Status.Ack != monitor.AckNone {
			return "", false // the comment says who and why
		}
		return kindOf(b.Status.Ref) + " ACKNOWLEDGE ALERT: " + named(b.Status.Ref) + ";CANCELLED", true
	}
	return "", false
}

// commandText leaves out what Nagios does not write: the time of the command and, where every shard had a part in it, that some had
// nothing to do.
func commandText(b *monitor.Brok) (string, bool) {
	const lead = "EXTERNAL COMMAND: "
	text, ok := strings.CutPrefix(b.Text, lead)
	if !ok {
		return "", false
	}
	if _, after, cut := strings.Cut(text, "] "); cut && strings.HasPrefix(text, "[") {
		text = after
	}
	line, _, _ := cutRefusal(text, b.Answer)
	if r, err := command.Parse(line, b.Time); err == nil && r.Scope() == command.ScopeAll {
		return lead + line, b.Shard == 0
	}
	return lead + text, true
}

// acknowledged is the line that Naemon writes for an acknowledgement, and Nagios does not. One that came with its object from another
// shard was told of before.
func acknowledged(c *monitor.Comment, at monitor.Time) (string, bool) {
	if c.Kind != monitor.CommentAck || at.Sub(c.Entered) > time.Second {
		return "", false
	}
	return kindOf(c.Ref) + " ACKNOWLEDGE ALERT: " + named(c.Ref) + ";STARTED;" + c.Author + ";" + c.Text, true
}

// kindOf gives HOST or SERVICE, as lines about an object begin.
func kindOf(r monitor.Ref) string {
	if r.IsHost() {
		return "HOST"
	}
	return "SERVICE"
}

// named gives a host, or a host and a service, as lines have them.
func named(r monitor.Ref) string {
	if r.IsHost() {
		return r.Host
	}
	return r.Host + ";" + r.Service
}

// oneLine keeps a line of the log from being two.
func oneLine(text string) string {
	if strings.IndexFunc(text, unicode.IsControl) < 0 {
		return text
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}
