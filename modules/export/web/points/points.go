// Package points knows what the metrics of hosts and services were in the last day: an average for each five minutes, in one file of a
// bounded size. It keeps no names, so that a hostile one costs as much as any.
package points

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/perfdata"
)

const (
	// Step is the time that one point stands for, and Slots how many points there are of a metric.
	Step  = 5 * time.Minute
	Slots = 288
	// Most is how many metrics of one object are kept: the first ones.
	Most = 100
	// perChunk is how many metrics lie beside each other: the points of one time are a page of the file.
	perChunk = 1024
)

// Options says what to keep where.
type Options struct {
	// Path is that of the file; its folder is made if it is missing.
	Path string
	// Most is how many bytes the file may have. When it is full, metrics that nobody has measured for a day make room for new ones, and
	// where there are none of those, new ones are not kept.
	Most int64
	Log  *slog.Logger
	// Replaced counts metrics that took the place of others of their object, or found none; nil for nobody.
	Replaced *metrics.Counter
}

// Store is the points of all metrics. Any goroutine may use it.
type Store struct {
	o Options

	mu      sync.Mutex // guards everything that follows
	file    *os.File   // nil before it is needed
	closed  bool
	chunks  []*chunk
	where   map[key]ring
	free    []ring
	of      map[object][]ring
	salt    [saltBytes]byte
	blamed  map[monitor.Ref]int // how often each brought too many metrics, since that was said
	named   time.Time
	slot    slot // that is under way
	full    uint64
	told    time.Time // when it was last said that there is no room
	dropped uint64
}

// slot is a time in steps since 1970. The one that a point of the file belongs to is the place's: slot % Slots.
type slot uint32

// slotOf gives the slot of a moment.
func slotOf(t time.Time) slot { return slot(max(t.Unix(), 0) / int64(Step/time.Second)) }

// key names a metric of an object: a hash of all three names.
type key [16]byte

// keyOf hashes a name in which every part has its length in front, so that no two metrics are the same text.
func keyOf(buf []byte, of monitor.Ref, label string) (key, []byte) {
	buf = buf[:0]
	for _, part := range [...]string{of.Host, of.Service, label} {
		buf = append(buf, byte(len(part)), byte(len(part)>>8), byte(len(part)>>16), byte(len(part)>>24))
		buf = append(buf, part...)
	}
	sum := sha256.Sum256(buf)
	return key(sum[:16]), buf
}

// ring is where the points of a metric are.
type ring struct{ chunk, place int32 }

// sums are what came in the slot that is under way.
type sums struct {
	sum   float64
	count uint32
}

// New prepares the points; the file is opened when it is needed.
func New(o Options) *Store { return &Store{o: o} }

// Series are the points of one metric, oldest first; NaN where nobody measured. The last one is of the slot that is under way.
type Series [Slots]float32

// Round begins a round of measuring: measured is called for each object that was checked since the round before, with its performance
// data. Averages of a slot that has ended are written to the file; an error says that they are not in it, and the next round goes on.
func (s *Store) Round(now time.Time, each func(measured func(of monitor.Ref, perfdata string))) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.openLocked(); err != nil {
		return fmt.Errorf("the points %s: %w", s.o.Path, err)
	}
	err := s.turnLocked(slotOf(now))
	m := measuring{store: s}
	each(m.take)
	if m.dropped > 0 {
		s.tellLocked(now, m.dropped)
	}
	s.nameLocked(now)
	if err != nil {
		return fmt.Errorf("the points %s: %w", s.o.Path, err)
	}
	return nil
}

// tellLocked says once an hour that there is no room.
func (s *Store) tellLocked(now time.Time, dropped int) {
	s.dropped += uint64(dropped)
	if !s.told.IsZero() && now.Sub(s.told) < time.Hour && now.After(s.told) {
		return
	}
	s.told = now
	s.o.Log.Warn("the file of points is full: some metrics have no pictures; raise points_max", "file", s.o.Path, "metrics", len(s.where), "without", dropped)
}

// measuring is a round.
type measuring struct {
	store   *Store
	buf     []byte
	dropped int
}

func (m *measuring) take(of monitor.Ref, text string) {
	var o object
	o, m.buf = m.store.objectOf(m.buf, of)
	n := 0
	for metric, err := range perfdata.All(text) {
		if n == Most {
			return
		}
		if err != nil || !metric.Value.Set {
			continue
		}
		n++
		var k key
		k, m.buf = keyOf(m.buf, of, metric.Label)
		r, fits, ok := m.store.ringLocked(k, o)
		if !fits {
			m.store.blameLocked(of)
		}
		if !ok {
			if fits {
				m.dropped++
			}
			continue
		}
		m.store.chunks[r.chunk].add(r.place, metric.Value.Value)
	}
}

// ringLocked gives the ring of a metric of an object, a new one if it has none. fits is false if the object has as many as it may, ok if
// there is no room.
func (s *Store) ringLocked(k key, o object) (r ring, fits, ok bool) {
	if r, ok := s.where[k]; ok {
		s.ownLocked(o, r)
		return r, true, true
	}
	fits = len(s.of[o]) < Each
	if !fits && !s.replaceLocked(o) {
		return ring{}, false, false
	}
	if len(s.free) == 0 && !s.growLocked() && !s.sweepLocked() {
		return ring{}, fits, false
	}
	r = s.free[len(s.free)-1]
	s.free = s.free[:len(s.free)-1]
	s.chunks[r.chunk].begin(r.place, k, s.slot)
	s.where[k] = r
	s.ownLocked(o, r)
	return r, fits, true
}

