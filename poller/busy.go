package poller

import (
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
	"time"
)

const (
	// keepsUp is how long goroutines may wait for a processor, half of them, on a machine that keeps up. A check waits a
	// few times before it is done, and what it says of its target's answering time has those waits in it.
	keepsUp = 20 * time.Millisecond
	// idles is the least share of the time that the processors of such a machine are idle.
	idles = 0.03
)

// newBusy gives a function that says whether the machine has done all it can since it was called last. The runtime sees where
// this process alone is behind, or has less of the machine than it needs; the kernel where others take what is left.
func newBusy() func() bool {
	waits, idle := newSchedWaits(), newIdle()
	return func() bool {
		long, share := waits() > keepsUp, idle()
		return long || share < idles
	}
}

// newIdle gives a function that says what share of the time the processors were idle since it was called last; 1 where nobody
// knows.
func newIdle() func() float64 {
	var last procStat
	return func() float64 {
		text, _ := os.ReadFile("/proc/stat")
		now := readProcStat(string(text))
		idle, all := now.idle-last.idle, now.all-last.all
		last = now
		if all <= 0 {
			return 1
		}
		return idle / all
	}
}

// procStat is what the processors did since the machine started, in ticks.
type procStat struct{ idle, all float64 }

// readProcStat reads the first line of /proc/stat (proc_stat(5)): user, nice, system, idle, iowait, irq, softirq, steal; guests
// are in user and nice already.
func readProcStat(text string) procStat {
	line, _, _ := strings.Cut(text, "\n")
	words := strings.Fields(line)
	var s procStat
	if len(words) < 9 || words[0] != "cpu" {
		return s
	}
	for i, w := range words[1:9] {
		ticks, _ := strconv.ParseFloat(w, 64)
		s.all += ticks
		if i == 3 || i == 4 {
			s.idle += ticks
		}
	}
	return s
}

// newSchedWaits gives a function that says how long goroutines waited for a processor since it was called last: the median,
// rounded down to a bucket of the runtime's.
func newSchedWaits() func() time.Duration {
	sample := []metrics.Sample{{Name: "/sched/latencies:seconds"}}
	var before, since []uint64
	return func() time.Duration {
		metrics.Read(sample)
		h := sample[0].Value.Float64Histogram()
		if before == nil {
			before, since = make([]uint64, len(h.Counts)), make([]uint64, len(h.Counts))
		}
		for i, n := range h.Counts {
			since[i] = n - before[i]
		}
		copy(before, h.Counts)
		return median(since, h.Buckets)
	}
}

// median gives the lower end of the bucket in which the median is; 0 without any. Bucket i begins at bounds[i] seconds.
func median(counts []uint64, bounds []float64) time.Duration {
	all, below := uint64(0), uint64(0)
	for _, n := range counts {
		all += n
	}
	for i, n := range counts {
		if below += n; n > 0 && 2*below >= all {
			return time.Duration(max(0, bounds[i]) * float64(time.Second))
		}
	}
	return 0
}
