// Package ini knows the dialect of ini files in which snmp_booster's datasources are written: that of Python's ConfigObj,
// with sections that nest by their number of brackets, lists, four kinds of quotes, and values that name other values
// ("template" interpolation). Sources: ConfigObj 5's documentation, and the files that people have.
//
// It reads files that people wrote, so every mistake is said with its place, and reading goes on behind it.
package ini

import (
	"fmt"
	"slices"
)

// Pos is a place in a file; lines count from 1.
type Pos struct {
	File string
	Line int
}

// String gives "file:line".
func (p Pos) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// Mistake is something wrong at a place.
type Mistake struct {
	Pos
	Text string
}

// String gives "file:line: text".
func (m Mistake) String() string {
	if m.Line == 0 {
		return m.File + ": " + m.Text
	}
	return m.Pos.String() + ": " + m.Text
}

// Value is what stands behind "=": one item, or several parted by commas. Names in it ($Name) are replaced.
type Value struct {
	Pos
	Items []string
}

// Section is a section with its values and the sections inside it. The outermost has no name.
type Section struct {
	Pos
	Name     string
	parent   *Section
	sections []*Section
	keys     []string
	values   map[string]Value
}

// Empty gives a tree with nothing in it.
func Empty() *Section { return &Section{values: map[string]Value{}} }

// Sections gives the sections inside, in the order in which they were first written.
func (s *Section) Sections() []*Section { return s.sections }

// Section gives a section inside; nil if there is none.
func (s *Section) Section(name string) *Section {
	i := slices.IndexFunc(s.sections, func(in *Section) bool { return in.Name == name })
	if i < 0 {
		return nil
	}
	return s.sections[i]
}

// Keys gives the names of the values, in the order in which they were first written.
func (s *Section) Keys() []string { return s.keys }

// Value gives a value with the names in it replaced. found is true also where that is not possible.
func (s *Section) Value(key string) (v Value, found bool, err error) {
	v, found = s.values[key]
	if !found {
		return v, false, nil
	}
	items := make([]string, len(v.Items))
	for i, item := range v.Items {
		if items[i], err = s.replace(item, 0); err != nil {
			return v, true, err
		}
	}
	v.Items = items
	return v, true, nil
}

// enter gives the section of that name inside, made if need be.
func (s *Section) enter(name string, at Pos) *Section {
	if in := s.Section(name); in != nil {
		return in
	}
	in := &Section{Pos: at, Name: name, parent: s, values: map[string]Value{}}
	s.sections = append(s.sections, in)
	return in
}

// set sets a value; again says that the same file set it before.
func (s *Section) set(key string, v Value) (again bool) {
	before, found := s.values[key]
	if !found {
		s.keys = append(s.keys, key)
	}
	s.values[key] = v
	return found && before.File == v.File
}
