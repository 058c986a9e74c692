package poller

import (
	"runtime"
	"time"
)

const (
	// lookAfter is how often it is looked at whether the machine keeps up.
	lookAfter = 400 * time.Millisecond
	// shortly is for how much work, by the time that it takes, checks are begun on a machine that does not.
	shortly = 500 * time.Millisecond
	// Of checks that need a goroutine there may always be so many for each core, of whom some are on the bus: with fewer it
	// would be idle between two of them. Handshakes take a millisecond of a core, so that as many are done in half a second.
	underPerCore = 512
	// A check that began so long ago waits for its target rather than for a processor.
	eraFor = 500 * time.Millisecond
	eras   = 4
)

// pressure keeps a machine that is offered more than it can do from beginning everything and ending little: what has begun has
// a time limit, and would be late by our fault; what has not can wait. It bounds how many checks in goroutines are under way, of
// those that began in the last two seconds. The bound grows by half as long as the machine keeps up and it is
// needed, and otherwise is what was done lately in half a second. The room's lock guards it.
type pressure struct {
	busy  func() bool // as Options.Busy says
	least int
	bound int

	looked time.Time
	ended  int // since looked
	used   int // the most that counted since looked

	// recent are the checks under way that count, by when they began; eras go round.
	recent [eras]int
	era    int64
}

func newPressure(slots int, busy func() bool) pressure {
	if busy == nil {
		busy = newBusy()
	}
	least := underPerCore * runtime.GOMAXPROCS(0)
	return pressure{busy: busy, least: least, bound: min(least, slots)}
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
	case p.busy():
		p.bound = min(p.bound, max(p.least, int(float64(p.ended)*float64(shortly)/float64(since))))
	case p.used > p.bound/2:
		p.bound = min(p.bound+p.bound/2, slots)
	}
	p.looked, p.ended, p.used = now, 0, p.count()
}