// growLocked adds a chunk if there may be one more.
func (s *Store) growLocked() bool {
	if fileSize(len(s.chunks)+1) > s.o.Most {
		return false
	}
	s.chunks = append(s.chunks, newChunk())
	s.freeLocked(int32(len(s.chunks) - 1))
	return true
}

// freeLocked adds the rings of a chunk that nobody has, so that the first are taken first.
func (s *Store) freeLocked(number int32) {
	c := s.chunks[number]
	for place := int32(perChunk - 1); place >= 0; place-- {
		if c.records[place].key == (key{}) {
			s.free = append(s.free, ring{number, place})
		}
	}
}

// sweepLocked takes rings from metrics that nobody has measured for a day. It is tried once in a slot.
func (s *Store) sweepLocked() bool {
	if s.full == uint64(s.slot) {
		return false
	}
	s.full = uint64(s.slot)
	for _, r := range s.where {
		if c := s.chunks[r.chunk]; c.sums[r.place].count == 0 && !near(c.records[r.place].newest, s.slot) {
			s.disownLocked(r)
		}
	}
	return len(s.free) > 0
}

// near says whether two slots are less than a day from each other, whichever is first: the clock may have been set back.
func near(a, b slot) bool { return max(a, b)-min(a, b) < Slots }

// turnLocked goes on to a slot: the averages of the one that was under way are written.
func (s *Store) turnLocked(now slot) error {
	if now == s.slot {
		return nil
	}
	err := s.flushLocked()
	s.slot = now
	return err
}

// Of gives the points of some metrics of an object up to now; nil for one that has none.
func (s *Store) Of(of monitor.Ref, labels []string, now time.Time) ([]*Series, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.openLocked(); err != nil {
		return nil, fmt.Errorf("the points %s: %w", s.o.Path, err)
	}
	all := make([]*Series, len(labels))
	found := map[int32][]wanted{}
	var buf []byte
	for i, label := range labels {
		var k key
		k, buf = keyOf(buf, of, label)
		if r, ok := s.where[k]; ok && all[i] == nil {
			all[i] = blank()
			found[r.chunk] = append(found[r.chunk], wanted{r.place, all[i]})
		}
	}
	for number, some := range found {
		if err := s.readLocked(number, some, slotOf(now)); err != nil {
			return nil, fmt.Errorf("reading the points %s: %w", s.o.Path, err)
		}
	}
	return all, nil
}

// wanted is a metric of a chunk that somebody asks for.
type wanted struct {
	place int32
	into  *Series
}

func blank() *Series {
	s := &Series{}
	for i := range s {
		s[i] = float32(math.NaN())
	}
	return s
}

// readLocked reads what a chunk has of some metrics up to a slot.
func (s *Store) readLocked(number int32, some []wanted, now slot) error {
	c := s.chunks[number]
	var page [pageSize]byte
	for i := range slot(Slots) {
		at := now - (Slots - 1) + i // before 1970 it is a slot that nobody has written
		ok, err := s.columnLocked(number, at, &page)
		if err != nil {
			return err
		}
		for _, w := range some {
			if ok && at >= c.records[w.place].born {
				w.into[i] = value(&page, w.place)
			}
			if sum := &c.sums[w.place]; at == s.slot && sum.count > 0 {
				w.into[i] = sum.average()
			}
		}
	}
	return nil
}

func (s *sums) average() float32 { return float32(s.sum / float64(s.count)) }

// Metrics says of how many metrics there are points, and how many measurements found no room.
func (s *Store) Metrics() (kept int, dropped uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.where), s.dropped
}

// Close writes what is under way and closes the file. Afterwards there are no points any more.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.file == nil {
		return nil
	}
	err := s.flushLocked()
	if wrong := s.recordsLocked(); err == nil { // what flushing made newer
		err = wrong
	}
	if wrong := s.file.Close(); err == nil {
		err = wrong
	}
	s.file, s.chunks, s.where, s.free, s.of = nil, nil, nil, nil, nil
	return err
}

// errClosed is what whoever comes too late gets.
var errClosed = errors.New("they are closed")

// openLocked opens the file, or begins a new one. While it is open nobody else has it: two who write it would make rubbish of it. The
// kernel drops the lock when the process ends.
func (s *Store) openLocked() error {
	switch {
	case s.closed:
		return errClosed
	case s.file != nil:
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(s.o.Path), 0o750); err != nil {
		return err
	}
	f, err := os.OpenFile(s.o.Path, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return fmt.Errorf("another broker on this machine, or another module of type web, has them open (%w): give each a state folder of its own (--state)", err)
	}
	s.file, s.chunks, s.where, s.free, s.full = f, nil, map[key]ring{}, nil, math.MaxUint64
	s.of, s.salt, s.blamed = map[object][]ring{}, [saltBytes]byte{}, map[monitor.Ref]int{}
	if err := s.loadLocked(); err != nil {
		s.file = nil
		f.Close()
		return err
	}
	return nil
}
