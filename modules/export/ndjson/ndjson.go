// Package ndjson knows how broks become lines of JSON in a file that is rotated, or on standard output: one object a
// line, with "time" and "kind" first.
package ndjson

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// Options says where to write.
type Options struct {
	// Path of the file; "-" is standard output.
	Path string
	// MaxBytes is the size at which the file is rotated; 0 for 64 MiB. Keep is how many old ones stay; 0 for 5.
	MaxBytes int64
	Keep     int
}

// Module writes broks. It is an Exporter: one call at a time.
type Module struct {
	o    Options
	file *os.File
	size int64
	buf  bytes.Buffer
}

// New builds a module; the file is opened at the first Export.
func New(o Options) *Module {
	if o.MaxBytes == 0 {
		o.MaxBytes = 64 << 20
	}
	if o.Keep == 0 {
		o.Keep = 5
	}
	return &Module{o: o}
}

// Name implements modules.Exporter.
func (m *Module) Name() string { return "ndjson" }

// Wants implements modules.Exporter.
func (m *Module) Wants() modules.Wants { return modules.Wants{Events: true, Past: true} }

// Export implements modules.Exporter: after it returns nil the lines are with the operating system.
func (m *Module) Export(_ context.Context, broks []monitor.Brok) error {
	m.buf.Reset()
	enc := json.NewEncoder(&m.buf)
	enc.SetEscapeHTML(false)
	for i := range broks {
		line, ok := lineOf(&broks[i])
		if !ok {
			continue
		}
		if err := enc.Encode(line); err != nil {
			return fmt.Errorf("brok %d: %w", i, err)
		}
	}
	w, err := m.open()
	if err != nil {
		return err
	}
	n, err := w.Write(m.buf.Bytes())
	m.size += int64(n)
	if err != nil {
		return fmt.Errorf("event log %s: %w; is the disk full?", m.o.Path, err)
	}
	return nil
}

// Close implements modules.Closer.
func (m *Module) Close() error {
	if m.file == nil {
		return nil
	}
	err := m.file.Close()
	m.file = nil
	return err
}

// open gives where to write, after rotating a file that is full.
func (m *Module) open() (io.Writer, error) {
	if m.o.Path == "-" {
		return os.Stdout, nil
	}
	if m.file != nil && m.size < m.o.MaxBytes {
		return m.file, nil
	}
	if m.file != nil {
		if err := errors.Join(m.Close(), m.rotate()); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenFile(m.o.Path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, fmt.Errorf("event log: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("event log %s: %w", m.o.Path, err)
	}
	m.file, m.size = f, info.Size()
	return f, nil
}

// rotate moves PATH.1 to PATH.2 and so on, and PATH to PATH.1.
func (m *Module) rotate() error {
	for i := m.o.Keep - 1; i >= 1; i-- {
		err := os.Rename(fmt.Sprintf("%s.%d", m.o.Path, i), fmt.Sprintf("%s.%d", m.o.Path, i+1))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("rotating the event log: %w", err)
		}
	}
	if err := os.Rename(m.o.Path, m.o.Path+".1"); err != nil {
		return fmt.Errorf("rotating the event log: %w", err)
	}
	return nil
}

// line is one line of the log.
type line struct {
	Time      string  `json:"time"`
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
	Start     float64 `json:"start,omitempty"`
	End       float64 `json:"end,omitempty"`
	Text      string  `json:"text,omitempty"`
}

// lineOf gives the line for a brok; false for one that people do not read, such as a mere new next_check.
func lineOf(b *monitor.Brok) (line, bool) {
	kind, ok := kindName(b.Kind)
	if (b.Kind == monitor.BrokProgram || b.Kind == monitor.BrokContact) && b.Shard != 0 {
		ok = false // every shard says so; once is enough
	}
	l := line{Time: b.Time.Std().UTC().Format(time.RFC3339Nano), Kind: kind, Type: b.NotificationType, Text: b.Text}
	if s := b.Status; s != nil {
		l.Host, l.Service, l.State, l.StateType = s.Host, s.Service, s.StateName(), s.Type.String()
		l.Attempt, l.Output, l.Perfdata = s.Attempt, s.Output, s.Perfdata
	}
	if c := b.Check; c != nil {
		l.Host, l.Service, l.State, l.StateType = c.Host, c.Service, c.StateName(), c.Type.String()
		l.Attempt, l.Output, l.Perfdata = c.Attempt, c.Output, c.Perfdata
	}
	if b.Attempt > 0 {
		l.StateType, l.Attempt = b.Type.String(), b.Attempt
	}
	if a := b.Action; a != nil {
		l.Host, l.Service, l.Contact, l.Command, l.ID = a.Host, a.Service, a.Contact, a.Command, a.ID
	}
	if d := b.Downtime; d != nil {
		l.Host, l.Service, l.Author, l.Comment = d.Ref.Host, d.Ref.Service, d.Author, d.Comment
		l.Start, l.End = d.Start.Unix(), d.End.Unix()
	}
	if c := b.Comment; c != nil {
		l.Host, l.Service, l.Author, l.Comment = c.Ref.Host, c.Ref.Service, c.Author, c.Text
	}
	if c := b.Contact; c != nil {
		l.Contact = c.Name
	}
	return l, ok
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
