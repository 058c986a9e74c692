package sign

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// slots is how many buckets there are of a kind. Names that share one by chance share its tries; nobody can choose to, since the hash
// has a seed.
const slots = 1 << 14

// pace is how often something may be done: so many times at once, and then one each so often.
type pace struct {
	burst int
	each  time.Duration
}

// buckets bound how often something is done for each of any number of names, in memory of a fixed size.
type buckets struct {
	pace
	seed maphash.Seed

	mu   sync.Mutex
	full []int64 // when each is empty again, in Unix nanoseconds
}

func newBuckets(n int, p pace) *buckets {
	return &buckets{pace: p, seed: maphash.MakeSeed(), full: make([]int64, n)}
}

func (b *buckets) slot(name string) int {
	return int(maphash.String(b.seed, name) % uint64(len(b.full)))
}

// take counts one for a name; if there have been too many it does not, and says how long to wait.
func (b *buckets) take(name string, now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := &b.full[b.slot(name)]
	next := max(*at, now.UnixNano()) + int64(b.each)
	if over := next - now.UnixNano() - int64(b.burst)*int64(b.each); over > 0 {
		return time.Duration(over)
	}
	*at = next
	return 0
}

// back takes one that was counted off again.
func (b *buckets) back(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.full[b.slot(name)] -= int64(b.each)
}

// limits bound how often passwords may be tried: from each address, for each name, and in all. Where somebody has signed in before, his
// name is not held up by what others try: nobody can lock him out from elsewhere.
type limits struct {
	address, name, pair, all *buckets
	friends                  friends
}

func newLimits() *limits {
	return &limits{
		address: newBuckets(slots, pace{20, 30 * time.Second}),
		name:    newBuckets(slots, pace{10, time.Minute}),
		pair:    newBuckets(slots, pace{10, time.Minute}),
		all:     newBuckets(1, pace{40, time.Second}),
	}
}

// enter counts a try, or says how long to wait. back is called when the try was a good one.
func (l *limits) enter(name string, from netip.Addr, now time.Time) (back func(), wait time.Duration) {
	source := network(from)
	type count struct {
		in  *buckets
		key string
	}
	counts := []count{{l.address, source}, {l.name, name}, {l.all, ""}}
	if pair := name + "\x00" + source; l.friends.has(pair) {
		counts = []count{{l.pair, pair}}
	}
	for i, c := range counts {
		if wait = c.in.take(c.key, now); wait > 0 {
			for _, c := range counts[:i] {
				c.in.back(c.key)
			}
			return nil, wait
		}
	}
	return func() {
		for _, c := range counts {
			c.in.back(c.key)
		}
		l.friends.add(name + "\x00" + source)
	}, 0
}

// network is whom an address counts for: of IPv6 the /64, since one machine may speak from every address there.
func network(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// mostFriends bounds how many pairs of a name and where it signed in from are remembered; the oldest goes first.
const mostFriends = 4096

// friends remember who has signed in from where. The zero value is ready.
type friends struct {
	mu    sync.Mutex
	known map[string]bool
	order []string // a ring, once it is full
	next  int
}

func (f *friends) has(pair string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.known[pair]
}

func (f *friends) add(pair string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known[pair] {
		return
	}
	if f.known == nil {
		f.known = map[string]bool{}
	}
	if len(f.order) < mostFriends {
		f.order = append(f.order, pair)
	} else {
		delete(f.known, f.order[f.next])
		f.order[f.next] = pair
		f.next = (f.next + 1) % mostFriends
	}
	f.known[pair] = true
}
