package poller

import (
	"runtime"
	"runtime/metrics"
	"time"
)

const (
	// lookAfter is how often it is looked at whether the machine keeps up.
	lookAfter = 400 * time.Millisecond
	// keepsUp is how long goroutines may wait for a processor, half of them, on a machine that keeps up. A check waits a
	// few times before it is done, and what it says of its target's answering time has those waits in it.
	keepsUp = 20 * time.Millisecond
	// shortly is for how much work, by the time that it takes, checks are begun on a machine that does not.
	shortly = 250 * time.Millisecond
	// Of checks that need a goroutine there may always be so many for each core. Logins and handshakes take milliseconds of
	// one: as many as these are done in a fraction of a second.
	underPerCore = 64
	// A check that began so long ago waits for its target rather than for a processor.
	eraFor = 500 * time.Millisecond
	eras   = 4
)

// pressure keeps a machine that is offered more than it can do from beginning everything and ending little: what has begun has
// a time limit, and would be late by our fault; what has not can wait. It bounds how many checks in goroutines are under way, of
// those that began in the last two seconds. The bound grows by half as long as the machine keeps up and it is
// needed, and otherwise is what was done lately in a quarter of a second. The room's lock guards it.
type pressure struct {
	waits func() time.Duration // as Options.Waits says
	least int
	bound int

	looked time.Time
	ended  int // since looked
	used   int // the most that counted since looked

	// recent are the checks under way that count, by when they began; eras go round.
	recent [eras]int
	era    int64
}

func newPressure(slots int, waits func() time.Duration) pressure {
	if waits == nil {
		waits = newSchedWaits()
	}
	least := underPerCore * runtime.GOMAXPROCS(0)
	return pressure{waits: waits, least: least, bound: min(4*least, slots)}
}

func eraOf(t time.Time) int64 { return t.UnixNano() / int64(eraFor) }

// turn forgets the checks that do not count any more.
func (p *pressure) turn(now time.Time) {
	for era := eraOf(now); p.era < era; p.era++ {
		if p.era < era-eras {
			p.era = era - eras
		}
		p.recent[(p.era+1)%eras] = 0
	}
}

// begin counts a check.
func (p *pressure) begin(c *check, now time.Time) {
	p.turn(now)
	c.era = p.era
	p.recent[p.era%eras]++
	p.used = max(p.used, p.count())
}

// end counts it no more.
func (p *pressure) end(c *check) {
	p.ended++
	if c.era > p.era-eras {
		p.recent[c.era%eras]--
	}
}

func (p *pressure) count() int {
	n := 0
	for _, some := range p.recent {
		n += some
	}
	return n
}

// room is how many more may be begun; negative if there are too many.
func (p *pressure) room(now time.Time, slots int) int {
	p.turn(now)
	p.look(now, slots)
	return p.bound - p.count()
}

// look sets the bound anew.
func (p *pressure) look(now time.Time, slots int) {
	since := now.Sub(p.looked)
	if since < lookAfter {
		return
	}
	switch {
	case p.waits() > keepsUp:
		p.bound = min(p.bound, max(p.least, int(float64(p.ended)*float64(shortly)/float64(since))))
	case p.used > p.bound/2:
		p.bound = min(p.bound+p.bound/2, slots)
	}
	p.looked, p.ended, p.used = now, 0, p.count()
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
