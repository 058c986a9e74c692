package natsbus

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/onbu/onbu/internal/bus"
)

// errLags: the replica that answered has not everything yet.
var errLags = fmt.Errorf("a replica lags behind: %w", errLookAgain)

// Newest implements bus.Letters. As such a stream holds the newest of each subject only, reading it to its end is all; for
// the few subjects of one host there is a shorter way.
func (c *Conn) Newest(ctx context.Context, stream bus.Stream, filter bus.Subject, handle func([]bus.Msg) error) error {
	err := c.newest(ctx, stream, filter, handle)
	if err != nil {
		return fmt.Errorf("newest of %s under %s: %w", stream, filter, err)
	}
	return nil
}

func (c *Conn) newest(ctx context.Context, stream bus.Stream, filter bus.Subject, handle func([]bus.Msg) error) error {
	g := c.getter(stream)
	defer c.putBack(g)
	s := shelf{c: c, g: g, filter: cmp.Or(filter, ">")}
	for !s.end {
		if err := c.retry(ctx, "newest", func() error { return s.next(ctx) }); err != nil {
			return err
		}
		if len(s.msgs) == 0 {
			continue
		}
		if err := handle(s.msgs); err != nil {
			return err
		}
	}
	return nil
}

// shelf is a walk through what a stream holds under a filter.
type shelf struct {
	c      *Conn
	g      *getter
	filter bus.Subject
	many   bool // there are more subjects than one answer may hold: they come by their places
	after  uint64
	msgs   []bus.Msg
	end    bool
}

// multiLast is how many subjects a server looks up for one request (nats-server 2.15, getDirectMulti); above that it answers 413.
const multiLast = 1024

// next fetches the messages behind the last that it fetched.
func (s *shelf) next(ctx context.Context) error {
	ask := getRequest{Seq: s.after + 1, Batch: multiLast, MaxBytes: scanBytes}
	if s.many {
		ask.Next = s.filter
	} else {
		ask.MultiLast = []bus.Subject{s.filter}
	}
	batch, err := s.g.get(ctx, ask)
	if s.g.code == "413" && !s.many {
		s.many = true
		return s.next(ctx)
	}
	s.msgs = s.msgs[:0]
	for i := range batch {
		s.msgs = append(s.msgs, batch[i].Msg)
	}
	if len(batch) > 0 { // what came before an error is good
		s.after, s.end = batch[len(batch)-1].Seq, err == nil && s.g.pending == "0"
		err = nil
	} else {
		s.end = err == nil
	}
	if s.end && err == nil {
		s.end, err = s.complete(ctx)
		if len(batch) > 0 {
			err = nil
		}
	}
	return err
}

// complete tells whether nothing is left behind the last message. Where several servers hold the stream, the one that
// answered may lag; then the leader is asked.
func (s *shelf) complete(ctx context.Context) (bool, error) {
	if !s.c.clustered() {
		return true, nil
	}
	newest, err := s.c.lastOf(ctx, s.g.stream, s.filter)
	switch {
	case errors.Is(err, bus.ErrNotFound):
		return true, nil
	case err == nil && newest.Seq > s.after:
		return false, errLags
	}
	return err == nil, err
}

// Subjects implements bus.Letters.
func (c *Conn) Subjects(ctx context.Context, stream bus.Stream, filter bus.Subject) ([]bus.Subject, error) {
	s, err := c.js.Stream(ctx, string(stream))
	var info *jetstream.StreamInfo
	if err == nil {
		info, err = s.Info(ctx, jetstream.WithSubjectFilter(string(filter)))
	}
	if err != nil {
		return nil, fmt.Errorf("subjects of %s under %s: %w", stream, filter, closed(err))
	}
	out := make([]bus.Subject, 0, len(info.State.Subjects))
	for subject := range info.State.Subjects {
		out = append(out, bus.Subject(subject))
	}
	return out, nil
}
