package piggyback

import "bytes"

// hand adds lines, or parts of one, to where they go, as far as there is room. What has no room for a line takes none after
// it either.
func (s *Splitter) hand(p []byte) {
	switch {
	case len(p) == 0 || s.lost || s.into == intoNone:
	case s.into == intoOwn && s.ownFull:
		s.dropped.OwnBytes += uint64(len(p))
	case s.into == intoOwn:
		s.handOwn(p)
	default:
		s.handBlock(&s.blocks[s.into], p)
	}
}

func (s *Splitter) handOwn(p []byte) {
	room := s.limits.Own - s.own.size
	if len(p) <= room {
		s.own.add(p)
		return
	}
	before := s.own.size
	s.own.add(p[:bytes.LastIndexByte(p[:room], '\n')+1])
	s.own.cut()
	s.ownFull = true
	s.dropped.OwnBytes += uint64(before + len(p) - s.own.size)
}

func (s *Splitter) handBlock(b *Block, p []byte) {
	if b.Cut {
		s.dropped.Bytes += uint64(len(p))
		return
	}
	before, room := len(b.Data), cap(b.Data)
	var over int
	b.Data, over = add(b.Data, p, min(s.limits.Target-before, s.limits.Total-s.total))
	b.Cut = over > 0
	s.total += len(b.Data) - before
	s.room += cap(b.Data) - room
	s.dropped.Bytes += uint64(over)
}

// add appends p where there is room for it; else as many whole lines as there is room for, also without the beginning of
// a line that stood there before. It gives the number of bytes that are left out.
func add(to, p []byte, room int) (all []byte, over int) {
	if len(p) <= room {
		return append(grow(to, len(p)), p...), 0
	}
	n := len(to) + len(p)
	if i := bytes.LastIndexByte(p[:room], '\n'); i >= 0 {
		to = append(to, p[:i+1]...)
	} else {
		to = to[:bytes.LastIndexByte(to, '\n')+1]
	}
	return to, n - len(to)
}

// grow makes room for n bytes more where much was gathered already: by doubling, since the steps of append would leave four
// times as much behind for the garbage collector as there is in the end.
func grow(b []byte, n int) []byte {
	const much = 1 << 20
	if cap(b) < much || cap(b)-len(b) >= n {
		return b
	}
	return append(make([]byte, 0, max(2*cap(b), len(b)+n)), b...)
}

// takeBack removes the beginning of a line that was handed on.
func (s *Splitter) takeBack() {
	switch {
	case s.lost || s.into == intoNone:
	case s.into == intoOwn && !s.ownFull:
		s.own.cut()
	case s.into >= 0 && !s.blocks[s.into].Cut:
		b := &s.blocks[s.into]
		before := len(b.Data)
		b.Data = b.Data[:bytes.LastIndexByte(b.Data, '\n')+1]
		s.total -= before - len(b.Data)
	}
}
