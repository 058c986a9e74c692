package receiver

import (
	"strings"
	"sync"
	"time"
)

// mostSources is how many sources of a listener have a quota of their own at a time; the others share one.
const mostSources = 4096

// quotas says how many results the sources of a listener may send. A source that was idle for long costs no memory.
type quotas struct {
	rate, burst float64
	// loose says that of results that are given together, those are taken that the quota allows; else all are, or none.
	loose bool

	mu     sync.Mutex
	of     map[string]*bucket
	others bucket
	swept  time.Time
}

// bucket fills with rate up to burst; each result takes one out. It is below 0 after a request larger than burst.
type bucket struct {
	left float64
	at   time.Time
}

func newQuotas(rate, burst int, loose bool) *quotas {
	q := &quotas{rate: float64(rate), burst: float64(max(burst, rate, 1)), loose: loose, of: map[string]*bucket{}}
	q.others = bucket{left: q.burst}
	return q
}

// take gives how many of n results a source may send now, and counts them. Without quotas, that is all. Who is refused a request
// and sends it again has it taken after a while, as a full bucket takes a request of any size.
func (q *quotas) take(source string, n int, now time.Time) int {
	if q == nil {
		return n
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	b := q.bucketOf(subscriber(source), now)
	b.left = min(q.burst, b.left+q.rate*max(now.Sub(b.at).Seconds(), 0))
	b.at = now
	taken := min(n, max(int(b.left), 0))
	if taken < n && !q.loose {
		taken = 0
		if b.left >= q.burst {
			taken = n
		}
	}
	b.left -= float64(taken)
	return taken
}

func (q *quotas) bucketOf(source string, now time.Time) *bucket {
	if b := q.of[source]; b != nil {
		return b
	}
	if len(q.of) >= mostSources && now.Sub(q.swept) > time.Second {
		q.sweep(now)
	}
	if len(q.of) >= mostSources {
		return &q.others
	}
	b := &bucket{left: q.burst, at: now}
	q.of[strings.Clone(source)] = b
	return b
}

// sweep forgets the sources that have their whole burst again.
func (q *quotas) sweep(now time.Time) {
	q.swept = now
	for source, b := range q.of {
		if b.left+q.rate*now.Sub(b.at).Seconds() >= q.burst {
			delete(q.of, source)
		}
	}
}
