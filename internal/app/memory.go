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
	heapRoom  = 96 << 20
	leastGOGC = 15
	goGOGC    = 100 // what Go does unless told otherwise
	// Where collecting takes more than dearGC cores the heap gets twice the room, where it takes less than cheapGC half of it.
	dearGC, cheapGC = 0.2, 0.05
	// heapEvery is how often the rule is looked at.
	heapEvery = 3 * time.Second
	// heapIdle is how much free memory the process may hold; what is more is given back, at most once in heapRest. Garbage counts
	// as free where it is more than what is live: a process that rests does not collect it by itself for minutes.
	heapIdle = 32 << 20
	heapRest = 20 * time.Second
)

// heap is what the runtime says of its memory, and the rule's own state.
type heap struct {
	samples   []metrics.Sample
	collected float64 // CPU seconds
	looked    time.Time
	given     time.Time
	room      uint64
	gogc      int
}

// BoundHeap keeps the garbage of a large heap bounded, and gives back what it does not need, until ctx ends. Who sets GOGC or
// GOMEMLIMIT decides for himself. It is for the whole process: Run calls it.
func BoundHeap(ctx context.Context) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	h := heap{
		samples: []metrics.Sample{
			{Name: "/gc/heap/live:bytes"},
			{Name: "/memory/classes/heap/free:bytes"},
			{Name: "/cpu/classes/gc/total:cpu-seconds"},
			{Name: "/memory/classes/heap/objects:bytes"},
		},
		looked: time.Now(), given: time.Now(), room: heapRoom, gogc: goGOGC,
	}
	ticker := time.NewTicker(heapEvery)
	defer ticker.Stop()
	for {
		h.look(time.Now())
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (h *heap) look(now time.Time) {
	metrics.Read(h.samples)
	live, free, collected := h.samples[0].Value.Uint64(), h.samples[1].Value.Uint64(), h.samples[2].Value.Float64()
	if took := now.Sub(h.looked).Seconds(); took > 0 {
		h.room = roomFor(h.room, live, (collected-h.collected)/took)
	}
	h.collected, h.looked = collected, now
	if want := gogc(live, h.room); want < h.gogc*9/10 || want > h.gogc*11/10 {
		debug.SetGCPercent(want)
		h.gogc = want
	}
	if idle(live, free, h.samples[3].Value.Uint64()) && now.Sub(h.given) > heapRest {
		debug.FreeOSMemory() // costs a collection
		h.given = now
	}
}

// idle says whether there is memory worth giving back: objects are what is live, and the garbage since the last collection.
func idle(live, free, objects uint64) bool {
	garbage := objects - min(live, objects)
	return free > heapIdle || garbage > max(heapIdle, live)
}

// roomFor gives the room for garbage after one in which collecting took so many cores.
func roomFor(room, live uint64, cores float64) uint64 {
	switch {
	case cores > dearGC:
		return min(2*room, max(live, heapRoom))
	case cores < cheapGC:
		return max(room/2, heapRoom)
	}
	return room
}

// gogc gives the percentage that leaves room for garbage beside what is live.
func gogc(live, room uint64) int {
	if live == 0 {
		return goGOGC
	}
	return int(min(max(room*100/live, leastGOGC), goGOGC))
}
