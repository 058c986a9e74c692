package recall

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

const (
	// sendersMost is how many senders are remembered: those that were heard of last. marksMost is the same for single messages: those of
	// four minutes at 125 results a second with ids of their own, which a second receiver may bring again out of its spool.
	sendersMost = 256
	marksMost   = 32768
	// sameWithin is how far the times of two messages with one id and one content may lie apart that are the same: as long as the bus
	// itself knows an id. Who uses one name for ever, as for a nightly backup, is heard again later.
	sameWithin = 2 * time.Minute
)

// Message is what tells a message from others.
type Message struct {
	ID string
	// Content is what is in it, but for At: a time that whoever passed it on may have given it, zero where it has none.
	Content []byte
	At      monitor.Time
}

// Seen knows which messages a shard has used, by their ids, so that one that is stored a second time is not used a second time:
// the bus itself knows ids for two minutes only, and a spool may be emptied hours after a try of which nobody heard that it was
// stored. Senders whose ids rise cost one number each; of other messages the last few are remembered. The zero Seen knows nothing.
type Seen struct {
	senders map[string]uint64
	heard   []string                // the senders, the one that was heard of last behind
	marks   map[uint64]monitor.Time // with the newest time of each
	recent  []uint64                // the marks, oldest first
	news    []wire.Seen
}

// Twice says whether a message was used before. kind tells apart streams in which one sender has ids.
func (s *Seen) Twice(kind string, m *Message) bool {
	sender, _, last, ok := bus.CutID(m.ID)
	switch {
	case m.ID == "":
		return false
	case ok:
		return last <= s.senders[kind+sender] // ids begin at 1
	}
	at, known := s.marks[mark(m)]
	return known && m.At.Sub(at).Abs() <= sameWithin
}

// Use notes that a message is used.
func (s *Seen) Use(kind string, m *Message) {
	if m.ID == "" {
		return
	}
	var one wire.Seen
	if sender, _, last, ok := bus.CutID(m.ID); ok {
		one = wire.Seen{From: kind + sender, UpTo: last}
	} else {
		one.UpTo, one.At = mark(m), m.At
	}
	s.note(one)
	if i := slices.IndexFunc(s.news, func(n wire.Seen) bool { return n.From != "" && n.From == one.From }); i >= 0 {
		s.news[i] = one
		return
	}
	s.news = append(s.news, one)
}

// News gives what came since the last call.
func (s *Seen) News() []wire.Seen {
	news := s.news
	s.news = nil
	return news
}

// All gives everything, for Learn.
func (s *Seen) All() []wire.Seen {
	all := make([]wire.Seen, 0, len(s.heard)+len(s.recent))
	for _, sender := range s.heard {
		all = append(all, wire.Seen{From: sender, UpTo: s.senders[sender]})
	}
	for _, m := range s.recent {
		all = append(all, wire.Seen{UpTo: m, At: s.marks[m]})
	}
	return all
}

// Learn takes what All or News gave.
func (s *Seen) Learn(all []wire.Seen) {
	for _, one := range all {
		s.note(one)
	}
}

func (s *Seen) note(one wire.Seen) {
	if s.senders == nil {
		s.senders, s.marks = map[string]uint64{}, map[uint64]monitor.Time{}
	}
	if one.From == "" {
		s.mark(one.UpTo, one.At)
		return
	}
	if len(s.heard) == 0 || s.heard[len(s.heard)-1] != one.From {
		if i := slices.Index(s.heard, one.From); i >= 0 {
			s.heard = slices.Delete(s.heard, i, i+1)
		}
		s.heard = append(s.heard, one.From)
	}
	s.senders[one.From] = max(s.senders[one.From], one.UpTo)
	if len(s.heard) > sendersMost {
		delete(s.senders, s.heard[0])
		s.heard = slices.Delete(s.heard, 0, 1)
	}
}

func (s *Seen) mark(m uint64, at monitor.Time) {
	before, known := s.marks[m]
	if s.marks[m] = max(before, at); known {
		return
	}
	if s.recent = append(s.recent, m); len(s.recent) > marksMost {
		delete(s.marks, s.recent[0])
		s.recent = s.recent[1:]
	}
}

// mark tells a message by its id and what is in it: whoever sends a new result under an old name is heard.
func mark(m *Message) uint64 {
	h := sha256.New()
	h.Write([]byte(m.ID))
	h.Write([]byte{0})
	h.Write(m.Content)
	return binary.BigEndian.Uint64(h.Sum(nil))
}
