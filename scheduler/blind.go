package scheduler

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// The core of each shard finds pollers that are isolated: all that they look at fails, while others of their pool see what they saw
// before (scheduler/core, isolation.go). What one shard has found holds for all shards of this scheduler: such a poller is put aside and gets
// one check in probeShare, until it sees again.

// probeShare is how many jobs there are for one that a blind poller gets, as in the core.
const probeShare = 8

// blindness is which pollers are blind, by the shards that say so. It is guarded by the dispatcher's lock.
type blindness map[string]map[monitor.Shard]bool

// alerted reads what a core says of pollers. said is what the poller's name stands in: POLLER ALERT: NAME;ISOLATED;WHY.
func alerted(b *monitor.Brok) (poller, what, why string, ok bool) {
	if b.Kind != monitor.BrokLog {
		return "", "", "", false
	}
	said, ok := strings.CutPrefix(b.Text, "POLLER ALERT: ")
	if !ok {
		return "", "", "", false
	}
	// A name may hold anything but a line feed; the sentence behind the two words holds no semicolon.
	head, why, ok1 := cutLast(said)
	poller, what, ok2 := cutLast(head)
	return poller, what, why, ok1 && ok2
}

func cutLast(text string) (before, after string, ok bool) {
	i := strings.LastIndexByte(text, ';')
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+1:], true
}

// sighted takes note of what the core of a shard says of pollers, and tells the cluster log when it is new to this scheduler.
func (d *dispatcher) sighted(shard monitor.Shard, b *monitor.Brok) {
	poller, what, why, ok := alerted(b)
	if !ok {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	by := d.blind[poller]
	switch {
	case what == "ISOLATED" && by == nil:
		d.blind[poller] = map[monitor.Shard]bool{shard: true}
		d.chronicle.Tell(monitor.PollerBlind, "poller "+poller, fmt.Sprintf("of shard %d %s; it is put aside and gets one check in %d", shard, why, probeShare))
	case what == "ISOLATED":
		by[shard] = true
	case what == "BACK" && by != nil: // a good answer of one shard's is good for all
		delete(d.blind, poller)
		d.chronicle.Tell(monitor.PollerSees, "poller "+poller, why+"; it is used as before")
	}
}

// unshardLocked forgets what a shard says that is not this scheduler's any more.
func (d *dispatcher) unshardLocked(shard monitor.Shard) {
	for poller, by := range d.blind {
		if delete(by, shard); len(by) == 0 {
			delete(d.blind, poller)
		}
	}
}

// asideLocked gives a job that is to avoid a blind poller, or as it is.
func (d *dispatcher) asideLocked(job *monitor.Job) *monitor.Job {
	if len(d.blind) == 0 || job.Avoid != "" || (job.Seq+uint32(job.Object))%probeShare == 0 {
		return job
	}
	var names []string
	for name := range d.blind {
		names = append(names, name)
	}
	to := *job
	to.Avoid = slices.Min(names) // a job avoids one; the others are put aside by their own shards
	return &to
}
