package lql

import (
	"iter"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/onbu/onbu/modules/export/livestatus/table"
	"github.com/onbu/onbu/monitor"
)

// encoder writes rows in one format.
type encoder struct {
	buf    []byte
	format Format
	seps   [4]byte
	shift  int64 // added to times
	rows   int   // written
	quoted int   // where the cell of a strict CSV began
	cells  []int // where each cell of the row that is written begins and ends
	room   int64 // how long buf may become; a row that is longer is broken off
	// ended says that nobody waits for the answer any more; nil for never.
	ended func() bool
	cut   bool // a row was broken off: the answer is none
}

// spent says, after each value and each element of a long one, whether the row is to be broken off.
func (e *encoder) spent() bool {
	e.cut = e.cut || int64(len(e.buf)) > e.room || e.ended != nil && e.ended()
	return e.cut
}

func (e *encoder) csv() bool { return e.format <= StrictCSV }

// row begins a row.
func (e *encoder) row() {
	if e.csv() {
		return
	}
	if e.rows > 0 {
		e.buf = append(e.buf, ",\n"...)
	}
	e.buf = append(e.buf, '[')
}

// end ends a row.
func (e *encoder) end() {
	e.rows++
	switch {
	case e.format == StrictCSV:
		e.buf = append(e.buf, "\r\n"...)
	case e.csv():
		e.buf = append(e.buf, e.seps[0])
	default:
		e.buf = append(e.buf, ']')
	}
}

// again writes a row that was written before by a row and an end of the same format.
func (e *encoder) again(row []byte) {
	if !e.csv() && e.rows > 0 {
		e.buf = append(e.buf, ",\n"...)
	}
	e.buf = append(e.buf, row...)
	e.rows++
}

// between parts two cells.
func (e *encoder) between() {
	switch {
	case e.format == StrictCSV:
		e.buf = append(e.buf, ',')
	case e.csv():
		e.buf = append(e.buf, e.seps[1])
	default:
		e.buf = append(e.buf, ',')
	}
}

// columns writes a row of columns.
func (e *encoder) columns(columns []column, r *table.Row) {
	e.row()
	e.cells = e.cells[:0]
	for i := range columns {
		if i > 0 {
			e.between()
		}
		from := len(e.buf)
		if same := columns[i].same; same > 0 {
			e.buf = append(e.buf, e.buf[e.cells[2*same-2]:e.cells[2*same-1]]...)
		} else {
			e.cell(columns[i].of, r)
		}
		if e.cells = append(e.cells, from, len(e.buf)); e.spent() {
			return
		}
	}
	e.end()
}

// cell writes one value; c is nil for a column that is not there.
func (e *encoder) cell(c *table.Column, r *table.Row) {
	if e.format == StrictCSV {
		e.quoted = len(e.buf)
		defer e.quote()
	}
	switch {
	case c == nil:
		e.null()
	case c.Value != nil:
		e.any(c.Value(r), 2)
	case c.Kind == table.Int:
		e.int(c.Int(r))
	case c.Kind == table.Time:
		e.int(c.Int(r) + e.shift)
	case c.Kind == table.Float:
		e.float(c.Float(r))
	case c.Kind == table.String:
		e.text(c.Text(r))
	case c.Kind == table.List:
		e.list(c.List(r))
	default:
		e.dict(c.Dict(r))
	}
}

// textCell writes a text as a cell.
func (e *encoder) textCell(s string) {
	e.quoted = len(e.buf)
	e.text(s)
	if e.format == StrictCSV {
		e.quote()
	}
}

func (e *encoder) null() {
	switch e.format {
	case JSON, WrappedJSON:
		e.buf = append(e.buf, "null"...)
	case Python, Python3:
		e.buf = append(e.buf, "None"...)
	}
}

func (e *encoder) int(v int64) { e.buf = strconv.AppendInt(e.buf, v, 10) }

// float writes a number in as few digits as hold it whole. JSON knows no infinity.
func (e *encoder) float(v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		v = 0
	}
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	e.buf = strconv.AppendFloat(e.buf, v, format, -1, 64)
}

