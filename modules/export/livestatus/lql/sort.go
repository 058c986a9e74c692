package lql

import (
	"cmp"
	"slices"
	"strings"
	"unsafe"

	"github.com/onbu/onbu/modules/export/livestatus/table"
)

// key is a value to sort by: a number or a text.
type key struct {
	number float64
	text   string
}

// candidate is a row that may be part of a sorted answer: the row itself, as it is written, or a group.
type candidate struct {
	keys    []key
	at      int // when it came: rows that are equal keep their order
	row     *table.Row
	written []byte
	group   *group
}

// candidateSize is about how much a candidate costs, with one key.
const candidateSize = int64(unsafe.Sizeof(candidate{}) + unsafe.Sizeof(key{}))

// fewRows are kept as they are while it is not known which of them are the first ones; more would be large, and are kept as
// they are written.
const fewRows = 4096

// top keeps the first rows of a sorted answer: those of the limit, or all.
type top struct {
	sorts []sortKey
	most  int // rows that the answer needs; -1 for all
	all   []candidate
	came  int
	held  int64      // bytes of the texts that are sorted by
	worst *candidate // once there are enough: what is not before it is not needed
	spare []key      // of a row that was not kept
	slab  []key      // for the rows to come
}

// offer takes a row if it may be among the first ones; the caller puts into the candidate what it is. Otherwise it gives nil.
func (t *top) offer(row *table.Row) *candidate {
	if t.most == 0 {
		return nil
	}
	if t.most > 0 && len(t.all) >= max(2*t.most, 64) {
		t.cut()
	}
	c := candidate{keys: t.keys(row), at: t.came}
	t.came++
	if t.worst != nil && t.compare(&c, t.worst) >= 0 {
		t.spare = c.keys
		return nil
	}
	t.all = append(t.all, c)
	t.held += c.texts()
	return &t.all[len(t.all)-1]
}

// texts is how many bytes the texts have that a candidate is sorted by.
func (c *candidate) texts() (n int64) {
	for i := range c.keys {
		n += int64(len(c.keys[i].text))
	}
	return n
}

// keys reads what a row is sorted by.
func (t *top) keys(row *table.Row) []key {
	keys := t.spare
	if t.spare = nil; keys == nil {
		n := len(t.sorts)
		if len(t.slab) < n {
			t.slab = make([]key, 256*n)
		}
		keys, t.slab = t.slab[:n:n], t.slab[n:]
	}
	for i := range t.sorts {
		keys[i] = t.sorts[i].key(row)
	}
	return keys
}

func isDict(c column) bool { return c.of != nil && c.of.Kind == table.Dict }

func (s *sortKey) key(row *table.Row) key {
	switch c := s.of; {
	case c == nil:
		return key{}
	case c.Kind == table.Int || c.Kind == table.Time:
		return key{number: float64(c.Int(row))}
	case c.Kind == table.Float:
		return key{number: c.Float(row)}
	case c.Kind == table.String:
		return key{text: c.Text(row)}
	case c.Kind == table.Dict:
		return key{text: variable(c.Dict(row), s.variable)}
	}
	return key{text: strings.Join(s.of.List(row), ",")}
}

func (t *top) compare(a, b *candidate) int {
	for i := range t.sorts {
		c := cmp.Compare(a.keys[i].number, b.keys[i].number)
		if c == 0 {
			c = strings.Compare(a.keys[i].text, b.keys[i].text)
		}
		if t.sorts[i].descending {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(a.at, b.at)
}

// cut sorts, and forgets what is not needed.
func (t *top) cut() {
	slices.SortFunc(t.all, func(a, b candidate) int { return t.compare(&a, &b) })
	if t.most >= 0 && len(t.all) > t.most {
		for i := t.most; i < len(t.all); i++ {
			t.held -= t.all[i].texts()
		}
		clear(t.all[t.most:])
		t.all = t.all[:t.most]
		worst := t.all[t.most-1]
		t.worst = &worst
	}
}

// needed is how many rows an answer with a limit looks at; -1 for all.
func (q *Query) needed() int {
	if q.limit < 0 {
		return -1
	}
	return q.offset + q.limit
}

// page gives the candidates of the answer, in order.
func (t *top) page(offset int) []candidate {
	t.cut()
	return t.all[min(offset, len(t.all)):]
}

// sorted writes rows in order.
func (r *run) sorted() {
	t := top{sorts: r.q.sorts, most: r.q.needed()}
	few := t.most >= 0 && t.most <= fewRows
	rows := newBody(r.q, r.limits.Bytes, r.over.Load)
	r.rows(func(row *table.Row) bool {
		r.total++
		switch c := t.offer(row); {
		case c == nil:
		case few:
			copied := *row
			c.row = &copied
		default:
			c.written = rows.apart(r.q.columns, row)
		}
		if rows.spent() || rows.size+t.held+int64(len(t.all))*candidateSize > r.limits.Bytes {
			r.stop()
			return false
		}
		return true
	})
	if r.err != nil {
		return
	}
	for _, c := range t.page(r.q.offset) {
		if few {
			r.body.columns(r.q.columns, c.row)
		} else {
			r.body.again(c.written)
		}
		if r.body.full() {
			r.stop()
			return
		}
	}
}

// group is one row of grouped statistics.
type group struct {
	cells   []string // of the columns, as text
	tallies []tally
}

// groups writes a row of statistics for each set of values that the columns have. The values are texts, as with Naemon.
func (r *run) groups() {
	q := r.q
	t := top{sorts: q.sorts, most: -1}
	found := map[string]*group{}
	keys := encoder{format: CSV, seps: [4]byte{0, 0, ',', '|'}, shift: q.shift, room: r.limits.Bytes, ended: r.over.Load}
	cost := int64(0)
	r.rows(func(row *table.Row) bool {
		keys.buf = keys.buf[:0]
		for i := range q.columns {
			keys.cell(q.columns[i].of, row)
			if keys.between(); keys.spent() {
				r.stop()
				return false
			}
		}
		g := found[string(keys.buf)]
		if g == nil {
			g = &group{cells: strings.SplitN(string(keys.buf), "\x00", len(q.columns)+1)[:len(q.columns)], tallies: make([]tally, len(q.stats))}
			found[string(keys.buf)] = g
			t.offer(row).group = g
			cost += candidateSize + 3*int64(len(keys.buf)) + int64(len(q.stats))*int64(unsafe.Sizeof(tally{}))
		}
		return r.take(g.tallies, row, &cost)
	})
	r.total = len(found)
	if r.err == nil {
		r.writeGroups(t.page(q.offset))
	}
}

func (r *run) writeGroups(groups []candidate) {
	if r.q.limit >= 0 && len(groups) > r.q.limit {
		groups = groups[:r.q.limit]
	}
	for _, c := range groups {
		r.body.row()
		for _, cell := range c.group.cells {
			if r.body.textCell(cell); r.body.spent() {
				break
			}
			r.body.between()
		}
		r.tallies(c.group.tallies)
		r.body.end()
		if r.body.full() {
			r.stop()
			return
		}
	}
}
