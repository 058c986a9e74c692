package broker

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/onbu/onbu/internal/bus"
)

// mostFirsts bounds for how many names it is remembered since when nobody has them; some three megabytes.
const mostFirsts = 1 << 17

// firsts remembers since when names are orphans. A payload says only when it came last; so the broker looks every few seconds which
// there are, and knows no further back than it runs. Any goroutine may use it; the zero value is ready.
type firsts struct {
	mu    sync.Mutex // guards everything that follows
	seed  maphash.Seed
	began time.Time
	at    map[uint64]uint32 // Unix time, by the hash of a Token
}

// see takes in which orphans there are now, and forgets the others.
func (f *firsts) see(subjects []bus.Subject, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at == nil {
		f.seed, f.began = maphash.MakeSeed(), now
	}
	there := make(map[uint64]uint32, min(len(subjects), mostFirsts))
	for _, s := range subjects {
		key := maphash.String(f.seed, bus.OrphanOf(s))
		at, known := f.at[key]
		if !known {
			at = uint32(now.Unix())
		}
		if _, twice := there[key]; twice || len(there) < mostFirsts {
			there[key] = at
		}
	}
	f.at = there
}

// of gives since when a name is an orphan, in Unix time; 0 for one that is not known. atLeast says that it was one already when the
// broker began to look.
func (f *firsts) of(target string) (at float64, atLeast bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at == nil {
		return 0, false
	}
	seen := f.at[maphash.String(f.seed, bus.Token(target))]
	return float64(seen), seen == uint32(f.began.Unix())
}
