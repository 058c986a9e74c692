package poller

import (
	"hash/maphash"
	"slices"

	"github.com/onbu/onbu/modules"
)

const (
	// maxLines is how many command lines are remembered. Each costs some 80 bytes beside what its module made of it.
	maxLines  = 1 << 21
	lineChunk = 1 << 10
)

// line is a command line that was seen. What it remembers of its last run is only a hint: when a line is forgotten, its
// place is given to another one even while a check of it is under way.
type line struct {
	key    lineKey
	probe  modules.Probe
	module uint16 // in lines.modules
	forked bool
	used   bool // again, since the hand came by
	last   memory
}

// lineKey stands for the text of a line: two hashes of 64 bits with seeds of their own, drawn at each start, so that nobody
// can look for two texts with one key. Among two million lines any two have the same with odds of 1 to 10^26.
type lineKey struct{ a, b uint64 }

// lines remembers command lines, not more than limit. Then a new one takes the place of one that was not used again since the
// hand came by last: "clock", as operating systems choose pages. Not for use by several goroutines at once.
type lines struct {
	limit   int
	seeds   [2]maphash.Seed
	at      map[lineKey]uint32 // where in chunks
	chunks  [][]line
	hand    int
	modules []string // names of modules
}

func newLines(limit int) lines {
	return lines{limit: limit, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, at: map[lineKey]uint32{}}
}

func (s *lines) len() int { return len(s.at) }

// key needs no lock.
func (s *lines) key(text []byte) lineKey {
	return lineKey{maphash.Bytes(s.seeds[0], text), maphash.Bytes(s.seeds[1], text)}
}

func (s *lines) place(i int) *line { return &s.chunks[i/lineChunk][i%lineChunk] }

// find gives nil for a line that is not remembered.
func (s *lines) find(key lineKey) *line {
	i, ok := s.at[key]
	if !ok {
		return nil
	}
	l := s.place(int(i))
	l.used = true
	return l
}

// add remembers a line that find did not find.
func (s *lines) add(key lineKey, p Prepared) *line {
	i := len(s.at)
	if i >= s.limit {
		i = s.forget()
	} else if i == lineChunk*len(s.chunks) {
		s.chunks = append(s.chunks, make([]line, lineChunk))
	}
	l := s.place(i)
	l.key, l.probe, l.module, l.forked, l.used = key, p.Probe, s.name(p.Module), p.Why != "", false
	l.last.set(0)
	s.at[key] = uint32(i)
	return l
}

// forget gives the place of a line that was not used lately.
func (s *lines) forget() int {
	for {
		i := s.hand
		s.hand = (s.hand + 1) % s.limit
		l := s.place(i)
		if !l.used {
			delete(s.at, l.key)
			return i
		}
		l.used = false
	}
}

func (s *lines) name(module string) uint16 {
	i := slices.Index(s.modules, module)
	if i < 0 {
		s.modules = append(s.modules, module)
		i = len(s.modules) - 1
	}
	return uint16(i)
}
