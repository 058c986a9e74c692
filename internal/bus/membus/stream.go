package membus

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/onbu/onbu/internal/bus"
)

// dedup is how long a stream knows the ids of its messages.
const dedup = 2 * time.Minute

// stream holds messages by sequence. Its methods want Bus.mu.
type stream struct {
	keep      bus.Keeping
	last      uint64
	msgs      []message // ascending by sequence, with gaps
	bytes     int64
	ids       map[string]idAt
	known     []string // the keys of ids, oldest first
	readers   map[string]*durable
	latest    map[bus.Subject]uint64 // of a stream that keeps the last of each subject: where that is
	gone      int                    // how many of msgs are gone
	timed     int                    // how many messages had a time of their own
	committed map[string]uint64      // the last sequence by batch id
	owners    map[uint16]uint64      // the fence by shard
}

type message struct {
	bus.Msg
	keep  bool      // no limit removes it
	until time.Time // it is gone from then on; zero for never
	gone  bool
}

func (m *message) there() bool { return !m.gone && (m.until.IsZero() || time.Now().Before(m.until)) }

type idAt struct {
	seq uint64
	at  time.Time
}

func newStream(k bus.Keeping) *stream {
	return &stream{keep: k, ids: map[string]idAt{}, readers: map[string]*durable{}, latest: map[bus.Subject]uint64{}, committed: map[string]uint64{}, owners: map[uint16]uint64{}}
}

// size is what a message counts against MaxBytes.
func size(subject bus.Subject, data []byte) int64 { return int64(len(subject)+len(data)) + 30 }

// seen returns the sequence of the message with this id, 0 when it is not known.
func (s *stream) seen(id string) uint64 {
	for len(s.known) > 0 && time.Since(s.ids[s.known[0]].at) > dedup {
		delete(s.ids, s.known[0])
		s.known = s.known[1:]
	}
	return s.ids[id].seq
}

func (s *stream) remember(id string, seq uint64) {
	s.ids[id] = idAt{seq, time.Now()}
	s.known = append(s.known, id)
}

// add stores a copy of a message.
func (s *stream) add(subject bus.Subject, data []byte, keep bool) uint64 {
	if s.keep.Last {
		s.remove(s.latest[subject])
		s.latest[subject] = s.last + 1
	}
	s.last++
	s.bytes += size(subject, data)
	s.msgs = append(s.msgs, message{Msg: bus.Msg{Subject: subject, Data: bytes.Clone(data), Seq: s.last, Time: time.Now()}, keep: keep})
	s.trim()
	return s.last
}

// addFor is add for a message that is gone after a time; 0 for never.
func (s *stream) addFor(subject bus.Subject, data []byte, ttl time.Duration) uint64 {
	seq := s.add(subject, data, false)
	if ttl <= 0 || len(s.msgs) == 0 {
		return seq
	}
	s.msgs[len(s.msgs)-1].until = time.Now().Add(ttl)
	if s.timed++; s.timed%clearEvery == 0 {
		for i := range s.msgs {
			if !s.msgs[i].there() {
				s.drop(i)
			}
		}
		s.sweep()
	}
	return seq
}

// clearEvery is after how many messages with a time of their own those are looked for whose time is over.
const clearEvery = 256

// trim removes the oldest beyond the limits, but for claims.
func (s *stream) trim() {
	for i := 0; i < len(s.msgs); {
		m := &s.msgs[i]
		old := s.keep.MaxAge > 0 && time.Since(m.Time) > s.keep.MaxAge
		switch {
		case m.gone && i == 0:
			s.msgs, s.gone = s.msgs[1:], s.gone-1
		case !old && s.bytes <= s.keep.MaxBytes:
			return
		case m.keep || m.gone:
			i++
		default:
			s.drop(i)
		}
	}
}

// from returns the index of the first message with at least this sequence.
func (s *stream) from(seq uint64) int {
	return sort.Search(len(s.msgs), func(i int) bool { return s.msgs[i].Seq >= seq })
}

func (s *stream) remove(seq uint64) {
	if i := s.from(seq); i < len(s.msgs) && s.msgs[i].Seq == seq {
		s.drop(i)
	}
	s.sweep()
}

// drop leaves a gap in the place of a message.
func (s *stream) drop(i int) {
	if m := &s.msgs[i]; !m.gone {
		s.bytes -= size(m.Subject, m.Data)
		m.gone, m.Data = true, nil
		s.gone++
		if s.latest[m.Subject] == m.Seq {
			delete(s.latest, m.Subject)
		}
	}
}

// sweep closes the gaps once they are the most.
func (s *stream) sweep() {
	if s.gone > 16 && s.gone > len(s.msgs)/2 {
		s.msgs = slices.DeleteFunc(s.msgs, func(m message) bool { return m.gone })
		s.gone = 0
	}
}