// text writes a string. In CSV the end of a row cannot stand in it: it is written as Nagios writes it in outputs.
func (e *encoder) text(s string) {
	if e.csv() {
		e.plain(s)
		return
	}
	if e.format == Python {
		e.buf = append(e.buf, 'u')
	}
	e.buf = append(e.buf, '"')
	from := 0
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == '"' || c == '\\' {
				e.buf = append(e.buf, s[from:i]...)
				e.escape(rune(c))
				from = i + 1
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		e.buf = append(e.buf, s[from:i]...)
		e.escape(r)
		i += size
		from = i
	}
	e.buf = append(e.buf, s[from:]...)
	e.buf = append(e.buf, '"')
}

// escape writes a character as JSON and Python read it; what is no UTF-8 has become U+FFFD. Characters beyond U+FFFF stand in JSON as
// they are: Thruk's client takes the two halves that JSON can write instead for mistakes.
func (e *encoder) escape(r rune) {
	switch {
	case r == '"' || r == '\\':
		e.buf = append(e.buf, '\\', byte(r))
	case r < 0x10000:
		e.unicode(r)
	case e.format >= Python:
		e.buf = append(e.buf, `\U`...)
		e.hex(r, 8)
	default:
		e.buf = utf8.AppendRune(e.buf, r)
	}
}

func (e *encoder) unicode(r rune) {
	e.buf = append(e.buf, `\u`...)
	e.hex(r, 4)
}

func (e *encoder) hex(r rune, digits int) {
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		e.buf = append(e.buf, "0123456789abcdef"[r>>shift&15])
	}
}

// plain writes a string into CSV.
func (e *encoder) plain(s string) {
	from := 0
	for i := range len(s) {
		if s[i] == '\n' || s[i] == e.seps[0] && e.format == CSV && s[i] < ' ' {
			e.buf = append(append(e.buf, s[from:i]...), `\n`...)
			from = i + 1
		}
	}
	e.buf = append(e.buf, s[from:]...)
}

// quote puts the cell that was written last into quotes if a strict CSV needs them.
func (e *encoder) quote() {
	cell, quotes := e.buf[e.quoted:], 0
	needed := false
	for _, c := range cell {
		switch c {
		case '"':
			quotes++
			needed = true
		case ',', '\r', '\n':
			needed = true
		}
	}
	if !needed {
		return
	}
	whole := make([]byte, 0, len(cell)+quotes+2)
	whole = append(whole, '"')
	for _, c := range cell {
		if c == '"' {
			whole = append(whole, '"')
		}
		whole = append(whole, c)
	}
	e.buf = append(append(e.buf[:e.quoted], whole...), '"')
}

func (e *encoder) open(c byte) {
	if !e.csv() {
		e.buf = append(e.buf, c)
	}
}

// comma parts two elements; sep is the separator in CSV: 2 for a list, 3 for a list in it.
func (e *encoder) comma(sep int) {
	if e.csv() {
		e.buf = append(e.buf, e.seps[sep])
	} else {
		e.buf = append(e.buf, ',')
	}
}

func (e *encoder) list(list []string) {
	e.open('[')
	for i, s := range list {
		if i > 0 {
			e.comma(2)
		}
		if e.text(s); e.spent() {
			return
		}
	}
	e.open(']')
}

func (e *encoder) dict(vars []monitor.Var) {
	e.open('{')
	for i := range vars {
		if i > 0 {
			e.comma(2)
		}
		e.text(vars[i].Name)
		if e.csv() {
			e.buf = append(e.buf, e.seps[3])
		} else {
			e.buf = append(e.buf, ':')
		}
		if e.text(vars[i].Value); e.spent() {
			return
		}
	}
	e.open('}')
}

// any writes what a column gives as its value: numbers, strings, and lists of them.
func (e *encoder) any(v any, sep int) {
	switch v := v.(type) {
	case nil:
		e.null()
	case string:
		e.text(v)
	case int:
		e.int(int64(v))
	case int64:
		e.int(v)
	case float64:
		e.float(v)
	case bool:
		if v {
			e.int(1)
		} else {
			e.int(0)
		}
	case []string:
		e.list(v)
	case []any:
		e.elements(slices.Values(v), sep)
	case iter.Seq[any]:
		e.elements(v, sep)
	}
}

// elements writes a list of values.
func (e *encoder) elements(all iter.Seq[any], sep int) {
	e.open('[')
	first := true
	for v := range all {
		if !first {
			e.comma(sep)
		}
		first = false
		if e.any(v, 3); e.spent() {
			return
		}
	}
	e.open(']')
}
