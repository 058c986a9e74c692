package livestatus

import (
	"sync"
	"time"
)

// hurry is how fast a client must read an answer, in bytes a second, once others have no room for theirs.
const hurry = 1 << 20

// unread bounds the bytes of answers that are being written: four of the largest, of which one source has one at most, but for
// its small ones.
type unread struct {
	most int64 // the largest answer

	mu       sync.Mutex // guards everything that follows
	total    int64
	sources  map[string]int64
	writings map[*writing]struct{}
}

// writing is an answer that is being written.
type writing struct {
	source string
	size   int64
	until  time.Time // its time is up then, if others have no room
	cut    func()
}

// begin makes room for an answer; it gives nil if there is none. cut ends the writing of it: when there is no room, those are cut
// that were given the patience and the time that their size needs at a good speed.
func (u *unread) begin(source string, size int64, patience time.Duration, cut func()) *writing {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.roomLocked(source, size) {
		u.cutLocked()
		if !u.roomLocked(source, size) {
			return nil
		}
	}
	if u.sources == nil {
		u.sources, u.writings = map[string]int64{}, map[*writing]struct{}{}
	}
	w := &writing{source: source, size: size, until: time.Now().Add(patience + time.Duration(size/hurry)*time.Second), cut: cut}
	u.total, u.sources[source] = u.total+size, u.sources[source]+size
	u.writings[w] = struct{}{}
	return w
}

func (u *unread) roomLocked(source string, size int64) bool {
	if u.total+size > 4*u.most {
		return false
	}
	return u.sources[source]+size <= u.most || size <= u.most/64
}

func (u *unread) cutLocked() {
	now := time.Now()
	for w := range u.writings {
		if now.After(w.until) {
			w.cut()
			u.endLocked(w)
		}
	}
}

// end gives the room back; once more changes nothing.
func (u *unread) end(w *writing) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.endLocked(w)
}

func (u *unread) endLocked(w *writing) {
	if _, there := u.writings[w]; !there {
		return
	}
	delete(u.writings, w)
	u.total -= w.size
	if u.sources[w.source] -= w.size; u.sources[w.source] == 0 {
		delete(u.sources, w.source)
	}
}
