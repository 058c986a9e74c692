package table

import (
	"time"

	"github.com/onbu/onbu/monitor"
)

// noteFields are the columns of hosts and services that show their comments and downtimes.
func noteFields() []field[*object] {
	return []field[*object]{
		rich("comments", "the numbers of the comments", func(_ *Row, o *object) []string { return commentIDs(o) }, func(_ *Row, o *object) any {
			all := []any{}
			for c := range o.comments {
				all = append(all, int64(c.ID))
			}
			return all
		}),
		rich("comments_with_info", "the comments: number, author, text, time, type, whether it expires and when", func(_ *Row, o *object) []string { return commentIDs(o) }, func(_ *Row, o *object) any {
			all := []any{}
			for c := range o.comments {
				all = append(all, []any{int64(c.ID), c.Author, c.Text, seconds(c.Entered), int64(c.Kind), bit(c.Expires != 0), seconds(c.Expires)})
			}
			return all
		}),
		rich("downtimes", "the numbers of the downtimes", func(_ *Row, o *object) []string { return downtimeIDs(o) }, func(_ *Row, o *object) any {
			all := []any{}
			for d := range o.downtimes {
				all = append(all, int64(d.ID))
			}
			return all
		}),
		rich("downtimes_with_info", "the downtimes: number, author, text, time, start, end, whether it is fixed, duration, what triggers it", func(_ *Row, o *object) []string { return downtimeIDs(o) }, func(_ *Row, o *object) any {
			all := []any{}
			for d := range o.downtimes {
				all = append(all, []any{
					int64(d.ID), d.Author, d.Comment, seconds(d.Entered), seconds(d.Start), seconds(d.End), bit(d.Fixed), int64(d.Duration / time.Second), int64(d.Trigger),
				})
			}
			return all
		}),
		integer("pending_flex_downtime", "how many flexible downtimes wait for a problem", func(_ *Row, o *object) int64 {
			var n int64
			for d := range o.downtimes {
				n += bit(!d.Fixed && d.Began == 0)
			}
			return n
		}),
	}
}

func seconds(t monitor.Time) int64 { return int64(t / 1e9) }

// comments hands on the comments of the object itself.
func (o *object) comments(yield func(*monitor.Comment) bool) {
	if !o.hasHost {
		return
	}
	service := o.service()
	for c := range o.view.Comments {
		if c.Ref.Service == service && !yield(c) {
			return
		}
	}
}

// downtimes hands on the downtimes of the object itself.
func (o *object) downtimes(yield func(*monitor.Downtime) bool) {
	if !o.hasHost {
		return
	}
	service := o.service()
	for d := range o.view.Downtimes {
		if d.Ref.Service == service && !yield(d) {
			return
		}
	}
}

func commentIDs(o *object) []string {
	var ids []string
	for c := range o.comments {
		ids = append(ids, number(c.ID))
	}
	return ids
}

func downtimeIDs(o *object) []string {
	var ids []string
	for d := range o.downtimes {
		ids = append(ids, number(d.ID))
	}
	return ids
}
