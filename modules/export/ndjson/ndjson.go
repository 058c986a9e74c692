// Package ndjson knows how broks become lines of JSON in a file that is rotated, or on standard output: one object a
// line, with "time" and "kind" first.
package ndjson

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/brokjson"
)

// Options says where to write.
type Options struct {
	// Path of the file; "-" is standard output.
	Path string
	// MaxBytes is the size at which the file is rotated; 0 for 64 MiB. Keep is how many old ones stay; 0 for 5.
	MaxBytes int64
	Keep     int
	// Name is the module's; empty for ndjson. Checks says that checks are wanted too, NoEvents that nothing else is.
	Name             string
	Checks, NoEvents bool
	// NoPassive says that Nagios' lines about passive results are left out.
	NoPassive bool
	// Own says that every broker with this module writes a file of its own; else one of them writes at a time.
	Own bool
	// Folder is made if it is not there, when the file is opened; empty for none.
	Folder string
}

// Module writes broks. It is an Exporter: one call at a time.
type Module struct {
	o    Options
	file *os.File
	size int64
	buf  []byte
}

// Defined builds the module that a definition asks for.
func Defined(s *modules.Settings, e modules.Env, _ modules.Outlook) modules.Exporter {
	o := Options{
		Path: s.Text("path", ""), Name: s.Name(), MaxBytes: s.Bytes("max_size", 64<<20, 1<<10, 1<<40), Keep: s.Int("keep", 5, 1, 1000),
		Checks: s.Bool("checks", false), NoEvents: !s.Bool("events", true), NoPassive: !s.Bool("passive", true), Own: true,
	}
	switch {
	case o.Path == "":
		o.Path, o.Folder = filepath.Join(e.State, "events.ndjson"), e.State
	case o.Path != "-":
		o.Path = s.Output("path", "")
	}
	if o.NoEvents && !o.Checks {
		s.Wrong("events", "neither events nor checks are asked for: nothing would be written")
	}
	return New(o)
}

// New builds a module; the file is opened at the first Export.
func New(o Options) *Module {
	if o.MaxBytes == 0 {
		o.MaxBytes = 64 << 20
	}
	if o.Keep == 0 {
		o.Keep = 5
	}
	if o.Name == "" {
		o.Name = "ndjson"
	}
	return &Module{o: o}
}

// Name implements modules.Exporter.
func (m *Module) Name() string { return m.o.Name }

// To implements modules.Bound.
func (m *Module) To() string { return m.o.Path }

// Wants implements modules.Exporter.
func (m *Module) Wants() modules.Wants {
	return modules.Wants{Events: !m.o.NoEvents, Checks: m.o.Checks, Own: m.o.Own, Past: !m.o.NoEvents}
}

// Export implements modules.Exporter: after it returns nil the lines are with the operating system.
func (m *Module) Export(_ context.Context, broks []monitor.Brok) error {
	m.buf = m.buf[:0]
	for i := range broks {
		e, ok := brokjson.Of(&broks[i])
		if !ok || m.o.NoPassive && brokjson.PassiveLine(&broks[i]) {
			continue
		}
		var err error
		if m.buf, err = brokjson.Append(m.buf, &e); err != nil {
			return fmt.Errorf("brok %d: %w", i, err)
		}
		m.buf = append(m.buf, '\n')
	}
	if len(m.buf) == 0 {
		return nil
	}
	w, err := m.open()
	if err != nil {
		return err
	}
	n, err := w.Write(m.buf)
	m.size += int64(n)
	if err != nil {
		if m.file != nil && m.file.Truncate(m.size-int64(n)) == nil { // the same comes again, and half a line would stand before it
			m.size -= int64(n)
		}
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
	if m.o.Folder != "" {
		if err := os.MkdirAll(m.o.Folder, 0o750); err != nil {
			return nil, fmt.Errorf("event log: %w", err)
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
