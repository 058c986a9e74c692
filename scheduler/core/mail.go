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
	batch   uint32       // the call of Arrive that last had one
}

// post knows the payloads that arrived for the hosts of the shard. It takes nothing until the first one does.
type post struct {
	boxes   []mailbox // of each host
	batch   uint32
	touched []monitor.ID // scratch of Arrive
}

// Arrive takes note of payloads that were stored for hosts of this shard, and has those hosts' checks made that read agent
// output: at the next Tick, as if a person had demanded them without force. Where such a check is on its way, one more
// follows it; where it is due within a second, that one serves. Several payloads for one host in one call count once.
// Hosts that are not in the inventory are passed over: they live elsewhere since. No string is kept.
func (c *Core) Arrive(now monitor.Time, arrivals []monitor.Arrival, d *Decisions) {
	c.enter(now)
	if c.post.boxes == nil {
		c.post.boxes = make([]mailbox, len(c.inv.Hosts))
	}
	c.post.batch++
	c.post.touched = c.post.touched[:0]
	for i := range arrivals {
		if host, ok := c.hosts[arrivals[i].Host]; ok {
			c.receive(host, &arrivals[i])
		}
	}
	for _, host := range c.post.touched {
		c.readNow(host, d)
	}
	c.leave(d)
}

// receive notes one payload.
func (c *Core) receive(host monitor.ID, a *monitor.Arrival) {
	box := &c.post.boxes[host]
	box.seq = max(box.seq, a.Seq)
	if box.arrived = c.now; box.batch != c.post.batch {
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
	switch {
	case c.reading[id] == 0 || !c.checked(id):
	case r.flags.has(inFlight):
		r.flags |= again
	case r.next >= c.now && r.next <= c.now.Add(soon):
	case r.flags.has(pinned) && r.next > c.now:
		if c.in(c.inv.Policy(id).CheckPeriod, c.now) {
			c.ask(id, d)
		}
	default:
		r.next = c.now
		r.flags |= pinned
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

// notBefore puts a regular check or retry of an object that payloads arrive for off: while they come about once in an
// interval, it is they that have it checked, and the interval is for when they stay away. All checks of a host with one
// interval are put off to the same moment.
func (c *Core) notBefore(id monitor.ID, interval time.Duration, next monitor.Time) monitor.Time {
	if c.post.boxes == nil || next == 0 || !c.reads(id) {
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

// movePost takes over what an older core knew of payloads, by name.
func (c *Core) movePost(old *Core) {
	c.post = post{}
	for was, box := range old.post.boxes {
		if box.arrived == 0 {
			continue
		}
		if host, ok := c.hosts[old.inv.Hosts[was].Name]; ok {
			if c.post.boxes == nil {
				c.post.boxes = make([]mailbox, len(c.inv.Hosts))
			}
			box.batch = 0
			c.post.boxes[host] = box
		}
	}
}
