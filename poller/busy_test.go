package poller

import (
	"math"
	"testing"
	"time"
)

func TestIdleTimeIsWhatTheKernelSays(t *testing.T) {
	got := readProcStat("cpu  10 20 30 400 50 6 7 8 10 20\ncpu0 1 2 3 4 5 6 7 8 9 10\n")
	if want := (procStat{idle: 450, all: 531}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := readProcStat(""); got != (procStat{}) {
		t.Errorf("got %+v of nothing", got)
	}
}

func TestTheMedianOfAHistogramIsInTheBucketWhereHalfIsReached(t *testing.T) {
	bounds := []float64{math.Inf(-1), 0.001, 0.002, 0.004, math.Inf(1)}
	for _, c := range []struct {
		counts []uint64
		want   time.Duration
	}{
		{[]uint64{0, 0, 0, 0}, 0},
		{[]uint64{5, 4, 0, 0}, 0},
		{[]uint64{4, 1, 4, 0}, time.Millisecond},
		{[]uint64{0, 0, 0, 1}, 4 * time.Millisecond},
	} {
		if got := median(c.counts, bounds); got != c.want {
			t.Errorf("%v: got %v, want %v", c.counts, got, c.want)
		}
	}
}
