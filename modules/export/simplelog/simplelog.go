// Package simplelog knows how broks become a log file as Nagios writes it, "[1767225600] SERVICE ALERT: …", with a file for each
// day (Shinken's simple_log).
package simplelog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/logline"
)

// Module is the exporter; one call at a time.
type Module struct {
	name, path, archive string
	state               string // the folder of path if the definition names none; it is made
	daily               bool
	file                *os.File
	day                 time.Time // of the last line in file
	buf                 []byte
}

// New reads the settings of a module.
func New(s *modules.Settings, e modules.Env, _ modules.Outlook) modules.Exporter {
	m := &Module{name: s.Name(), path: s.Output("path", ""), daily: s.Bool("daily", true)}
	if m.path == "" {
		m.path, m.state = filepath.Join(e.State, "nagios.log"), e.State
	}
	m.archive = s.Path("archive_path", "")
	if m.archive == "" {
		m.archive = filepath.Join(filepath.Dir(m.path), "archives")
	}
	return m
}

// Name implements modules.Exporter.
func (m *Module) Name() string { return m.name }

// To implements modules.Bound.
func (m *Module) To() string { return m.path }

// Wants implements modules.Exporter.
func (m *Module) Wants() modules.Wants { return modules.Wants{Events: true, Own: true, Past: true} }

// Export implements modules.Exporter: after it returns nil the lines are with the operating system.
func (m *Module) Export(_ context.Context, broks []monitor.Brok) error {
	m.buf = m.buf[:0]
	for i := range broks {
		l, ok := logline.Of(&broks[i])
		if !ok {
			continue
		}
		at := l.Time.Std()
		if err := m.open(at); err != nil {
			return err
		}
		if m.daily && dayOf(at).After(m.day) {
			if err := errors.Join(m.write(), m.putAside(), m.open(at)); err != nil {
				return err
			}
		}
		m.day = later(m.day, dayOf(at))
		m.buf = append(strconv.AppendInt(append(m.buf, '['), at.Unix(), 10), "] "...)
		m.buf = append(append(m.buf, l.Message...), '\n')
	}
	return m.write()
}

func (m *Module) write() error {
	if len(m.buf) == 0 {
		return nil
	}
	n, err := m.file.Write(m.buf)
	m.buf = m.buf[:0]
	if err != nil {
		if info, statErr := m.file.Stat(); statErr == nil && n > 0 {
			_ = m.file.Truncate(info.Size() - int64(n)) // the same comes again, and half a line would stand before it
		}
		return fmt.Errorf("log %s: %w; is the disk full?", m.path, err)
	}
	return nil
}

// open opens the file if it is not; now is the day of an empty one. One that others moved away is written no longer.
func (m *Module) open(now time.Time) error {
	if m.file != nil && m.moved() {
		_ = m.Close()
	}
	if m.file != nil {
		return nil
	}
	if m.state != "" {
		if err := os.MkdirAll(m.state, 0o750); err != nil {
			return fmt.Errorf("log: %w", err)
		}
	}
	f, err := os.OpenFile(m.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	m.file, m.day = f, dayOf(now)
	if info, err := f.Stat(); err == nil && info.Size() > 0 {
		m.day = dayOf(info.ModTime())
	}
	return nil
}

func (m *Module) moved() bool {
	here, err := m.file.Stat()
	there, other := os.Stat(m.path)
	return err != nil || other != nil || !os.SameFile(here, there)
}

// putAside moves the file to NAME-MONTH-DAY-YEAR-NN.log among the archives, as Nagios calls them, with the day of its last line.
func (m *Module) putAside() error {
	if err := os.MkdirAll(m.archive, 0o750); err != nil {
		return fmt.Errorf("archive of the log: %w", err)
	}
	ext := filepath.Ext(m.path)
	name := strings.TrimSuffix(filepath.Base(m.path), ext) + m.day.Format("-01-02-2006")
	for n := range 100 {
		to := filepath.Join(m.archive, fmt.Sprintf("%s-%02d%s", name, n, ext))
		if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := errors.Join(m.Close(), os.Rename(m.path, to)); err != nil {
			return fmt.Errorf("archive of the log: %w; it must be on the same file system", err)
		}
		return nil
	}
	return fmt.Errorf("archive of the log: there are a hundred files of %s already", name)
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

// dayOf gives the midnight before t, in local time.
func dayOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.Local)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
