package lql

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/onbu/onbu/modules/export/livestatus/table"
)

// Limits bounds what one query may cost.
type Limits struct {
	// Bytes is the size of the largest answer, and of what is kept to sort and to group.
	Bytes int64
	// Time is the longest that a query may take.
	Time time.Duration
}

// Answer carries the query out. It never waits: that is Wait's business.
func (q *Query) Answer(ctx context.Context, w *table.World, l Limits) *Answer {
	within := l.Time
	if q.Timelimit > 0 && q.Timelimit < within {
		within = q.Timelimit
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	r := run{q: q, limits: l, within: within}
	bounded := *w
	bounded.Ended, r.world = r.over.Load, &bounded
	r.body = newBody(q, l.Bytes, r.over.Load)
	defer context.AfterFunc(ctx, func() { r.over.Store(true) })()
	if err := r.all(); err != nil {
		return Refuse(err, q.Fixed16)
	}
	r.body.flush()
	if len(r.body.pieces) == 0 {
		r.body.pieces = [][]byte{nil}
	}
	return &Answer{Code: OK, Fixed16: q.Fixed16, Rows: r.body.rows, pieces: r.body.pieces, size: r.body.size}
}

// run is a query that is being carried out.
type run struct {
	q      *Query
	world  *table.World
	limits Limits
	within time.Duration
	over   atomic.Bool // the time is up, or nobody waits any more
	body   body
	total  int // rows that pass, or groups
	err    *Error
}

func (r *run) all() *Error {
	r.begin()
	switch q := r.q; {
	case len(q.stats) > 0 && len(q.columns) > 0:
		r.groups()
	case len(q.stats) > 0:
		r.statistics()
	case len(q.sorts) > 0:
		r.sorted()
	default:
		r.plain()
	}
	r.finish()
	return r.err
}

// rows hands on what passes the filter, until yield returns false.
func (r *run) rows(yield func(*table.Row) bool) {
	passes := r.q.filter
	if r.world.Log != nil {
		defer r.logErrors()()
	}
	r.q.table.Each(r.world, r.q.narrow, func(row *table.Row) bool {
		if r.over.Load() {
			r.late()
			return false
		}
		r.q.memos.next()
		return !passes(row) || yield(row)
	})
	if r.over.Load() {
		r.late()
	}
}

// logErrors has the query fail where the history cannot be read: rows would be missing otherwise.
func (r *run) logErrors() func() {
	world := *r.world
	read := world.Log
	var failed error
	world.Log = func(n table.Narrow, yield func(*table.Line) bool) error {
		failed = errors.Join(failed, read(n, yield))
		return failed
	}
	r.world = &world
	return func() {
		if failed != nil && r.err == nil {
			r.err = &Error{LimitExceeded, "the history cannot be read: " + failed.Error()}
		}
	}
}

func (r *run) late() {
	r.fail(&Error{LimitExceeded, "Maximum query time of " + strconv.FormatFloat(r.within.Seconds(), 'f', -1, 64) + " seconds exceeded!"})
}

func (r *run) large() {
	r.fail(&Error{LimitExceeded, "Maximum response size of " + strconv.FormatInt(r.limits.Bytes, 10) + " reached"})
}

// stop ends a query whose answer, or what is kept for it, is too large, or whose time is up in the middle of a row.
func (r *run) stop() {
	if r.over.Load() {
		r.late()
	} else {
		r.large()
	}
}

func (r *run) fail(e *Error) {
	if r.err == nil {
		r.err = e
	}
}

// plain writes rows as they come.
func (r *run) plain() {
	q := r.q
	last := -1
	if q.limit >= 0 {
		last = q.offset + q.limit
	}
	if last == 0 && q.format != WrappedJSON {
		return
	}
	r.rows(func(row *table.Row) bool {
		r.total++
		if r.total > q.offset && (last < 0 || r.total <= last) {
			r.body.columns(q.columns, row)
			if r.body.full() {
				r.stop()
				return false
			}
		}
		return last < 0 || r.total < last || q.format == WrappedJSON // which tells how many there are in all
	})
}

// statistics writes one row of statistics.
func (r *run) statistics() {
	tallies, held := make([]tally, len(r.q.stats)), int64(0)
	r.rows(func(row *table.Row) bool { return r.take(tallies, row, &held) })
	if r.err != nil {
		return
	}
	r.total = 1
	r.body.row()
	r.tallies(tallies)
	r.body.end()
}

// take folds a row into statistics; held is what is kept for them. It says whether the query goes on.
func (r *run) take(tallies []tally, row *table.Row, held *int64) bool {
	for i := range tallies {
		*held += tallies[i].take(&r.q.stats[i], row)
		if *held > r.limits.Bytes || r.over.Load() {
			r.stop()
			return false
		}
	}
	return true
}

// tallies writes statistics.
func (r *run) tallies(tallies []tally) {
	for i := range tallies {
		if i > 0 {
			r.body.between()
		}
		if tallies[i].result(&r.body.encoder, &r.q.stats[i]); r.body.spent() {
			r.stop()
			return
		}
	}
}

// begin writes what comes before the rows.
func (r *run) begin() {
	e, q := &r.body.encoder, r.q
	switch {
	case e.csv():
	case q.format == WrappedJSON && q.headers:
		e.buf = append(e.buf, `{"columns":`...)
	case q.format == WrappedJSON:
		e.buf = append(e.buf, `{"data":[`...)
	default:
		e.buf = append(e.buf, '[')
	}
	if !q.headers {
		return
	}
	e.row()
	cells := 0
	name := func(s string) {
		if cells > 0 {
			e.between()
		}
		e.textCell(s)
		cells++
	}
	for i := range q.columns {
		name(q.columns[i].name)
	}
	for i := range q.stats {
		name("stats_" + strconv.Itoa(i+1))
	}
	e.end()
	if q.format == WrappedJSON {
		e.buf = append(e.buf, `,"data":[`...)
		e.rows = 0
	}
}

// finish writes what comes behind the rows.
func (r *run) finish() {
	e := &r.body.encoder
	switch {
	case e.csv():
	case r.q.format == WrappedJSON:
		e.buf = append(e.buf, `],"total_count":`...)
		e.int(int64(r.total))
		e.buf = append(e.buf, "}\n"...)
	default:
		e.buf = append(e.buf, "]\n"...)
	}
}
