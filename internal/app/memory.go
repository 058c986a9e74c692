package app

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// heapRoom is how much garbage a large heap may gather before it is collected, in bytes. Go's own rule, as much as is
	// live, would make a million services take twice what they need.
	heapRoom  = 128 << 20
	leastGOGC = 15
	goGOGC    = 100 // what Go does unless told otherwise
	// heapEvery is how often the rule is looked at.
	heapEvery = 10 * time.Second
	// heapIdle is how much free memory the process may hold; what is more is given back, at most once in heapRest.
	heapIdle = 64 << 20
	heapRest = time.Minute
)

// boundHeap keeps the garbage of a large heap bounded, and gives back what it does not need, until ctx ends. Who sets GOGC or GOMEMLIMIT decides for himself.
func boundHeap(ctx context.Context) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	heap := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/free:bytes"}}
	given := time.Now()
	ticker := time.NewTicker(heapEvery)
	defer ticker.Stop()
	for set := goGOGC; ; {
		metrics.Read(heap)
		if want := gogc(heap[0].Value.Uint64()); want < set*9/10 || want > set*11/10 {
			debug.SetGCPercent(want)
			set = want
		}
		if heap[1].Value.Uint64() > heapIdle && time.Since(given) > heapRest {
			debug.FreeOSMemory() // costs a collection
			given = time.Now()
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// gogc gives the percentage that leaves heapRoom for garbage beside what is live.
func gogc(live uint64) int {
	if live == 0 {
		return goGOGC
	}
	return int(min(max(heapRoom*100/live, leastGOGC), goGOGC))
}
