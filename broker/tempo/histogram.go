package tempo

import (
	"math/bits"
	"time"
)

// buckets reach from a microsecond to 19 hours, four to each doubling: a time is told to within an eighth.
const buckets = 144

// histogram counts times.
type histogram [buckets]uint32

func (h *histogram) add(d time.Duration) { h[bucket(d)]++ }

func (h *histogram) join(other *histogram) {
	for i, n := range other {
		h[i] += n
	}
}

// bucket gives the place of a time. Below four microseconds each has one of its own.
func bucket(d time.Duration) int {
	us := uint64(max(d, 0) / time.Microsecond)
	if us < 4 {
		return int(us)
	}
	shift := bits.Len64(us) - 3
	return min(4*shift+int(us>>shift), buckets-1)
}

// middle gives the middle of a bucket, in seconds.
func middle(i int) float64 {
	if i < 4 {
		return float64(i) / 1e6
	}
	shift := i/4 - 1
	return (float64(i%4) + 4.5) * float64(uint64(1)<<shift) / 1e6
}

// Spread is how times are spread, in seconds to within an eighth; all are 0 where there is no time.
type Spread struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

func (h *histogram) spread() Spread {
	total := uint64(0)
	for _, n := range h {
		total += uint64(n)
	}
	var s Spread
	seen := uint64(0)
	for i, n := range h {
		before := seen
		if seen += uint64(n); n == 0 {
			continue
		}
		s.Max = middle(i)
		if 2*before < total {
			s.P50 = s.Max
		}
		if 100*before < 99*total {
			s.P99 = s.Max
		}
	}
	return s
}
