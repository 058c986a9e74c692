package livestatus

import (
	"context"
	"time"

	"github.com/onbu/onbu/internal/history"
	"github.com/onbu/onbu/modules/export/livestatus/table"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/logline"
)

// readLog hands on the lines of the history as the table log has them.
func (m *Module) readLog(ctx context.Context, n table.Narrow, yield func(*table.Line) bool) error {
	q := history.Query{From: n.From, Until: n.Until, Host: n.Host, Service: n.Service, Classes: n.Classes, NewestFirst: n.NewestFirst}
	return m.history.Read(ctx, q, func(l *logline.Line) bool { return yield(lineOf(l)) })
}

// lineOf gives a line as the table has it. Who gave a command on the pages stands as its contact: Nagios' line has no place for that.
func lineOf(l *logline.Line) *table.Line {
	if l.Class == logline.Command && l.Contact == "" {
		l.Contact = l.Person()
	}
	return &table.Line{
		// Naemon numbers the lines of a file; the nanosecond tells the lines of a second apart and keeps their order.
		ID: int64(l.Time % monitor.Time(time.Second)), Time: int64(l.Time / monitor.Time(time.Second)), Class: int(l.Class),
		Type: l.Type, Host: l.Host, Service: l.Service, Contact: l.Contact, Command: l.Command, Output: l.Output, Comment: l.Comment,
		Options: l.Options, Message: l.Message, StateType: l.StateType, State: l.State, Attempt: l.Attempt,
	}
}
