package syslog

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/onbu/onbu/monitor/logline"
)

// facilities and severities are at their numbers.
var (
	facilities = []string{
		"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock",
		"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
	}
	severities = []string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}
)

// The states that a message may have, as indexes into form.severity.
const (
	fine = iota
	warning
	critical
	unknown
	other
)

var severitySettings = [...]struct{ setting, otherwise string }{
	fine: {"severity_ok", "notice"}, warning: {"severity_warning", "warning"}, critical: {"severity_critical", "crit"},
	unknown: {"severity_unknown", "err"}, other: {"severity_other", "info"},
}

// form is how messages are written.
type form struct {
	old       bool // RFC 3164
	local     bool // for the socket of this machine, which wants no name of a host
	facility  int
	severity  [len(severitySettings)]int
	host, app string
	pid       string
	most      int // bytes of a message
}

// message gives the message of a line; whole is false if it had to be cut.
func (f *form) message(l *logline.Line) (text []byte, whole bool) {
	priority, at := f.facility*8+f.severity[stateOf(l)], l.Time.Std()
	switch {
	case f.local && f.old:
		text = fmt.Appendf(nil, "<%d>%s %s[%s]: ", priority, at.Format(time.Stamp), f.app, f.pid)
	case f.old:
		text = fmt.Appendf(nil, "<%d>%s %s %s[%s]: ", priority, at.Format(time.Stamp), f.host, f.app, f.pid)
	default: // without structured data, and without the mark that UTF-8 follows: servers store it in front of every line
		text = fmt.Appendf(nil, "<%d>1 %s %s %s %s %s - ", priority, at.Format("2006-01-02T15:04:05.000000Z07:00"), f.host, f.app, f.pid, msgID(l))
	}
	text = append(text, strings.ToValidUTF8(l.Message, "\ufffd")...)
	if len(text) <= f.most {
		return text, true
	}
	end := f.most
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end], false
}

// stateOf gives how bad what a line tells of is.
func stateOf(l *logline.Line) int {
	switch l.Class {
	case logline.Alert, logline.Notification:
	default:
		return other
	}
	if strings.HasSuffix(l.Type, " ALERT") && l.Type != "HOST ALERT" && l.Type != "SERVICE ALERT" {
		return fine // downtime, flapping, acknowledgement: they tell of no state
	}
	switch {
	case l.State == 0:
		return fine
	case l.Service == "" && l.State == 1, l.Service != "" && l.State == 2:
		return critical
	case l.Service != "" && l.State == 1:
		return warning
	}
	return unknown // a host that is out of reach too
}

// msgID gives the kind of a line as RFC 5424 wants it: SERVICE-ALERT.
func msgID(l *logline.Line) string {
	if l.Class == logline.Info && l.Host == "" {
		return "-"
	}
	return header(strings.ReplaceAll(l.Type, " ", "-"), 32)
}

// header makes a field of a header: printable ASCII without blanks, of bounded length, and "-" for nothing.
func header(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '-'
		}
		return r
	}, text)
	if len(text) > most {
		text = text[:most]
	}
	if text == "" {
		return "-"
	}
	return text
}
