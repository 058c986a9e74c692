package points

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/onbu/onbu/monitor"
)

const (
	// Each is how many metrics of one object have points, with those that it had before. What brings others instead at each check,
	// such as a plugin that means harm, replaces its own.
	Each = Most + Most/2
	// mostBlamed bounds how many objects are remembered that do so, and mostNamed how many of them the log names in an hour.
	mostBlamed, mostNamed = 100, 5
	// saltAt is where in the file's first page the salt of its objects stands, which has so many bytes.
	saltAt, saltBytes = 64, 16
)

// object is whose a metric is: a salted hash, so that nobody can choose a name that shares another's; 0 where a file of before does
// not say it.
type object uint32

func (s *Store) objectOf(buf []byte, of monitor.Ref) (object, []byte) {
	buf = append(buf[:0], s.salt[:]...)
	buf = binary.LittleEndian.AppendUint32(buf, uint32(len(of.Host)))
	buf = append(append(buf, of.Host...), of.Service...)
	sum := sha256.Sum256(buf)
	return object(max(binary.LittleEndian.Uint32(sum[:]), 1)), buf
}

// saltLocked takes the salt from the file's first page, or puts a new one there.
func (s *Store) saltLocked(head []byte) error {
	copy(s.salt[:], head[saltAt:])
	if s.salt != [saltBytes]byte{} {
		return nil
	}
	rand.Read(s.salt[:]) // crypto/rand never fails
	_, err := s.file.WriteAt(s.salt[:], saltAt)
	return err
}

// ownLocked notes whose a ring is; files of before do not say it.
func (s *Store) ownLocked(o object, r ring) {
	c := s.chunks[r.chunk]
	if c.records[r.place].of == o {
		return
	}
	c.records[r.place].of, c.dirty = o, true
	s.of[o] = append(s.of[o], r)
}

// disownLocked takes a ring from its metric and from the object whose it was.
func (s *Store) disownLocked(r ring) {
	c := s.chunks[r.chunk]
	gone := c.records[r.place]
	if rest := slices.DeleteFunc(s.of[gone.of], func(one ring) bool { return one == r }); len(rest) > 0 {
		s.of[gone.of] = rest
	} else {
		delete(s.of, gone.of)
	}
	delete(s.where, gone.key)
	c.end(r.place)
	s.free = append(s.free, r)
}

// replaceLocked frees a ring of an object that has as many as it may: of a metric that came once, else of the one that nobody has
// measured for longest. Those that were measured in this slot stay; false if there are no others.
func (s *Store) replaceLocked(o object) bool {
	found, least := false, ring{}
	for _, r := range s.of[o] {
		if c := s.chunks[r.chunk]; c.sums[r.place].count > 0 || c.records[r.place].newest == s.slot {
			continue
		}
		if !found || s.worthLocked(r, least) < 0 {
			found, least = true, r
		}
	}
	if found {
		s.disownLocked(least)
	}
	return found
}

// worthLocked compares what is lost with the rings of two metrics.
func (s *Store) worthLocked(a, b ring) int {
	x, y := &s.chunks[a.chunk].records[a.place], &s.chunks[b.chunk].records[b.place]
	if once := x.born == x.newest; once != (y.born == y.newest) {
		if once {
			return -1
		}
		return 1
	}
	return cmp.Compare(x.newest, y.newest)
}

// blameLocked notes that an object brings more metrics than it may have.
func (s *Store) blameLocked(of monitor.Ref) {
	if s.o.Replaced != nil {
		s.o.Replaced.Inc()
	}
	if _, known := s.blamed[of]; known || len(s.blamed) < mostBlamed {
		s.blamed[of]++
	}
}

// nameLocked says once an hour which objects bring ever other metrics, those that bring most.
func (s *Store) nameLocked(now time.Time) {
	if len(s.blamed) == 0 || !s.named.IsZero() && now.Sub(s.named) < time.Hour && now.After(s.named) {
		return
	}
	s.named = now
	worst := slices.SortedFunc(maps.Keys(s.blamed), func(a, b monitor.Ref) int {
		return cmp.Or(cmp.Compare(s.blamed[b], s.blamed[a]), cmp.Compare(a.Host, b.Host), cmp.Compare(a.Service, b.Service))
	})
	for _, of := range worst[:min(len(worst), mostNamed)] {
		s.o.Log.Warn("a check brings ever other metrics: only its newest have pictures; see what its plugin prints as labels", "of", of.String(),
			"times", s.blamed[of], "kept", fmt.Sprint(Each), "others", len(worst)-1)
	}
	clear(s.blamed)
}
