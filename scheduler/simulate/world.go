package simulate

import (
	"time"

	"github.com/onbu/onbu/deptree"
	"github.com/onbu/onbu/monitor"
)

// world is what the checks look at: hosts that answer or do not, and services with something to say. A host answers if
// it is up and so is each host on one of the ways to it.
type world struct {
	inv   *monitor.Inventory
	graph *deptree.Graph
	dead  []bool // hosts that the script has taken down
	cut   []bool // hosts that do not answer
	// said is what the script has objects answer; those that are not in it are fine.
	said map[monitor.ID]*monitor.Outcome
	// by is the line that had the last word on an object.
	by map[monitor.ID]int
}

// What targets say unless the script has something else for them.
var (
	fine    = monitor.Outcome{Output: "fine (simulated)"}
	silence = monitor.Outcome{State: monitor.Critical, Output: "no answer (simulated)"}
)

func newWorld(inv *monitor.Inventory) *world {
	return &world{
		inv:   inv,
		graph: deptree.Build(len(inv.Hosts), func(id monitor.ID) []monitor.ID { return inv.Hosts[id].Parents }),
		dead:  make([]bool, len(inv.Hosts)), cut: make([]bool, len(inv.Hosts)),
		said: make(map[monitor.ID]*monitor.Outcome), by: make(map[monitor.ID]int),
	}
}

// take takes a host down, or brings it up again.
func (w *world) take(host monitor.ID, down bool) {
	w.dead[host] = down
	const (
		unknown = iota
		answers
		silent
	)
	known := make([]uint8, len(w.dead))
	var reach func(h monitor.ID) uint8
	reach = func(h monitor.ID) uint8 {
		if known[h] != unknown {
			return known[h]
		}
		known[h] = silent // while it is being asked: no way leads through itself
		parents := w.graph.Parents(h)
		alive := len(parents) == 0
		for _, p := range parents {
			alive = alive || reach(p) == answers
		}
		if alive && !w.dead[h] {
			known[h] = answers
		}
		return known[h]
	}
	for h := range w.dead {
		w.cut[h] = reach(monitor.ID(h)) == silent
	}
}

// say has an object's checks answer so from now on.
func (w *world) say(id monitor.ID, o *monitor.Outcome) {
	if o == &fine {
		delete(w.said, id)
		return
	}
	w.said[id] = o
}

// look gives what a check that is made now will say, and how long it takes. What does not answer is given up when the
// time limit of a plugin is over: after some seconds for a ping, ten for most others.
func (w *world) look(j *monitor.Job) (*monitor.Outcome, time.Duration) {
	chance := mix(uint64(j.Object)<<32 | uint64(j.Seq))
	quick := 5*time.Millisecond + time.Duration(chance%uint64(100*time.Millisecond))
	if w.cut[w.inv.HostOf(j.Object)] {
		limit := 10 * time.Second
		if j.Service == "" {
			limit = 3 * time.Second
		}
		return &silence, min(limit+10*quick, j.Timeout)
	}
	if o, ok := w.said[j.Object]; ok {
		return o, quick
	}
	return &fine, quick
}

// mix spreads the bits of a number over all of it (SplitMix64): the same for the same check of the same object.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
