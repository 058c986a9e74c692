// Package spool knows how messages outlive a time in which the bus takes none: in a folder of segments, each frame with a
// checksum, synced before anybody is told that it is there. They come out in the order in which they went in.
package spool

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const (
	// segmentSize is when the next segment is begun.
	segmentSize = 16 << 20
	// LeastMax is the smallest bound of a spool: a message of any size fits.
	LeastMax = 4 << 20
)

// ErrUnwritable is returned, wrapped, for what the disk did not take. It was not spooled.
var ErrUnwritable = errors.New("the spool cannot be written")

// Spool is a folder of messages that wait. Any goroutine may use it.
type Spool struct {
	dir  string
	most int64
	log  *slog.Logger
	lock *os.File

	mu       sync.Mutex
	segments []segment // oldest first
	out      *os.File  // the last segment; nil for none
	place    place     // in the oldest segment
	waiting  int64     // bytes of frames that are not out yet, those of writing included
	since    time.Time // when the oldest came in
	changed  chan struct{}

	filling *write // what the next write holds
	busy    bool   // somebody writes
}

type segment struct {
	number uint64
	size   int64
}

// write is what goes to the disk at once.
type write struct {
	frames []byte
	done   chan struct{} // closed once err is set
	err    error
}

// Open opens the spool in a folder, which it makes, and cuts off what was being written when the process or the machine was
// ended. It takes messages up to most bytes. One process at a time may have it.
func Open(dir string, most int64, log *slog.Logger) (*Spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("the spool %s is in use by another receiver, perhaps the one in an `onbu run` on this machine (%w): give this one a folder of its own with --state", dir, err)
	}
	s := &Spool{dir: dir, most: max(most, LeastMax), log: log, lock: lock, changed: make(chan struct{})}
	if err := s.load(); err != nil {
		lock.Close()
		return nil, fmt.Errorf("spool: %w", err)
	}
	return s, nil
}

// Close leaves what waits for the next Open. Nobody may be in a call then.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.out != nil {
		err = s.out.Close()
	}
	return errors.Join(err, s.lock.Close())
}

// Waiting gives how many bytes wait, and since when the oldest does.
func (s *Spool) Waiting() (bytes int64, since time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting, s.since
}

// Behind puts an entry behind what waits, as Put, if anything does; there is false if nothing does.
func (s *Spool) Behind(ctx context.Context, e *Entry) (there bool, err error) {
	s.mu.Lock()
	there = s.waiting > 0
	s.mu.Unlock()
	if !there {
		return false, nil
	}
	return true, s.Put(ctx, e)
}

// Put returns once an entry is on the disk. It blocks while the spool is full, until ctx ends.
func (s *Spool) Put(ctx context.Context, e *Entry) error {
	if len(e.ID) > longestID || e.size() > longestBody {
		return fmt.Errorf("spool: a message of %d bytes is too large", e.size())
	}
	s.mu.Lock()
	for s.waiting > 0 && s.waiting+e.size() > s.most {
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		s.mu.Lock()
	}
	w := s.add(e)
	s.mu.Unlock()
	<-w.done
	return w.err
}

// add puts an entry into the next write, and sees to it that somebody writes.
func (s *Spool) add(e *Entry) *write {
	if s.filling == nil {
		s.filling = &write{done: make(chan struct{})}
	}
	w, now := s.filling, time.Now()
	if s.waiting == 0 {
		s.since = now
	}
	w.frames = appendFrame(w.frames, e, now)
	s.waiting += e.size()
	if !s.busy {
		s.busy = true
		go s.write()
	}
	return w
}

// write writes until nothing is left to be written.
func (s *Spool) write() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.filling != nil {
		w := s.filling
		s.filling = nil
		if w.err = s.store(w.frames); w.err != nil {
			s.waiting -= int64(len(w.frames))
			w.err = fmt.Errorf("%w: %w", ErrUnwritable, w.err)
		}
		s.tell()
		close(w.done)
	}
	s.busy = false
}

// store appends frames to the last segment and syncs it. The lock is given up meanwhile.
func (s *Spool) store(frames []byte) error {
	if s.out == nil || s.segments[len(s.segments)-1].size >= segmentSize {
		if err := s.begin(); err != nil {
			return err
		}
	}
	out, last := s.out, &s.segments[len(s.segments)-1]
	number, size := last.number, last.size
	s.mu.Unlock()
	_, err := out.WriteAt(frames, size)
	if err == nil {
		err = out.Sync()
	}
	if err != nil {
		_ = out.Truncate(size) // else the frames are overwritten, or cut off by the next Open
	}
	s.mu.Lock()
	if err != nil {
		return err
	}
	for i := range s.segments { // others may be gone meanwhile, never this one: it was the last
		if s.segments[i].number == number {
			s.segments[i].size += int64(len(frames))
		}
	}
	return nil
}

// begin begins a segment.
func (s *Spool) begin() error {
	number := s.place.Segment
	if n := len(s.segments); n > 0 {
		number = s.segments[n-1].number + 1
	}
	path := s.path(number)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.WriteString(magic); err == nil {
		err = syncDir(s.dir)
	}
	if err != nil {
		return errors.Join(err, f.Close(), os.Remove(path))
	}
	if s.out != nil {
		_ = s.out.Close() // synced after each write
	}
	s.out = f
	s.segments = append(s.segments, segment{number, int64(len(magic))})
	return nil
}

// tell wakes those who wait for room or for messages.
func (s *Spool) tell() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Spool) path(number uint64) string {
	return filepath.Join(s.dir, fmt.Sprintf("%016d.spool", number))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
