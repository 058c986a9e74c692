package web

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"

	"github.com/onbu/onbu/broker/problems"
)

// problemSource is a live.Source for one filter: a part of the list of problems, and afterwards which rows are others than before.
type problemSource struct {
	sight *sight
	ask   *ask

	seen    *look // the last one
	order   []string
	rows    map[string][]byte // by key, as JSON
	numbers []byte            // total, offset and totals, as JSON
}

// problemChange is what changes in a page: rows that are new or other than before, and their order where that is another one. Rows that
// are not in the order any more are gone from this part of the list.
type problemChange struct {
	At      int64             `json:"at"`
	Numbers json.RawMessage   `json:"numbers,omitempty"`
	Order   []string          `json:"order,omitempty"`
	Rows    []json.RawMessage `json:"rows,omitempty"`
	// Empty says that the order is known and has nothing in it.
	Empty bool `json:"empty,omitempty"`
}

// numbers are those of a problemPage.
type numbers struct {
	Total  int `json:"total"`
	Offset int `json:"offset"`
	totals
}

// rowKey names a row in an order; names have no line breaks.
func rowKey(p *problems.Problem) string { return p.Host + "\n" + p.Service }

// Change implements live.Source.
func (s *problemSource) Change(context.Context) []byte {
	l := s.sight.now()
	if l == s.seen {
		return nil
	}
	s.seen = l
	c := l.list.Choose(&s.ask.Query, l.names)
	change := problemChange{At: l.at.Unix()}
	order, rows := []string{}, make(map[string][]byte, len(s.rows))
	for _, row := range part(c.Rows, s.ask.offset, s.ask.limit) {
		key := rowKey(&l.list.All[row.Problem])
		data := encoded(l.root(row.Problem, fitOf(s.ask, &row)))
		order, rows[key] = append(order, key), data
		if !bytes.Equal(s.rows[key], data) {
			change.Rows = append(change.Rows, data)
		}
	}
	if !slices.Equal(order, s.order) {
		change.Order, change.Empty = order, len(order) == 0
	}
	if now := encoded(numbers{len(c.Rows), s.ask.offset, l.totals(c)}); !bytes.Equal(now, s.numbers) {
		change.Numbers, s.numbers = now, now
	}
	s.order, s.rows = order, rows
	if change.Numbers == nil && change.Order == nil && len(change.Rows) == 0 {
		return nil
	}
	return encoded(change)
}

// Whole implements live.Source: a change from nothing.
func (s *problemSource) Whole() []byte {
	all := problemChange{At: s.seen.at.Unix(), Numbers: s.numbers, Order: s.order, Empty: len(s.order) == 0}
	for _, key := range s.order {
		all.Rows = append(all.Rows, s.rows[key])
	}
	return encoded(all)
}

// encoded gives a value as JSON. What pages are sent consists of texts and numbers, which always can be written.
func encoded(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		return []byte("{}")
	}
	return data
}
