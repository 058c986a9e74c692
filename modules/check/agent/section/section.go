// Package section knows the grammar of a Checkmk agent's output: headers with their options, lines and columns.
package section

import (
	"iter"
	"strings"
	"time"
)

// Section is all that one output, or several together, say under one name.
type Section struct {
	Name  string
	Parts []Part
}

// Part is what stands behind one header.
type Part struct {
	// Lines are the lines without their ends, blank ones left out; stripped of white space at both ends unless the header
	// says nostrip.
	Lines []string
	// Separator parts the columns; White for runs of white space, Whole for lines that are one column.
	Separator int
	// At and Valid are of a header with cached: when the data were made, and for how long they are good. Zero otherwise.
	At    time.Time
	Valid time.Duration
	// Until is of a header with persist: how long the data are kept when later outputs do not have the section.
	Until time.Time
	// Source is the host whose output brought it as a payload; empty for the host's own agent.
	Source string
	// Fetched is when the output that held it was fetched. Zero if that is not known.
	Fetched time.Time
}

// What Separator may be besides a character.
const (
	White = -1
	Whole = 0
)

// mostColumned is how much of a line is parted, in bytes: each column takes room of its own.
const mostColumned = 1 << 20

// Columns parts a line. What is beyond a megabyte of it is left out, unless the line is one column.
func (p *Part) Columns(line string) []string {
	if p.Separator != Whole && len(line) > mostColumned {
		line = line[:mostColumned]
	}
	switch p.Separator {
	case White:
		return strings.Fields(line)
	case Whole:
		return []string{line}
	}
	return strings.Split(line, string(rune(p.Separator)))
}

// Rows gives the columns of every line of every part, at least one each.
func (s *Section) Rows() iter.Seq2[*Part, []string] {
	return func(yield func(*Part, []string) bool) {
		for i := range s.Parts {
			p := &s.Parts[i]
			for _, line := range p.Lines {
				if columns := p.Columns(line); len(columns) > 0 && !yield(p, columns) {
					return
				}
			}
		}
	}
}

// Set is the sections of a host by name. The zero value is empty.
type Set struct {
	by    map[string]*Section
	names []string
	// spare and first are room for further sections and for the first part of each.
	spare []Section
	first []Part
}

// Get gives a section; nil if it is not there.
func (s *Set) Get(name string) *Section { return s.by[name] }

// Names gives the names in the order in which they came first.
func (s *Set) Names() []string { return s.names }

// Add puts a part behind those of its name.
func (s *Set) Add(name string, p Part) { s.add(name, p) }

// add gives the place of the part, which is good until the next one of that name comes.
func (s *Set) add(name string, p Part) *Part {
	if s.by == nil {
		s.by = make(map[string]*Section, chunk)
	}
	sec := s.by[name]
	if sec == nil {
		sec = s.room()
		sec.Name = name
		s.by[name], s.names = sec, append(s.names, name)
	}
	sec.Parts = append(sec.Parts, p)
	return &sec.Parts[len(sec.Parts)-1]
}

// chunk is for how many sections room is made first, and mostChunk later.
const (
	chunk     = 8
	mostChunk = 64
)

// room gives a section without name, with room for one part.
func (s *Set) room() *Section {
	if len(s.spare) == 0 {
		n := min(max(chunk, len(s.names)), mostChunk)
		s.spare, s.first = make([]Section, n), make([]Part, n)
	}
	sec := &s.spare[0]
	sec.Parts = s.first[0:0:1]
	s.spare, s.first = s.spare[1:], s.first[1:]
	return sec
}
