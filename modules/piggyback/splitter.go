// Package piggyback knows what hosts say about other hosts: where the payloads stand in the output of an agent, whose they
// are, whether the source may speak for them, and how long they are good for. It only decides; others fetch and carry.
package piggyback

import "bytes"

// Limits bounds what is kept of one output. What lies beyond is dropped and counted; 0 stands for the default.
type Limits struct {
	Own      int // bytes of the output's own sections; 16 MiB
	Sections int // own sections; 16,384
	Target   int // bytes for one other host; 4 MiB
	Targets  int // hosts, by the names in the output; 12,000
	Total    int // bytes for all other hosts together, with their names; 64 MiB
	Line     int // bytes of a line; 4 MiB
}

// maxHeader bounds a line that may be a header, and maxRaw the name of a host in it: longer ones are no names.
const (
	maxHeader = 4 << 10
	maxRaw    = 1 << 10
)

func (l Limits) orDefault() Limits {
	set := func(n *int, usual int) {
		if *n <= 0 {
			*n = usual
		}
	}
	set(&l.Own, 16<<20)
	set(&l.Sections, 16<<10)
	set(&l.Target, 4<<20)
	set(&l.Targets, 12000)
	set(&l.Total, 64<<20)
	set(&l.Line, 4<<20)
	return l
}

// Block is what an output holds for one other host.
type Block struct {
	Name []byte // as it stands in the output
	// Data are whole lines as they stand there, from a section's header on; several places under one name are joined. It is
	// empty when the name stands there with nothing.
	Data []byte
	// Cut says that more was there than the limits allow.
	Cut bool
}

// Dropped counts what was left out of an output.
type Dropped struct {
	OwnBytes uint64 // of own sections, beyond Limits.Own
	Bytes    uint64 // for other hosts, beyond Limits.Target or Total
	Blocks   uint64 // for other hosts, beyond Limits.Targets or without room for the name
	Names    uint64 // blocks whose names are too long to be any
	Sections uint64 // own ones, beyond Limits.Sections
	Lines    uint64 // longer than Limits.Line, or like headers and too long for one
}

// Any says whether anything was left out.
func (d Dropped) Any() bool { return d != Dropped{} }

// Splitter divides the output of an agent into its own sections and blocks for other hosts, while it is being read. Its
// memory is bounded by its Limits whatever it is given. One goroutine at a time may use it.
//
// "<<<<NAME>>>>" on a line of its own begins a block, "<<<<>>>>" ends it; blocks do not lie in each other. Where a block begins or
// ends, a section ends too: lines up to the next "<<<" header are no one's.
type Splitter struct {
	limits  Limits
	own     text
	blocks  []Block
	byName  map[string]int
	total   int // bytes of the blocks, with their names
	room    int // what the blocks take
	dropped Dropped

	ownFull  bool
	sections int // own ones so far
	// into is where lines go: a number of blocks, or one of the words below.
	into int
	// lost says that lines are no one's until a section begins.
	lost bool
	// held is the beginning of a line that may be a header.
	held []byte
	// line says that the beginning of the line is handed on already, length how much of it; skip that the rest is dropped.
	line, skip bool
	length     int
	long       longLine
}

// blockRoom is about what a block takes besides its data and its name, which is there twice.
const blockRoom = 200

const (
	intoOwn  = -1
	intoNone = -2
)

// NewSplitter begins an output.
func NewSplitter(l Limits) *Splitter {
	return &Splitter{limits: l.orDefault(), byName: map[string]int{}, into: intoOwn, own: text{pieces: ownPieces{}}}
}

// Borrow has the output gathered in pieces that are lent. It is called before anything is written.
func (s *Splitter) Borrow(p Pieces) { s.own.pieces = p }

// Write takes the next piece, of any size. It keeps nothing of p, takes all of it, and never gives an error.
func (s *Splitter) Write(p []byte) (int, error) {
	n := len(p)
	p = s.finish(p)
	for len(p) > 0 {
		p = s.lines(p)
	}
	return n, nil
}

// Close ends the output. It is harmless to call it again.
func (s *Splitter) Close() {
	if len(s.held) > 0 {
		s.whole(s.held)
		s.held = s.held[:0]
	}
	if s.long.under {
		s.endLong()
	}
	s.line, s.skip, s.length = false, false, 0
}

// Own gives the output's own sections. The slice is the caller's once the Splitter is closed.
func (s *Splitter) Own() []byte { return s.own.bytes() }

// Kept is how many bytes are kept so far, and Held is how much memory they take.
func (s *Splitter) Kept() int { return s.own.size + s.total }

// Held is described at Kept.
func (s *Splitter) Held() int { return s.own.held + s.room }

// Discard ends an output that nobody wants: what was kept of it is gone.
func (s *Splitter) Discard() {
	s.own.discard()
	s.blocks, s.total, s.room, s.into = nil, 0, 0, intoNone
}

// Blocks gives what is for others, in the order in which they first came. The slices are the caller's once the Splitter is
// closed.
func (s *Splitter) Blocks() []Block { return s.blocks }

// Dropped counts what was left out so far.
func (s *Splitter) Dropped() Dropped { return s.dropped }

