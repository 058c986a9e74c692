package history

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/logline"
)

// Query says which lines are asked for. The zero Query asks for all of them, in the order of time.
type Query struct {
	// From and Until bound the time of lines, in Unix seconds, both included; Until 0 is no bound.
	From, Until int64
	// Host and Service name whom lines are about; empty for all. A host's lines are those of its services too, unless Itself says
	// that they are not asked for.
	Host, Service string
	Itself        bool
	// Classes are those of the log that are asked for, a bit each: 1<<class; 0 for all.
	Classes uint32
	// NewestFirst turns the order round.
	NewestFirst bool
	// Most bounds how many lines are given; 0 is no bound.
	Most int
}

// Read hands on the lines that q asks for, until yield returns false or ctx ends, which is an error. A line is the caller's.
func (s *Store) Read(ctx context.Context, q Query, yield func(*logline.Line) bool) error {
	_, reader, err := s.open(ctx)
	if err != nil {
		return err
	}
	query, args := statement(q)
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
func statement(q Query) (query string, args []any) {
	var b strings.Builder
	add := func(text string, values ...any) {
		b.WriteString(text)
		args = append(args, values...)
	}
	add("SELECT time, class, host, service, message, output, comment, who, answer FROM log WHERE time >= ?", nanoseconds(q.From))
	if q.Until != 0 {
		add(" AND time < ?", nanoseconds(q.Until+1))
	}
	if q.Host != "" {
		add(" AND host = ?", q.Host)
	}
	if q.Service != "" || q.Itself {
		add(" AND service = ?", q.Service)
	}
	if q.Classes != 0 {
		add(" AND (1 << class) & ? != 0", int64(q.Classes))
	}
	add(" ORDER BY time")
	if q.NewestFirst {
		add(" DESC")
	}
	if q.Most > 0 {
		add(" LIMIT ?", q.Most)
	}
	return b.String(), args
}

// nanoseconds gives a time as the file has it; what is out of its range becomes its first or last one.
func nanoseconds(seconds int64) int64 {
	const last = math.MaxInt64/int64(time.Second) - 1
	return min(max(seconds, 0), last) * int64(time.Second)
}

func each(rows *sql.Rows, yield func(*logline.Line) bool) error {
	for rows.Next() {
		var at int64
		var class int
		var host, service, message string
		var output, comment, who, answer sql.NullString
		if err := rows.Scan(&at, &class, &host, &service, &message, &output, &comment, &who, &answer); err != nil {
			return err
		}
		l := logline.Parse(message)
		l.Time, l.Class, l.Host, l.Service, l.By, l.Answer = monitor.Time(at), logline.Class(class), host, service, who.String, answer.String
		if output.Valid {
			l.Output, l.Comment = output.String, comment.String
		}
		if !yield(&l) {
			return nil
		}
	}
	return rows.Err()
}