// stillThere gives the sequence behind which to go on after a message that a reader knows; as the promise of Cursor.Stored.
func (s *stream) stillThere(after uint64, stored time.Time) uint64 {
	if stored.IsZero() {
		if after > s.last {
			return 0
		}
		return after
	}
	if i := s.from(after); i < len(s.msgs) && s.msgs[i].Seq == after && s.msgs[i].Time.Equal(stored) {
		return after
	}
	newer := slices.IndexFunc(s.msgs, func(m message) bool { return m.Time.After(stored) })
	if newer < 0 {
		return min(after, s.last)
	}
	return min(after, s.msgs[newer].Seq-1)
}

// newest returns the last sequence under a filter, 0 for none.
func (s *stream) newest(filter bus.Subject) uint64 {
	for _, m := range slices.Backward(s.msgs) {
		if m.there() && m.Subject.Matches(filter) {
			return m.Seq
		}
	}
	return 0
}

// after returns up to n messages under a filter that come after a sequence; their Data belongs to the receiver.
func (s *stream) after(seq uint64, filter bus.Subject, n int) []bus.Msg {
	var out []bus.Msg
	for _, m := range s.msgs[s.from(seq+1):] {
		if len(out) == n {
			break
		}
		if m.there() && m.Subject.Matches(filter) {
			m.Data = bytes.Clone(m.Data)
			out = append(out, m.Msg)
		}
	}
	return out
}

// Append implements bus.Streams.
func (c *conn) Append(ctx context.Context, subject bus.Subject, data []byte, id string) error {
	name := bus.StreamOf(c.bus.layout, subject)
	err := bus.CheckMessage(subject, data)
	if err == nil && name == "" {
		err = fmt.Errorf("no stream of the layout stores %s", subject)
	}
	if err == nil {
		err = c.Ready(ctx)
	}
	if err == nil {
		err = c.bus.store(name, subject, data, id)
	}
	if err != nil {
		return fmt.Errorf("appending to %s: %w", subject, err)
	}
	return nil
}

// Forget implements bus.Streams.
func (c *conn) Forget(ctx context.Context, name bus.Stream, filter bus.Subject, upTo uint64) error {
	if err := c.Ready(ctx); err != nil {
		return fmt.Errorf("forgetting messages of %s: %w", name, err)
	}
	c.bus.mu.Lock()
	defer c.bus.mu.Unlock()
	s := c.bus.streams[name]
	for i, m := range s.msgs {
		if m.Seq <= upTo && m.Subject.Matches(filter) && !m.keep {
			s.drop(i)
		}
	}
	s.sweep()
	return nil
}

// Extent implements bus.Streams.
func (c *conn) Extent(ctx context.Context, name bus.Stream, after uint64) (bus.Extent, error) {
	if err := c.Ready(ctx); err != nil {
		return bus.Extent{}, fmt.Errorf("looking at %s: %w", name, err)
	}
	c.bus.mu.Lock()
	defer c.bus.mu.Unlock()
	s := c.bus.streams[name]
	s.trim()
	e := bus.Extent{First: s.last + 1, Last: s.last, Bytes: s.bytes, MaxBytes: s.keep.MaxBytes, MaxAge: s.keep.MaxAge}
	for i := range s.msgs {
		if m := &s.msgs[i]; m.there() && !m.keep { // a claim that outlives what was around it says nothing of how far that reaches
			e.First = m.Seq
			break
		}
	}
	if next := s.after(after, "", 1); len(next) > 0 {
		e.Next = next[0].Time
	}
	return e, nil
}

// Unused implements bus.Streams.
func (c *conn) Unused(ctx context.Context, name bus.Stream, durable string) (uint64, error) {
	if err := c.Ready(ctx); err != nil {
		return 0, fmt.Errorf("looking at who reads %s as %s: %w", name, durable, err)
	}
	c.bus.mu.Lock()
	defer c.bus.mu.Unlock()
	s := c.bus.streams[name]
	d := s.readers[durable]
	if d == nil {
		return 0, nil
	}
	return uint64(len(s.after(d.next-1, d.filter, len(s.msgs))) + len(d.pending) + len(d.again)), nil
}

func (b *Bus) store(name bus.Stream, subject bus.Subject, data []byte, id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.streams[name]
	if id != "" && s.seen(id) != 0 {
		return nil
	}
	if s.keep.Refuse && s.bytes+size(subject, data) > s.keep.MaxBytes {
		return bus.ErrFull
	}
	seq := s.add(subject, data, false)
	if last := len(s.msgs) - 1; last >= 0 && s.msgs[last].Seq == seq {
		s.msgs[last].ID = id
	}
	if id != "" {
		s.remember(id, seq)
	}
	b.wakeLocked()
	return nil
}
