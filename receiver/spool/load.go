package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// place is how far the oldest segment has gone out: what is before From is stored; what is between From and To was perhaps
// on its way, all of it at once.
type place struct {
	Segment  uint64
	From, To int64
}

const placeSize = 8 + 8 + 8 + 4

func (s *Spool) placePath() string { return filepath.Join(s.dir, "place") }

// note writes the place down. It is not synced: after a crash of the machine, what is behind an older place goes out again,
// under the same ids as far as possible.
func (s *Spool) note() error {
	b := binary.BigEndian.AppendUint64(nil, s.place.Segment)
	b = binary.BigEndian.AppendUint64(b, uint64(s.place.From))
	b = binary.BigEndian.AppendUint64(b, uint64(s.place.To))
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	f, err := os.OpenFile(s.placePath(), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, 0)
	return errors.Join(err, f.Close())
}

// noted reads the place; one that is not there or not sound is the beginning of everything.
func (s *Spool) noted() place {
	b, err := os.ReadFile(s.placePath())
	if err != nil || len(b) != placeSize || crc32.Checksum(b[:placeSize-4], castagnoli) != binary.BigEndian.Uint32(b[placeSize-4:]) {
		return place{}
	}
	return place{binary.BigEndian.Uint64(b), int64(binary.BigEndian.Uint64(b[8:])), int64(binary.BigEndian.Uint64(b[16:]))}
}

// load finds the segments and the place.
func (s *Spool) load() error {
	names, err := filepath.Glob(filepath.Join(s.dir, "*.spool"))
	if err != nil {
		return err
	}
	slices.Sort(names)
	s.place = s.noted()
	for _, name := range names {
		number, err := strconv.ParseUint(strings.TrimSuffix(filepath.Base(name), ".spool"), 10, 64)
		if err != nil {
			return fmt.Errorf("%s is no file of a spool: move it away", name)
		}
		if number < s.place.Segment {
			if err := os.Remove(name); err != nil {
				return err
			}
			continue
		}
		size, err := s.mend(name, number == s.place.Segment)
		if err != nil {
			return err
		}
		s.segments = append(s.segments, segment{number, size})
		s.waiting += size - int64(len(magic))
	}
	return s.resume()
}

// mend reads a segment, takes out what is damaged between sound frames, cuts it off behind the last one and gives its size.
func (s *Spool) mend(name string, first bool) (int64, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	if len(b) < len(magic) || string(b[:len(magic)]) != magic {
		s.log.Error("a segment of the spool has no sound beginning and is emptied", "file", name, "bytes", len(b))
		return int64(len(magic)), os.WriteFile(name, []byte(magic), 0o600)
	}
	size, whole := len(magic), len(b)
	for {
		e, n := cutFrame(b[size:])
		if n == 0 {
			bad := damaged(b[size:])
			if bad == 0 {
				break
			}
			b = slices.Delete(b, size, size+bad)
			s.moved(first, int64(size), int64(bad))
			continue
		}
		if size += n; s.since.IsZero() && (!first || int64(size) > s.place.From) {
			s.since = e.at
		}
	}
	if size < len(b) {
		s.log.Warn("the end of a segment of the spool is not sound and is cut off: it was being written when the receiver was ended, and its senders were told nothing yet, or the disk has damaged it",
			"file", name, "bytes", len(b)-size)
	}
	switch {
	case len(b) < whole:
		s.log.Error("a part of the spool is damaged and is lost; what is behind it is kept", "file", name, "bytes", whole-len(b))
		err = rewrite(name, b[:size])
	case size < len(b):
		err = os.Truncate(name, int64(size))
	}
	return int64(size), err
}

// moved keeps the place where it is when bytes are taken out of the segment, at a place in it. A window that was on its way is
// another one then.
func (s *Spool) moved(first bool, at, bytes int64) {
	if !first {
		return
	}
	if s.place.To = 0; at < s.place.From {
		s.place.From = max(s.place.From-bytes, at)
	}
}

// rewrite gives a file another content, or leaves it as it is.
func rewrite(name string, content []byte) error {
	next := name + ".new"
	f, err := os.OpenFile(next, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(next))
	}
	return errors.Join(os.Rename(next, name), syncDir(filepath.Dir(name)))
}

// resume goes on where the place is and the last segment ends.
func (s *Spool) resume() error {
	begin := int64(len(magic))
	if len(s.segments) == 0 {
		s.place = place{Segment: s.place.Segment}
		return nil
	}
	first := s.segments[0]
	if s.place.Segment != first.number {
		s.place = place{first.number, begin, 0}
	}
	s.place.From = min(max(s.place.From, begin), first.size)
	if s.place.To > first.size {
		s.place.To = 0
	}
	s.waiting -= s.place.From - begin
	last := s.segments[len(s.segments)-1]
	f, err := os.OpenFile(s.path(last.number), os.O_RDWR, 0)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.out = f
	return err
}
