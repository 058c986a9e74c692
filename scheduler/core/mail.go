package core

import (
	"time"

	"github.com/onbu/onbu/monitor"
)

// soon is how near a check may be that a payload waits for, so that one round serves both.
const soon = time.Second

// mailbox is what is known of the payloads for one host.
type mailbox struct {
	seq     uint64       // the newest place in their stream
	arrived monitor.Time // when the core last heard of one
	freed   monitor.Time // when one came that ended that nothing could come; 0 for never
	links   uint32       // one more than the place of the first of its links; 0 for none
	batch   uint32       // the call of Arrive that last had one
}

// post knows the payloads that arrived for the hosts of the shard, and where they came from. It takes nothing until the
// first one does.
type post struct {
	boxes   []mailbox // of each host
	links   []link
	sources []source
	byName  map[string]uint32 // places in sources
	// at are the places in sources of the objects of this shard on which a source stands: hosts, and services of agents.
	at      map[monitor.ID]uint32
	last    uint32 // the source of the last payload: the next is likely to come from it too
	batch   uint32
	touched []monitor.ID // scratch of Arrive
	freed   []uint32     // likewise: links of which something came although they were cut
	news    []uint32     // sources of which other shards are to be told
	begun   monitor.Time // when the core began its work
	// counted is when the last attempt began that counted, of objects of which a check was made since that did not count;
	// of all others that is the last check.
	counted map[monitor.ID]monitor.Time
	asks    bool // the agenda has when to ask for sources that live elsewhere
}

// Arrive takes note of payloads that were stored for hosts of this shard, and has those hosts' checks made that read agent
// output: at the next Tick, as if a person had demanded them without force. Where such a check is on its way, one more
// follows it; where it is due within a second, that one serves. Several payloads for one host in one call count once.
// Hosts that are not in the inventory are passed over: they live elsewhere since. What is kept of the strings is copied.
func (c *Core) Arrive(now monitor.Time, arrivals []monitor.Arrival, d *Decisions) {
	c.enter(now)
	p := &c.post
	p.batch++
	p.touched, p.freed = p.touched[:0], p.freed[:0]
	for i := range arrivals {
		if host, ok := c.hosts[arrivals[i].Host]; ok {
			c.receive(host, &arrivals[i])
		}
	}
	for _, host := range p.touched {
		c.readNow(host, d)
	}
	c.relieve(p.freed, d)
	c.leave(d)
}

// receive notes one payload. One that was known already changes nothing.
func (c *Core) receive(host monitor.ID, a *monitor.Arrival) {
	first := c.isSourceless(host)
	n := c.link(host, a.Source)
	l, box := &c.post.links[n], &c.post.boxes[host]
	if a.Seq == l.seq && a.At <= l.at {
		return
	}
	if c.leaning != nil && c.leaning[host] && (first || c.isCut(l) && c.provesSound(l, a.At)) {
		c.post.freed = append(c.post.freed, n)
		box.freed = c.now
	}
	if a.At > l.at && a.Seq < l.seq {
		box.seq = a.Seq // the stream was made anew
	}
	l.seq, l.at = a.Seq, max(l.at, a.At)
	box.seq, box.arrived = max(box.seq, a.Seq), c.now
	if box.batch != c.post.batch {
		box.batch = c.post.batch
		c.post.touched = append(c.post.touched, host)
	}
}

// readNow demands the checks of a host that read agent output.
func (c *Core) readNow(host monitor.ID, d *Decisions) {
	if c.reading == nil {
		return
	}
	c.demandReader(host, d)
	first, last := c.services(host)
	for id := first; id < last; id++ {
		c.demandReader(id, d)
	}
}

// demandReader demands one check, if it reads agent output. What a person wants at a later moment stays where it is.
func (c *Core) demandReader(id monitor.ID, d *Decisions) {
	r := &c.run[id]
	switch due, laid := c.wheel.At(id); {
	case !c.reading[id].has(reads) || !c.checked(id):
	case r.flags.has(inFlight):
		r.flags |= again
	case laid && due <= c.now.Add(soon):
	case r.flags.has(pinned) && r.next > c.now:
		if c.in(c.inv.Policy(id).CheckPeriod, c.now) && c.held(id).why == free {
			r.flags |= arrival
			c.issue(id, c.now, d)
		}
	default:
		r.next = c.now
		r.flags |= pinned | arrival
		c.lay(id)
	}
}

// payload gives the newest place in the stream of payloads that is known for an object's host.
func (c *Core) payload(id monitor.ID) uint64 {
	if c.post.boxes == nil || !c.reads(id) {
		return 0
	}
	return c.post.boxes[c.inv.HostOf(id)].seq
}

// count finds out whether a result counts as an attempt, before it is recorded. Each payload that arrives has its host
// looked at, however many there are, and most say nothing of this object: what goes on to fail in a check that was made for one, sooner
// than a retry would come, is the same attempt still.
func (c *Core) count(id monitor.ID, l *look) {
	last, some := c.post.counted[id]
	if !some {
		last = c.times[id].check
	}
	if l.arrival && l.state != monitor.OK && c.isProblem(id) && c.standing[id].Type == monitor.Soft && l.started < last.Add(c.interval(id)) {
		l.counted = last
		c.post.noteCounted(id, last)
	} else if some {
		delete(c.post.counted, id)
	}
}

func (p *post) noteCounted(id monitor.ID, at monitor.Time) {
	if p.counted == nil {
		p.counted = make(map[monitor.ID]monitor.Time)
	}
	p.counted[id] = at
}

// notBefore puts a regular check or retry of an object off of which all data arrive in payloads: while they come about once
// in an interval, it is they that have it checked, and the interval is for when they stay away. All checks of a host with one
// interval are put off to the same moment. What asks an agent itself is asked in time, whatever arrives.
func (c *Core) notBefore(id monitor.ID, interval time.Duration, next monitor.Time) monitor.Time {
	if c.post.boxes == nil || next == 0 || !c.reads(id) || c.reading[id].has(fetches) {
		return next
	}
	arrived := c.post.boxes[c.inv.HostOf(id)].arrived
	if arrived == 0 {
		return next
	}
	off := arrived.Add(interval + interval/2)
	switch {
	case off <= next:
		return next
	case c.in(c.inv.Policy(id).CheckPeriod, off):
		return off
	}
	return c.regular(id, interval, off)
}
