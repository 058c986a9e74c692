package table

import (
	"time"

	"github.com/onbu/onbu/monitor"
)

func theComment(r *Row) (*monitor.Comment, bool)   { return r.comment, r.comment != nil }
func theDowntime(r *Row) (*monitor.Downtime, bool) { return r.downtime, r.downtime != nil }

func commentFields() []field[*monitor.Comment] {
	return []field[*monitor.Comment]{
		integer("id", "the number: no other comment or downtime has it, and they grow", func(_ *Row, c *monitor.Comment) int64 { return int64(c.ID) }),
		text("author", "who wrote it", func(_ *Row, c *monitor.Comment) string { return c.Author }),
		text("comment", "the text", func(_ *Row, c *monitor.Comment) string { return c.Text }),
		moment("entry_time", "when it was entered", func(_ *Row, c *monitor.Comment) monitor.Time { return c.Entered }),
		integer("entry_type", "why it is there: 1 a person, 2 a downtime, 3 flapping, 4 an acknowledgement", func(_ *Row, c *monitor.Comment) int64 { return int64(c.Kind) }),
		truth("expires", "whether it goes by itself (0/1)", func(_ *Row, c *monitor.Comment) bool { return c.Expires != 0 }),
		moment("expire_time", "when it goes by itself", func(_ *Row, c *monitor.Comment) monitor.Time { return c.Expires }),
		truth("is_service", "whether it is about a service (0/1)", func(_ *Row, c *monitor.Comment) bool { return !c.Ref.IsHost() }),
		truth("persistent", "whether it stays over restarts (0/1)", func(_ *Row, c *monitor.Comment) bool { return c.Persistent }),
		truth("source", "who wrote it: 0 the engine, 1 a command", func(_ *Row, c *monitor.Comment) bool { return c.Kind == monitor.CommentUser }),
		integer("type", "1 of a host, 2 of a service", func(_ *Row, c *monitor.Comment) int64 { return 1 + bit(!c.Ref.IsHost()) }),
	}
}

func downtimeFields() []field[*monitor.Downtime] {
	return []field[*monitor.Downtime]{
		integer("id", "the number: no other comment or downtime has it, and they grow", func(_ *Row, d *monitor.Downtime) int64 { return int64(d.ID) }),
		text("author", "who entered it", func(_ *Row, d *monitor.Downtime) string { return d.Author }),
		text("comment", "the text", func(_ *Row, d *monitor.Downtime) string { return d.Comment }),
		moment("entry_time", "when it was entered", func(_ *Row, d *monitor.Downtime) monitor.Time { return d.Entered }),
		moment("start_time", "when it begins", func(_ *Row, d *monitor.Downtime) monitor.Time { return d.Start }),
		moment("end_time", "when it ends", func(_ *Row, d *monitor.Downtime) monitor.Time { return d.End }),
		truth("fixed", "whether it lasts from start to end (1), or for its duration from the first problem on (0)", func(_ *Row, d *monitor.Downtime) bool { return d.Fixed }),
		integer("duration", "how long a flexible one lasts, in seconds", func(_ *Row, d *monitor.Downtime) int64 { return int64(d.Duration / time.Second) }),
		integer("triggered_by", "the downtime that starts it; 0 for none", func(_ *Row, d *monitor.Downtime) int64 { return int64(d.Trigger) }),
		truth("is_service", "whether it is a service's (0/1)", func(_ *Row, d *monitor.Downtime) bool { return !d.Ref.IsHost() }),
		integer("type", "1 of a service, 2 of a host", func(_ *Row, d *monitor.Downtime) int64 { return 1 + bit(d.Ref.IsHost()) }),
	}
}

// joined are the columns of the object that a row of another table is about.
func joined(prefix string) []Column {
	return append(columns(prefix+"host_", theHost, hostFields()...), columns(prefix+"service_", theService, serviceFields()...)...)
}

func (all *indexes) commentTable() *Table {
	return &Table{
		Name: "comments", Prefix: "comment_", Columns: sorted(columns("", theComment, commentFields()...), joined("")),
		Each: func(w *World, n Narrow, yield func(*Row) bool) {
			r := all.row(w)
			r.guard = newGuard(r.x, n)
			comments := w.View.Comments()
			for i := range comments {
				r.comment = &comments[i]
				if r.placeNote(r.comment.Ref, n) && !yield(r) {
					return
				}
			}
		},
	}
}

func (all *indexes) downtimeTable() *Table {
	return &Table{
		Name: "downtimes", Prefix: "downtime_", Columns: sorted(columns("", theDowntime, downtimeFields()...), joined("")),
		Each: func(w *World, n Narrow, yield func(*Row) bool) {
			r := all.row(w)
			r.guard = newGuard(r.x, n)
			downtimes := w.View.Downtimes()
			for i := range downtimes {
				r.downtime = &downtimes[i]
				if r.placeNote(r.downtime.Ref, n) && !yield(r) {
					return
				}
			}
		},
	}
}

// placeNote makes the object of a comment or downtime that of the row, and says whether the query may see it.
func (r *Row) placeNote(of monitor.Ref, n Narrow) bool {
	if n.Host != "" && n.Host != of.Host {
		return false
	}
	p, ok := r.x.Find(of)
	if !ok || !r.guard.place(p) {
		return false
	}
	if of.IsHost() {
		r.placeHost(p)
	} else {
		r.placeService(p)
	}
	return true
}
