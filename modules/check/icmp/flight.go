package icmp

import (
	"net/netip"
	"time"

	"github.com/onbu/onbu/internal/wheel"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// moment is a point in time on both clocks: the steady one that deadlines are measured with, since the engine's start, and
// the kernel's, in nanoseconds since 1970, that is on arriving packets. A wall of 0 is unknown.
type moment struct {
	at   time.Duration
	wall int64
}

// packet is one request. Between the reading of the clock and its leaving the machine may have had something else to do,
// and its round trip would be too long. So it is sure only when the kernel has taken it soon enough, and void otherwise.
type packet struct {
	sent, arrived moment
	sure, void    bool
	heard         bool // a reply has arrived, which counts once the packet is sure
}

// trip is how long a reply took that arrived at m, if the packet is sure. Between two readings of the kernel's clock that clock may have been
// set: what it says counts only if it is possible, that is not longer than until the reply was read.
func (p packet) trip(m moment) time.Duration {
	upTo := max(m.at-p.sent.at, 0)
	if m.wall == 0 {
		return upTo
	}
	if kernel := time.Duration(m.wall - p.sent.wall); kernel >= 0 && kernel < upTo {
		return kernel
	}
	return upTo
}

// report is what somebody on the way said became of a packet.
type report struct {
	typ, code byte
	from      netip.Addr
}

// flight is the pinging of one address by one check. It keeps its slot for good and is used by one check after another.
type flight struct {
	slot  uint32
	check *check // nil while nobody pings with it
	token uint64 // what its packets carry; another one for each check

	addr          netip.Addr // without a zone
	packets       []packet
	voids, again  int // packets that are void, and those of them in whose place another one is still to go
	received      int
	duplicates    int
	sum, min, max time.Duration // of the round trips
	reports       int
	first         report // the first of the reports
}

// pending gives how many packets are neither answered nor reported on.
func (f *flight) pending() int { return max(f.sent()+f.again-f.received-f.reports, 0) }

// sent gives how many packets count as sent.
func (f *flight) sent() int { return len(f.packets) - f.voids }

// answer notes the first reply to a packet of the flight.
func (f *flight) answer(p *packet) {
	trip := p.trip(p.arrived)
	if f.received == 0 || trip < f.min {
		f.min = trip
	}
	f.max = max(f.max, trip)
	f.sum += trip
	f.received++
}

// plan says how a check sends.
type plan struct {
	rounds    int // of a packet to each target
	size      int // of the payload
	gap       time.Duration
	targetGap time.Duration // from one target to the next
	patience  time.Duration // from the first packet to the end
	// eager plans go on as soon as nothing is under way, and gap is the longest pause after a round. Others begin their
	// rounds gap apart.
	eager    bool
	controls []byte // control messages of each packet
}

// rules are what a command line makes of an engine: how it sends, when it is decided, and its answer. All but judge are
// called with the engine's mu held.
type rules interface {
	plan(targets int, f family) plan
	// decided says whether nothing that arrives can change the answer any more.
	decided(c *check) bool
	// cannotSend takes the error of the last packet of f, and says whether the packet counts as sent all the same.
	cannotSend(c *check, f *flight, err error) (counts bool)
	// judge gives the answer, once the check is over. Its strings lie in *b.
	judge(c *check, b *[]byte) monitor.Outcome
}

// check is one check under way. It is guarded by the engine's mu until it is over, and belongs to whoever tells then.
type check struct {
	deadline wheel.Entry[*check]
	rules    rules
	waiter   modules.Waiter
	plan     plan
	family   family

	hosts   []target // a name and an address for each flight
	flights []*flight
	// brief says that one packet is enough if it is answered in time: see docs/native.md.
	brief bool

	until time.Duration // the engine's time limit
	limit time.Duration // when it ends at the latest; until before the first packet
	began time.Duration // when the first packet went, or would have if no time had been lost
	pause time.Duration // when the next packet goes at the latest
	round int           // the round of the next packet
	turn  int           // the flight of the next packet
	// waiting says that the next packet waits for the sender.
	waiting bool

	over    bool
	err     error
	verdict *monitor.Outcome // what an error of sending decided
	trouble string           // lines for the long output
	next    *check           // in a list of those that are over or idle
}

// underWay gives how many packets are neither answered nor reported on.
func (c *check) underWay() (n int) {
	for _, f := range c.flights {
		n += f.pending()
	}
	return n
}

// endRound has the next round begin after its pause.
func (c *check) endRound(now time.Duration) {
	c.turn = 0
	c.round++
	if c.plan.eager {
		c.pause = now + c.plan.gap
	} else {
		c.pause = c.began + time.Duration(c.round)*c.plan.gap
		if c.pause <= now { // the machine was away; packets do not come in a burst for that
			c.began += now + c.plan.gap - c.pause
			c.pause = now + c.plan.gap
		}
	}
}

// aliveWarning is the loss in percent from which on a warning threshold is about somebody who is hardly there at all.
const aliveWarning = 80

// briefly says whether the first packet was answered before any other went, and faster than limit, and that is enough.
func (c *check) briefly(limit time.Duration) bool {
	f := c.flights[0]
	return c.brief && f.sent() == 1 && f.received == 1 && f.sum < limit
}
