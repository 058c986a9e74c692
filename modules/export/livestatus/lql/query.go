// Package lql knows the query language of Livestatus: how a query is read, carried out on the tables and answered, as
// naemon-livestatus does it. Texts and codes of errors are Naemon's, as clients look for them.
package lql

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/export/livestatus/table"
)

// The codes of answers.
const (
	OK            = 200
	BadHeader     = 400 // a header, or a command, is wrong
	Forbidden     = 403
	NotFound      = 404 // no such table
	LimitExceeded = 413
	Incomplete    = 451
	BadRequest    = 452 // neither GET nor COMMAND
)

// Error is what a client is told instead of data.
type Error struct {
	Code int
	Text string
}

// Error implements error.
func (e *Error) Error() string { return e.Text }

// Bounds on one query, besides the size of its text, which is its reader's business.
const (
	mostFilters = 2000 // of Filter, Stats and WaitCondition and their combinations; LMD has 1000 without combinations
	mostColumns = 512
	mostSorts   = 32
	// quickFilters is how many filters, and bytes of regular expressions, a query may have that cannot take long.
	quickFilters = 100
	// Regular expressions cost time for each row: this many bytes of them in a query, and in one of its filters.
	mostRegex, longestRegex = 16 << 10, 2 << 10
)

// Format is how an answer is written.
type Format uint8

// The formats.
const (
	CSV       Format = iota
	StrictCSV        // with quotes where needed, as Checkmk's "CSV"
	JSON
	WrappedJSON
	Python
	Python3
)

// Query is a query that was read. It may be carried out several times, by any goroutine, but by one at a time.
type Query struct {
	// Fixed16 and KeepAlive are what the client wants of the connection; they hold for errors too.
	Fixed16, KeepAlive bool
	// Timelimit is how long the query may take; 0 if the client does not say.
	Timelimit time.Duration
	// Wait is what to wait for first; nil for nothing.
	Wait *Wait

	table   *table.Table
	columns []column
	headers bool
	format  Format
	seps    [4]byte // between rows, fields, elements of a list, host and service
	stats   []stat
	memos   *memos // of stats
	sorts   []sortKey
	filter  filter
	narrow  table.Narrow
	limit   int // -1 for none
	offset  int
	shift   int64 // Localtime: seconds that the client's clock is ahead
	work    int   // for each row: filters, and bytes of regular expressions
}

// column is a column as a query names it; of is nil where the table has none of the name.
type column struct {
	name string
	of   *table.Column
	same int // 1 more than the number of the column before it that is the same one; 0 for none
}

// sortKey is a column to sort by; name is that of a variable where the column is a dictionary.
type sortKey struct {
	column
	variable   string
	descending bool
}

// Quick says that the query cannot take long, whatever there is: it is about the engine itself or one host, and compares little.
func (q *Query) Quick() bool {
	if q.table == nil || q.work > quickFilters {
		return false
	}
	switch q.table.Name {
	case "status":
		return true
	case "hosts", "services":
		return q.narrow.Host != ""
	}
	return false
}

// Table is the name of the table; empty if the query could not be read.
func (q *Query) Table() string {
	if q.table == nil {
		return ""
	}
	return q.table.Name
}

// Authorize says what a contact (AuthUser) may see besides what is its own: with strict services not the services of its hosts,
// with loose groups also groups of which it sees only some members.
func (q *Query) Authorize(strictServices, looseGroups bool) {
	q.narrow.StrictServices, q.narrow.LooseGroups = strictServices, looseGroups
}

// Parse reads the lines of a query that begins with GET, without their ends; tables are those that there are, by name. The query is never nil: with an error it says how the client wants to be told.
func Parse(lines []string, tables map[string]*table.Table, now time.Time) (*Query, *Error) {
	p := parser{q: &Query{limit: -1, seps: [4]byte{'\n', ';', ',', '|'}, narrow: table.Narrow{Anyone: true}}, now: now}
	if len(lines) == 0 {
		return p.q, &Error{Incomplete, "Client connection terminated while request still incomplete"}
	}
	p.first(lines[0], tables)
	for _, line := range lines[1:] {
		p.header(line)
	}
	p.finish()
	return p.q, p.err
}

// parser reads one query. Headers may come in any order: what depends on several is put together at the end.
type parser struct {
	q       *Query
	now     time.Time
	err     *Error // the first one
	filters []*node
	waits   []*node
	stats   []rawStat
	wait    *Wait
	headers string // of ColumnHeaders
	leaves  int
	sorts   int
	regex   int // bytes of regular expressions
	memos   *memos
}

func (p *parser) fail(code int, format string, args ...any) {
	if p.err == nil {
		p.err = &Error{code, fmt.Sprintf(format, args...)}
	}
}

// first reads the line with the name of the table.
func (p *parser) first(line string, tables map[string]*table.Table) {
	verb, name, _ := strings.Cut(line, " ")
	name = strings.TrimSpace(name)
	switch {
	case verb != "GET":
		p.fail(BadRequest, "Invalid request method")
	case name == "":
		p.fail(BadRequest, "Invalid GET request, missing tablename")
	default:
		if p.q.table = tables[name]; p.q.table == nil {
			p.fail(NotFound, "Invalid GET request, no such table '%s'", name)
		}
	}
}

// finish puts together what several headers say.
func (p *parser) finish() {
	q := p.q
	if p.err != nil || q.table == nil {
		return
	}
	all := &node{kind: and, kids: p.filters}
	q.narrow.Host, q.narrow.Service = all.equals(hostColumn(q.table)), all.equals(serviceColumn(q.table))
	q.narrow.From, q.narrow.Until = all.times(q.shift)
	q.narrow.Classes = all.classes()
	q.narrow.NewestFirst = q.table.Name == "log"
	q.filter = p.compile(all)
	p.statistics()
	p.finishWait()
	q.work = p.leaves + p.regex
	plain := len(q.columns) == 0 && len(q.stats) == 0
	if plain {
		for i := range q.table.Columns {
			q.columns = append(q.columns, column{name: q.table.Columns[i].Name, of: &q.table.Columns[i]})
		}
	}
	sameOnes(q.columns)
	q.headers = p.headers == "on" || p.headers == "" && plain
}

// sameOnes finds the columns that are asked for again: their value is made once.
func sameOnes(columns []column) {
	first := make(map[*table.Column]int, len(columns))
	for i := range columns {
		switch of, at := columns[i].of, first[columns[i].of]; {
		case of == nil:
		case at > 0:
			columns[i].same = at
		default:
			first[of] = i + 1
		}
	}
}

// hostColumn is the column with the name of the host of a row.
func hostColumn(t *table.Table) string {
	if t.Prefix == "host_" {
		return "name"
	}
	return "host_name"
}

// serviceColumn is the column with the name of the service of a row.
func serviceColumn(t *table.Table) string {
	if t.Prefix == "service_" {
		return "description"
	}
	return "service_description"
}

// column finds a column: by its name, or by its name with the prefix of the table. One that is not there is no mistake:
// clients ask for what only some servers have.
func (p *parser) column(name string) column {
	if p.q.table == nil {
		return column{name: name}
	}
	columns := p.q.table.Columns
	for short, cut := name, true; cut; short, cut = strings.CutPrefix(short, cmp.Or(p.q.table.Prefix, "\x00")) {
		i, ok := slices.BinarySearchFunc(columns, short, func(c table.Column, name string) int { return strings.Compare(c.Name, name) })
		if ok {
			return column{name: short, of: &columns[i]}
		}
	}
	return column{name: name}
}
