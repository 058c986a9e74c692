package web

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/history"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/logline"
)

// pruneEvery is how often the history is asked to let go of what is too old; it knows itself when that is due.
const pruneEvery = time.Minute

// keep reads what is kept beside the broker. Without a folder for state nothing is.
func (m *Module) keep(s *modules.Settings, e modules.Env) {
	days, most := s.Int("history_days", 30, 1, 36500), s.Bytes("history_max", 256<<20, 1<<20, 1<<40)
	if e.State == "" || !m.enabled {
		return
	}
	m.history = history.New(history.Options{
		Path: filepath.Join(e.State, "history.sqlite"), Keep: time.Duration(days) * 24 * time.Hour, Most: most, Wants: telling, Log: e.Log,
	})
}

// telling leaves out lines that only say that a result came: there may be two for each passive check, and what changes by them has lines
// of its own.
func telling(l *logline.Line) bool {
	return l.Class != logline.Passive && !(l.Class == logline.Command && strings.HasPrefix(l.Options, "PROCESS_"))
}

// Export implements modules.Exporter: it keeps who was told and the lines of the log. It returns once these are on the disk.
func (m *Module) Export(ctx context.Context, broks []monitor.Brok) error {
	m.told.note(broks)
	if m.history == nil {
		return nil
	}
	err := m.history.Add(ctx, broks)
	if ctx.Err() == nil {
		m.gap.note(err)
	}
	return err
}

// prune has the history let go of what is too old until ctx ends.
func (m *Module) prune(ctx context.Context) {
	if m.history == nil {
		return
	}
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if err := m.history.Prune(ctx, now); err != nil && ctx.Err() == nil {
				m.log.Warn("the history of the pages keeps what is too old", "error", err)
			}
		}
	}
}

// Close implements modules.Closer.
func (m *Module) Close() error {
	if m.history != nil {
		m.history.Close()
	}
	if m.points != nil {
		return m.points.Close()
	}
	return nil
}
