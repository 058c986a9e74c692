package core

import (
	"slices"

	"github.com/onbu/onbu/monitor"
)

// JobKey names one issue of one job: a result that carries both is its answer.
type JobKey struct {
	Object monitor.ID
	Seq    uint32
}

// Decisions is what the core wants done. Every call that takes one appends to it; the caller carries the decisions out
// and empties it with Reset before it hands it in again.
//
// The decisions own what they point to: the lines of the jobs and the statuses of the broks lie in arenas that Reset
// takes back. So jobs, checks and broks must have been sent, encoded or copied before Reset; strings inside them stay valid.
// Downtimes, comments and actions that broks point to are never changed afterwards and may be kept.
//
// The zero value is ready. Reusing one Decisions is what keeps the core free of allocations.
type Decisions struct {
	// Jobs are checks to be made now.
	Jobs []monitor.Job
	// Broks are what happened, in the order in which it happened. Those that are Durable belong into the journal
	// before anything else that these decisions ask for becomes visible.
	Broks []monitor.Brok
	// Checks are the checks that were made and applied. Each tells where it stands among Broks.
	Checks []monitor.Check
	// Inquiries ask the owners of sources of payloads how these are, Tellings answer such questions. Both may be lost: the
	// questions are asked again.
	Inquiries []monitor.SourceInquiry
	Tellings  []Telling
	// BorderInquiries ask for border hosts, BorderStates tell of them, BorderTolls of what suffers from root problems of other
	// shards. All of them may be lost, or be late: they are said again.
	BorderInquiries []Letter[monitor.BorderInquiry]
	BorderStates    []Letter[monitor.BorderState]
	BorderTolls     []Letter[monitor.BorderToll]
	// Wake is when Tick has something to do next; the core sets it at the end of each call. A caller may come later,
	// and everything due until then is done in one go.
	Wake monitor.Time
	// Orphans counts jobs that were issued again, Dropped results that nobody waited for any more.
	Orphans, Dropped int
	// Triggers counts results that triggers looked at, TriggerErrors those at which one of them failed.
	Triggers, TriggerErrors int

	lines    []byte
	statuses []monitor.Status
	before   []int32 // of each check: how many of the broks come before it
}

// Each hands on all checks and broks in the order in which they happened.
func (d *Decisions) Each(check func(*monitor.Check), brok func(*monitor.Brok)) {
	next := 0
	for i := range d.Broks {
		for next < len(d.Checks) && int(d.before[next]) <= i {
			check(&d.Checks[next])
			next++
		}
		brok(&d.Broks[i])
	}
	for ; next < len(d.Checks); next++ {
		check(&d.Checks[next])
	}
}

// Reset empties d for the next call and keeps its memory.
func (d *Decisions) Reset() {
	clear(d.Jobs)
	clear(d.Broks)
	clear(d.statuses)
	clear(d.Checks)
	d.Jobs, d.Broks, d.lines, d.statuses = d.Jobs[:0], d.Broks[:0], d.lines[:0], d.statuses[:0]
	d.Checks, d.before = d.Checks[:0], d.before[:0]
	clear(d.Tellings)
	d.Inquiries, d.Tellings = d.Inquiries[:0], d.Tellings[:0]
	clear(d.BorderStates)
	clear(d.BorderTolls)
	d.BorderInquiries, d.BorderStates, d.BorderTolls = d.BorderInquiries[:0], d.BorderStates[:0], d.BorderTolls[:0]
	d.Wake, d.Orphans, d.Dropped = 0, 0, 0
	d.Triggers, d.TriggerErrors = 0, 0
}

// status takes an empty status out of the arena. One that was taken before stays where it is when the arena grows. What
// is behind the statuses in use was never used or emptied by Reset.
func (d *Decisions) status() *monitor.Status {
	d.statuses = slices.Grow(d.statuses, 1)[:len(d.statuses)+1]
	return &d.statuses[len(d.statuses)-1]
}

// check appends an empty check behind the broks that are there, and gives its index.
func (d *Decisions) check() int {
	d.Checks = append(d.Checks, monitor.Check{})
	d.before = append(d.before, int32(len(d.Broks)))
	return len(d.Checks) - 1
}

// job appends an empty job.
func (d *Decisions) job() *monitor.Job {
	d.Jobs = append(d.Jobs, monitor.Job{})
	return &d.Jobs[len(d.Jobs)-1]
}

// insert puts a brok before those from at on.
func (d *Decisions) insert(at int, b monitor.Brok) {
	d.Broks = slices.Insert(d.Broks, at, b)
}
