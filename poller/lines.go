package poller

import (
	"hash/maphash"
	"slices"

	"github.com/onbu/onbu/modules"
)

const (
	// maxLines is how many command lines are remembered. Each costs some 60 bytes beside what its module made of it.
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
	limit  int
	seeds  [2]maphash.Seed
	count  int
	chunks [][]line
	// table tells where in chunks a key is: the upper half of an entry is a part of the key, the lower one the place and 1;
	// 0 is empty. The key says where in the table it wants to be; what is taken there comes behind it. No map of Go's is
	// used because it would hash the hash, and fetch five lines of memory where this one fetches two.
	table   []uint64
	hand    int
	modules []string // names of modules
}

func newLines(limit int) lines {
	return lines{limit: limit, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, table: make([]uint64, 16)}
}

// key needs no lock.
func (s *lines) key(text []byte) lineKey {
	return lineKey{maphash.Bytes(s.seeds[0], text), maphash.Bytes(s.seeds[1], text)}
}

func (s *lines) place(i int) *line { return &s.chunks[i/lineChunk][i%lineChunk] }

// find gives nil for a line that is not remembered.
func (s *lines) find(key lineKey) *line {
	entry := s.table[s.seek(key)]
	if entry == 0 {
		return nil
	}
	l := s.at(entry)
	l.used = true
	return l
}

// seek gives where in the table a key is, or the empty place where it is to be.
func (s *lines) seek(key lineKey) uint64 {
	mask := uint64(len(s.table) - 1)
	for i := key.a & mask; ; i = (i + 1) & mask {
		entry := s.table[i]
		if entry == 0 || entry>>32 == key.b>>32 && s.at(entry).key == key {
			return i
		}
	}
}

// at gives the line of an entry of the table.
func (s *lines) at(entry uint64) *line { return s.place(int(uint32(entry)) - 1) }

// add remembers a line that find did not find.
func (s *lines) add(key lineKey, p Prepared) *line {
	i := s.count
	if i >= s.limit {
		i = s.forget()
	} else if i == lineChunk*len(s.chunks) {
		s.chunks = append(s.chunks, make([]line, lineChunk))
	}
	l := s.place(i)
	l.key, l.probe, l.module, l.forked, l.used = key, p.Probe, s.name(p.Module), p.Why != "", false
	l.last.set(0)
	if s.count++; s.count > len(s.table)/4*3 {
		s.grow()
	}
	s.table[s.seek(key)] = key.b>>32<<32 | uint64(i+1)
	return l
}

func (s *lines) grow() {
	old := s.table
	s.table = make([]uint64, 2*len(old))
	for _, entry := range old {
		if entry != 0 {
			s.table[s.seek(s.at(entry).key)] = entry
		}
	}
}

// forget gives the place of a line that was not used lately.
func (s *lines) forget() int {
	for {
		i := s.hand
		s.hand = (s.hand + 1) % s.limit
		l := s.place(i)
		if !l.used {
			s.remove(l.key)
			return i
		}
		l.used = false
	}
}

// remove takes a key that is there out of the table. What stands behind it moves up, unless it is where it wants to be.
func (s *lines) remove(key lineKey) {
	mask := uint64(len(s.table) - 1)
	hole := s.seek(key)
	for i := (hole + 1) & mask; s.table[i] != 0; i = (i + 1) & mask {
		if home := s.at(s.table[i]).key.a; (i-home)&mask >= (i-hole)&mask {
			s.table[hole], hole = s.table[i], i
		}
	}
	s.table[hole] = 0
	s.count--
}

func (s *lines) name(module string) uint16 {
	i := slices.Index(s.modules, module)
	if i < 0 {
		s.modules = append(s.modules, module)
		i = len(s.modules) - 1
	}
	return uint16(i)
}