// finish hands on the rest of a line that an earlier piece began, and gives what is behind it.
func (s *Splitter) finish(p []byte) []byte {
	for len(p) > 0 && (s.line || s.long.under || len(s.held) > 0) {
		part, ended := p, false
		if i := bytes.IndexByte(p, '\n'); i >= 0 {
			part, ended = p[:i+1], true
		}
		p = p[len(part):]
		switch {
		case s.long.under:
			s.long.see(part)
			if ended {
				s.endLong()
			}
		case s.line:
			s.goOn(part, ended)
		default:
			s.hold(part, ended)
		}
	}
	return p
}

// goOn hands on more of a plain line. Of one that is too long it hands on as much as a line may have and takes that back, so
// that it makes no difference in which pieces the line came.
func (s *Splitter) goOn(part []byte, ended bool) {
	room := s.limits.Line - s.length
	s.length += len(part)
	switch {
	case s.skip:
	case len(part) > room:
		s.hand(part[:room])
		s.takeBack()
		s.dropped.Lines++
		s.skip = true
	default:
		s.hand(part)
	}
	s.line = !ended
	if ended {
		s.skip, s.length = false, 0
	}
}

// hold gathers a line that may be a header until it is known what it is.
func (s *Splitter) hold(part []byte, ended bool) {
	n := min(len(part), maxHeader-len(s.held))
	s.held = append(s.held, part[:n]...)
	switch {
	case n < len(part):
		s.tooLong(part[n:], ended)
	case ended:
		s.whole(s.held)
	case !looksLikeHeader(s.held):
		s.goOn(s.held, false)
	default:
		return
	}
	s.held = s.held[:0]
}

// tooLong takes a line that is longer than a header may be: what is held of it, and more.
func (s *Splitter) tooLong(more []byte, ended bool) {
	if t := trimLeft(s.held); len(t) < 3 || !looksLikeHeader(t) {
		s.goOn(s.held, false)
		s.goOn(more, ended)
		return
	}
	s.long = longLine{under: true, four: isFour(s.held, more)}
	s.long.see(s.held)
	s.long.see(more)
	if ended {
		s.endLong()
	}
}

// lines takes p from the beginning of a line up to the first one that changes where lines go, or is not whole, and gives
// what is behind it.
func (s *Splitter) lines(p []byte) []byte {
	for at := 0; at < len(p); {
		end := bytes.IndexByte(p[at:], '\n') + 1
		whole := end > 0
		if !whole {
			end = len(p) - at
		}
		line := p[at : at+end]
		if whole && end <= s.limits.Line && s.passes(line) {
			at += end
			continue
		}
		s.hand(p[:at])
		s.begin(line, whole)
		return p[at+end:]
	}
	s.hand(p)
	return nil
}

// begin takes a line that needs a closer look from its beginning on.
func (s *Splitter) begin(line []byte, whole bool) {
	if looksLikeHeader(line) {
		s.hold(line, whole)
		return
	}
	s.goOn(line, whole)
}

// passes says whether a whole line goes where the one before it went.
func (s *Splitter) passes(line []byte) bool {
	if !mayBeHeader(line) {
		return true
	}
	if len(line) > maxHeader {
		return false
	}
	switch kindOf(line) {
	case plain:
		return true
	case section:
		return !s.lost && s.sectionFits()
	}
	return false
}

// sectionFits counts a section if there is room for it.
func (s *Splitter) sectionFits() bool {
	if s.into != intoOwn {
		return true
	}
	if s.sections == s.limits.Sections {
		return false
	}
	s.sections++
	return true
}

// whole takes a whole line that is no longer than a header may be.
func (s *Splitter) whole(line []byte) {
	switch kindOf(line) {
	case plain:
		s.goOn(line, true)
	case section:
		s.lost = !s.sectionFits()
		if s.lost {
			s.dropped.Sections++
		}
		s.hand(line)
	case footer:
		s.into, s.lost = intoOwn, true
	case header:
		t := trim(line)
		s.into, s.lost = s.block(t[4:len(t)-4]), true
	}
}

// block gives where the lines for a host go.
func (s *Splitter) block(name []byte) int {
	if i, ok := s.byName[string(name)]; ok {
		return i
	}
	switch {
	case len(name) > maxRaw:
		s.dropped.Names++
		return intoNone
	case len(s.blocks) >= s.limits.Targets || s.total+len(name) > s.limits.Total:
		s.dropped.Blocks++
		return intoNone
	}
	kept := string(name)
	s.total += len(kept)
	s.room += blockRoom + 2*len(kept)
	s.byName[kept] = len(s.blocks)
	s.blocks = append(s.blocks, Block{Name: []byte(kept)})
	return len(s.blocks) - 1
}

// endLong ends a line that begins like a header and is too long for one.
func (s *Splitter) endLong() {
	switch {
	case s.long.four && s.long.closing >= 4:
		s.into, s.lost = intoNone, true
		s.dropped.Names++
	case s.long.closing >= 3:
		s.lost = true // a header that nobody can read ends the section before it
		s.dropped.Lines++
	default:
		s.dropped.Lines++
	}
	s.long = longLine{}
}
