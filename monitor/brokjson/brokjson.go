// Package brokjson knows how broks are written as JSON for others: an object each, with "time" and "kind" first. The form is
// described in docs/brokers.md; what is in it keeps its name and meaning as long as "v" stays the same, and more may come.
package brokjson

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/logline"
)

// Version is that of the form.
const Version = 1

// Event is a brok as others see it.
type Event struct {
	Time      string  `json:"time"` // RFC 3339, UTC
	Kind      string  `json:"kind"`
	Host      string  `json:"host,omitempty"`
	Service   string  `json:"service,omitempty"`
	State     string  `json:"state,omitempty"`
	StateType string  `json:"state_type,omitempty"`
	Attempt   uint16  `json:"attempt,omitempty"`
	Output    string  `json:"output,omitempty"`
	Perfdata  string  `json:"perfdata,omitempty"`
	Type      string  `json:"type,omitempty"`
	Contact   string  `json:"contact,omitempty"`
	Command   string  `json:"command,omitempty"`
	ID        string  `json:"id,omitempty"`
	Author    string  `json:"author,omitempty"`
	Comment   string  `json:"comment,omitempty"`
	Start     float64 `json:"start,omitempty"` // Unix seconds, as all that follow
	End       float64 `json:"end,omitempty"`
	Text      string  `json:"text,omitempty"`
	By        string  `json:"by,omitempty"`     // who gave the external command that made it so
	Answer    string  `json:"answer,omitempty"` // what that was told of it
	// What follows only checks have.
	LongOutput string  `json:"long_output,omitempty"`
	Started    float64 `json:"started,omitempty"`
	Latency    float64 `json:"latency,omitempty"`
	Execution  float64 `json:"execution,omitempty"`
	Passive    bool    `json:"passive,omitempty"`
	Module     string  `json:"module,omitempty"`
	Poller     string  `json:"poller,omitempty"`
	NoPerfdata bool    `json:"no_perfdata,omitempty"` // process_perf_data 0
	Version    int     `json:"v"`
}

// Append appends the JSON of an event to dst, without a line break.
func Append(dst []byte, e *Event) ([]byte, error) {
	b := bytes.NewBuffer(dst)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return dst, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Of gives the event that a brok is; false for one that is nobody else's business, such as a mere new next_check.
func Of(b *monitor.Brok) (Event, bool) {
	kind, ok := kindName(b.Kind)
	if (b.Kind == monitor.BrokProgram || b.Kind == monitor.BrokContact) && b.Shard != 0 {
		ok = false // every shard says so; once is enough
	}
	e := Event{Time: b.Time.Std().UTC().Format(time.RFC3339Nano), Kind: kind, Type: b.NotificationType, Text: b.Text, By: b.By, Answer: b.Answer, Version: Version}
	if s := b.Status; s != nil {
		e.Host, e.Service, e.State, e.StateType = s.Host, s.Service, s.StateName(), s.Type.String()
		e.Attempt, e.Output, e.Perfdata = s.Attempt, s.Output, s.Perfdata
	}
	if c := b.Check; c != nil {
		e.Host, e.Service, e.State, e.StateType = c.Host, c.Service, c.StateName(), c.Type.String()
		e.Attempt, e.Output, e.Perfdata = c.Attempt, c.Output, c.Perfdata
		e.LongOutput, e.Started, e.Latency, e.Execution = c.LongOutput, c.Started.Unix(), c.Latency.Seconds(), c.Execution.Seconds()
		e.Passive, e.Module, e.Poller, e.NoPerfdata = c.CheckType == monitor.Passive, c.Module, c.Poller, c.NoPerfdata
	}
	if b.Kind == monitor.BrokLog {
		l := logline.Parse(b.Text)
		e.Host, e.Service = l.Host, l.Service
	}
	if b.Attempt > 0 {
		e.StateType, e.Attempt = b.Type.String(), b.Attempt
	}
	if a := b.Action; a != nil {
		e.Host, e.Service, e.Contact, e.Command, e.ID = a.Host, a.Service, a.Contact, a.Command, a.ID
	}
	if d := b.Downtime; d != nil {
		e.Host, e.Service, e.Author, e.Comment = d.Ref.Host, d.Ref.Service, d.Author, d.Comment
		e.Start, e.End = d.Start.Unix(), d.End.Unix()
	}
	if c := b.Comment; c != nil {
		e.Host, e.Service, e.Author, e.Comment = c.Ref.Host, c.Ref.Service, c.Author, c.Text
	}
	if c := b.Contact; c != nil {
		e.Contact = c.Name
	}
	return e, ok
}

// PassiveLine says whether a brok is Nagios' line about a passive result, which is a check besides.
func PassiveLine(b *monitor.Brok) bool {
	return b.Kind == monitor.BrokLog && (strings.HasPrefix(b.Text, "PASSIVE SERVICE CHECK: ") || strings.HasPrefix(b.Text, "PASSIVE HOST CHECK: "))
}

func kindName(k monitor.BrokKind) (string, bool) {
	switch k {
	case monitor.BrokCheck:
		return "check", true
	case monitor.BrokAlert:
		return "alert", true
	case monitor.BrokNotification:
		return "notification", true
	case monitor.BrokEventHandler:
		return "event_handler", true
	case monitor.BrokSnapshot:
		return "snapshot", true
	case monitor.BrokAck:
		return "acknowledgement", true
	case monitor.BrokDowntime:
		return "downtime", true
	case monitor.BrokDowntimeGone:
		return "downtime_end", true
	case monitor.BrokComment:
		return "comment", true
	case monitor.BrokCommentGone:
		return "comment_end", true
	case monitor.BrokProgram:
		return "program", true
	case monitor.BrokCommand:
		return "command", true
	case monitor.BrokLog:
		return "log", true
	case monitor.BrokContact:
		return "contact", true
	case monitor.BrokActionDone:
		return "action_done", true
	}
	return "", false
}
