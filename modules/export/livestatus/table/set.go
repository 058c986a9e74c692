package table

// Set is all tables there are. It is read-only; any goroutine may use it.
type Set struct {
	tables map[string]*Table
}

// New makes a set of all tables, or, where tables are given, of those.
func New(tables ...*Table) *Set {
	s := &Set{tables: map[string]*Table{}}
	for _, t := range tables {
		s.tables[t.Name] = t
	}
	return s
}

// Find gives the table of a name; nil if there is none.
func (s *Set) Find(name string) *Table { return s.tables[name] }
