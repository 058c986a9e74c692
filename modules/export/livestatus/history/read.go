package history

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/export/livestatus/table"
	"github.com/onbu/onbu/monitor/logline"
)

// Read hands on the lines that n asks for, until yield returns false or ctx ends, which is an error. They come in the order of time,
// or the newest first. A line is the caller's.
func (s *Store) Read(ctx context.Context, n table.Narrow, yield func(*table.Line) bool) error {
	_, reader, err := s.open(ctx)
	if err != nil {
		return err
	}
	query, args := statement(n)
	rows, err := reader.QueryContext(ctx, query, args...)
	if err == nil {
		defer rows.Close()
		err = each(rows, yield)
	}
	if err != nil {
		return fmt.Errorf("the history %s: %w", s.o.Path, s.found(err, reader))
	}
	return nil
}

// statement is the SQL of what a query needs: SQLite leaves out what is sure not to be asked for.
func statement(n table.Narrow) (query string, args []any) {
	var b strings.Builder
	b.WriteString("SELECT time, class, host, service, message, output, comment FROM log WHERE time >= ?")
	args = append(args, nanoseconds(n.From))
	if n.Until != 0 {
		b.WriteString(" AND time < ?")
		args = append(args, nanoseconds(n.Until+1))
	}
	if n.Host != "" {
		b.WriteString(" AND host = ?")
		args = append(args, n.Host)
	}
	if n.Service != "" {
		b.WriteString(" AND service = ?")
		args = append(args, n.Service)
	}
	if n.Classes != 0 {
		b.WriteString(" AND (1 << class) & ? != 0")
		args = append(args, int64(n.Classes))
	}
	b.WriteString(" ORDER BY time")
	if n.NewestFirst {
		b.WriteString(" DESC")
	}
	return b.String(), args
}

// nanoseconds gives a time as the file has it; what is out of its range becomes its first or last one.
func nanoseconds(seconds int64) int64 {
	const last = math.MaxInt64/int64(time.Second) - 1
	return min(max(seconds, 0), last) * int64(time.Second)
}

func each(rows *sql.Rows, yield func(*table.Line) bool) error {
	for rows.Next() {
		var at int64
		var class int
		var host, service, message string
		var output, comment sql.NullString
		if err := rows.Scan(&at, &class, &host, &service, &message, &output, &comment); err != nil {
			return err
		}
		l := line(message, at)
		l.Class, l.Host, l.Service = class, host, service
		if output.Valid {
			l.Output, l.Comment = output.String, comment.String
		}
		if !yield(l) {
			return nil
		}
	}
	return rows.Err()
}

// line reads what a message says.
func line(message string, at int64) *table.Line {
	l := logline.Parse(message)
	return &table.Line{
		// Naemon numbers the lines of a file; the nanosecond tells the lines of a second apart and keeps their order.
		ID: at % int64(time.Second), Time: at / int64(time.Second),
		Type: l.Type, Contact: l.Contact, Command: l.Command, Output: l.Output, Comment: l.Comment, Options: l.Options, Message: message,
		StateType: l.StateType, State: l.State, Attempt: l.Attempt,
	}
}
