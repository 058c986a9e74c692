package membus

import (
	"context"
	"fmt"
	"math"

	"github.com/onbu/onbu/internal/bus"
)

// Post implements bus.Letters.
func (c *conn) Post(ctx context.Context, letters []bus.Letter) (last uint64, err error) {
	err = bus.CheckLetters(c.bus.layout, letters)
	if err == nil {
		err = c.Ready(ctx)
	}
	if err == nil {
		last, err = c.bus.post(letters)
	}
	if err != nil {
		return 0, fmt.Errorf("posting %d letters: %w", len(letters), err)
	}
	return last, nil
}

func (b *Bus) post(letters []bus.Letter) (last uint64, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.wakeLocked()
	for i := range letters {
		l := &letters[i]
		s := b.streams[bus.StreamOf(b.layout, l.Subject)]
		switch {
		case l.First && s.place(l.Subject) != 0:
		case l.While != "" && s.place(l.While) != l.Place:
			err = bus.ErrFenced
		default:
			last = max(last, s.addFor(l.Subject, l.Data, l.TTL))
		}
	}
	return last, err
}

// place is where the letter of a subject is, 0 for nowhere.
func (s *stream) place(subject bus.Subject) uint64 {
	seq := s.latest[subject]
	if i := s.from(seq); seq != 0 && i < len(s.msgs) && s.msgs[i].Seq == seq && s.msgs[i].there() {
		return seq
	}
	return 0
}

// Newest implements bus.Letters.
func (c *conn) Newest(ctx context.Context, stream bus.Stream, filter bus.Subject, handle func([]bus.Msg) error) error {
	msgs, err := c.letters(ctx, stream, filter)
	for err == nil && len(msgs) > 0 {
		n := min(len(msgs), 1000)
		err = handle(msgs[:n:n])
		msgs = msgs[n:]
	}
	if err != nil {
		return fmt.Errorf("newest of %s under %s: %w", stream, filter, err)
	}
	return nil
}

// Subjects implements bus.Letters.
func (c *conn) Subjects(ctx context.Context, stream bus.Stream, filter bus.Subject) ([]bus.Subject, error) {
	msgs, err := c.letters(ctx, stream, filter)
	if err != nil {
		return nil, fmt.Errorf("subjects of %s under %s: %w", stream, filter, err)
	}
	var out []bus.Subject
	for _, m := range msgs {
		out = append(out, m.Subject)
	}
	return out, nil
}

func (c *conn) letters(ctx context.Context, stream bus.Stream, filter bus.Subject) ([]bus.Msg, error) {
	if err := c.Ready(ctx); err != nil {
		return nil, err
	}
	c.bus.mu.Lock()
	defer c.bus.mu.Unlock()
	s := c.bus.streams[stream]
	if s == nil || !s.keep.Last {
		return nil, fmt.Errorf("it does not keep the newest of each subject")
	}
	return s.after(0, filter, math.MaxInt), nil
}
