package spool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// windowSize is how many bytes are handed on at a time, and no less than one frame.
const windowSize = 4 << 20

// Drain hands on what waits, and what comes, until ctx ends. handle gets the oldest entries, in order, and returns once they
// are all stored; their data is its own until then. After an error the same entries come again, after a restart too, even if
// more wait by then; the error is for handle to log, and to wait about.
func (s *Spool) Drain(ctx context.Context, handle func(context.Context, []Entry) error) error {
	var buf []byte
	for {
		if err := s.await(ctx); err != nil {
			return err
		}
		entries, to, err := s.window(&buf)
		if err != nil {
			return fmt.Errorf("reading the spool: %w", err)
		}
		if len(entries) == 0 {
			continue
		}
		for handle(ctx, entries) != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		if err := s.advance(to); err != nil {
			return fmt.Errorf("emptying the spool: %w", err)
		}
	}
}

// await returns once something is on the disk that is not out yet.
func (s *Spool) await(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if n := len(s.segments); n > 1 || n == 1 && s.segments[0].size > max(s.place.From, int64(len(magic))) {
			return ctx.Err()
		}
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		s.mu.Lock()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// window reads the oldest entries and notes that they are on their way.
func (s *Spool) window(buf *[]byte) (entries []Entry, to int64, err error) {
	s.mu.Lock()
	first := s.segments[0]
	if s.place.Segment != first.number || s.place.From == 0 {
		s.place = place{first.number, int64(len(magic)), 0}
	}
	p := s.place
	s.mu.Unlock()
	end := p.To
	if end <= p.From {
		end = min(first.size, p.From+windowSize)
	}
	if entries, to, err = s.read(buf, first, p.From, end); err != nil {
		return nil, 0, err
	}
	if len(entries) == 0 {
		return nil, 0, s.pass(first, p.From)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since, s.place.To = entries[0].at, to
	return entries, to, s.note()
}

// pass goes on behind what is damaged at a place of the oldest segment, as it was when that was found; what is behind in the segment is
// lost where no sound frame is found any more.
func (s *Spool) pass(seen segment, from int64) error {
	b, err := os.ReadFile(s.path(seen.number))
	if err != nil {
		return err
	}
	bad := int64(damaged(b[min(from, int64(len(b))):min(seen.size, int64(len(b)))]))
	s.mu.Lock()
	defer s.mu.Unlock()
	switch first := s.segments[0]; {
	case bad == 0 && first.size > seen.size: // what came meanwhile may be sound
		return nil
	case bad == 0 && len(s.segments) == 1 && s.busy: // and so may be what is coming
		return nil
	case bad == 0:
		return s.drop()
	}
	s.log.Error("a part of the spool is damaged and is lost; what is behind it is kept", "file", s.path(seen.number), "bytes", bad)
	s.waiting -= bad
	s.place.From, s.place.To = from+bad, 0
	return s.note()
}

// read gives the frames of a segment between two places, at least one if there is one, and where the last one ends.
func (s *Spool) read(buf *[]byte, g segment, from, end int64) ([]Entry, int64, error) {
	f, err := os.Open(s.path(g.number))
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	size := min(max(end-from, longestBody+frameHead), g.size-from)
	if int64(cap(*buf)) < size {
		*buf = make([]byte, size)
	}
	b := (*buf)[:size]
	if n, err := f.ReadAt(b, from); err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	} else if n < len(b) {
		b = b[:n]
	}
	var entries []Entry
	at := from
	for at < end {
		e, n := cutFrame(b[at-from:])
		if n == 0 || at+int64(n) > end && len(entries) > 0 {
			break
		}
		entries = append(entries, e)
		at += int64(n)
	}
	return entries, at, nil
}

// advance notes that everything up to a place is out.
func (s *Spool) advance(to int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting -= to - s.place.From
	s.place.From, s.place.To = to, 0
	defer s.tell()
	if to == s.segments[0].size {
		return s.drop()
	}
	return s.note()
}

// drop removes the oldest segment, which is out; the last one stays while something is written to it.
func (s *Spool) drop() error {
	first := s.segments[0]
	if len(s.segments) == 1 {
		if s.busy {
			return s.note()
		}
		_ = s.out.Close() // nothing is in it that is of use
		s.out, s.since = nil, time.Time{}
	}
	if lost := first.size - s.place.From; lost > 0 {
		s.waiting -= lost
		s.log.Error("a part of the spool cannot be read any more and is lost", "file", s.path(first.number), "bytes", lost)
	}
	s.segments = append([]segment(nil), s.segments[1:]...)
	s.place = place{Segment: first.number + 1}
	if len(s.segments) > 0 {
		s.place = place{s.segments[0].number, int64(len(magic)), 0}
	}
	return errors.Join(s.note(), os.Remove(s.path(first.number)))
}
