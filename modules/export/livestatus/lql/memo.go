package lql

import "github.com/onbu/onbu/modules/export/livestatus/table"

// memos remember what columns of numbers have in the row that is looked at: a page of statistics asks for few columns, but for
// each of them many times. Only what run.rows hands on may be asked for with them.
type memos struct {
	row uint64 // counts rows
	of  map[*table.Column]*memo
}

// memo is a column's number in one row.
type memo struct {
	row   uint64
	value int64
}

// remembering gives the function of a column that asks it once a row.
func (m *memos) remembering(c *table.Column) func(*table.Row) int64 {
	if m == nil {
		return c.Int
	}
	if m.of[c] == nil {
		m.of[c] = &memo{}
	}
	kept, of := m.of[c], c.Int
	return func(r *table.Row) int64 {
		if kept.row != m.row {
			kept.row, kept.value = m.row, of(r)
		}
		return kept.value
	}
}

// next says that another row is looked at.
func (m *memos) next() {
	if m != nil {
		m.row++
	}
}
