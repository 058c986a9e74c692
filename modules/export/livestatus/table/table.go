// Package table knows what Livestatus has to show: its tables, their columns with types and descriptions, and how each is
// read from one moment of the engine. What a query asks of them another package knows.
package table

import (
	"time"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/catalog"
)

// Kind is what a column holds.
type Kind uint8

// The kinds of columns. A Time is an Int in Unix seconds, which Localtime shifts.
const (
	Int Kind = iota
	Time
	Float
	String
	List
	Dict
)

// String gives the kind as the table columns has it.
func (k Kind) String() string {
	return [...]string{"int", "time", "float", "string", "list", "dict"}[k]
}

// Column is one column of a table. Of the functions those of its kind are set; they may be called for many rows and allocate
// nothing where they can help it.
type Column struct {
	Name, Description string
	Kind              Kind
	Int               func(*Row) int64   // Int and Time
	Float             func(*Row) float64 // Float
	Text              func(*Row) string  // String
	// List gives the elements as filters compare them: names, and host|service for pairs.
	// The slice is read-only and holds until the row is used again.
	List func(*Row) []string
	Dict func(*Row) []monitor.Var // names in capitals, without underscores
	// Value gives what JSON shows where that is more than Int, Float, Text, List or Dict say: lists of lists. Else it is nil.
	Value func(*Row) any
}

// Table is one table.
type Table struct {
	Name string
	// Prefix is what may stand before the name of a column and count for nothing: "host_" in hosts.
	Prefix string
	// Columns are sorted by name.
	Columns []Column
	// Each hands on every row, always in the same order, until yield returns false. The row is used again for the next one;
	// a Line in it is not.
	Each func(w *World, n Narrow, yield func(*Row) bool)
	// Find gives the row of an object as WaitObject names it, if the query may see it; nil where the table has no such rows.
	Find func(w *World, n Narrow, object string) (*Row, bool)
}

// Narrow says which rows are enough: what a query's filters make sure of. A table may hand on more, but never a row that
// Contact may not see: no filter stands behind it there.
type Narrow struct {
	// Host is the only host whose rows are asked for; empty for all.
	Host string
	// Contact is whose objects are asked for (AuthUser); Anyone says that there is no such bound. An unknown contact sees
	// nothing.
	Contact string
	Anyone  bool
	// StrictServices leaves out services of which Contact is a contact only of the host; LooseGroups keeps groups of which
	// Contact sees only some members.
	StrictServices, LooseGroups bool
	// From and Until bound the time of rows of the log, in Unix seconds, both included; Until 0 is no bound.
	From, Until int64
	// Service is the only service whose rows are asked for, of whatever host; empty for all.
	Service string
	// Classes are those of the log that are asked for, a bit each: 1<<class; 0 for all.
	Classes uint32
	// NewestFirst turns the order of the log round, as Naemon has it.
	NewestFirst bool
}

// World is one moment of the engine.
type World struct {
	Now     time.Time
	View    *view.Snapshot
	Catalog *catalog.Catalog
	// Log reads the history: each line in the order of time, or the newest first. nil where there is none.
	Log func(n Narrow, yield func(*Line) bool) error
	// Program is what the table status says besides.
	Program Program
	// Ended says that nobody waits any more for what is read: long lists are broken off. nil for never. It is called often.
	Ended func() bool
}

// Over says that nobody waits any more: whatever is given then counts for nothing.
func (w *World) Over() bool { return w.Ended != nil && w.Ended() }

// Program is what the table status says of the engine itself.
type Program struct {
	Version string
	PID     int
	Started time.Time
	// Connections, Requests and Commands are counted since the start.
	Connections, Requests, Commands int64
	Services                        int // connections open now
}

// Line is one line of the history.
type Line struct {
	ID      int64
	Time    int64
	Class   int // 0 info, 1 alert, 2 program, 3 notification, 4 passive check, 5 external command, 6 state, 7 text
	Type    string
	Host    string
	Service string
	Contact string
	Command string
	Output  string
	Comment string
	Options string
	// Message is the whole line as Nagios writes it, without the time.
	Message   string
	StateType string
	State     int
	Attempt   int
}
