package core

import (
	"container/heap"

	"github.com/onbu/onbu/monitor"
)

// agenda is a heap of moments at which something is to be looked at that no check leads to: a downtime that begins or
// ends, an acknowledgement that runs out. An entry says only where to look: one whose matter was settled meanwhile stays
// until its moment and then means nothing.
type agenda []appointment

// appointment is a moment and what to look at then.
type appointment struct {
	at    monitor.Time
	topic topic
	// number is that of a downtime or comment, or the ID of an object.
	number uint64
}

// topic says what an appointment is about.
type topic uint8

const (
	aboutDowntime topic = iota
	aboutContactDowntime
	aboutComment
	aboutAck         // of an object
	aboutEscalation  // of an object
	aboutMaintenance // of an object
	aboutSource      // of payloads; number is its place in post.sources
	aboutInquiries   // for sources that live in other shards
	aboutSourceless  // hosts for which nothing came since the start
	aboutBorder      // of a border host: what was told of it is old
	aboutBorders     // to be asked for
	aboutPress       // of a border host that is to be looked at
	aboutWatched     // hosts of which other shards are to be told
	aboutTolls       // what suffers from root problems of other shards
)

func (a agenda) Len() int { return len(a) }

func (a agenda) Less(i, j int) bool {
	switch x, y := a[i], a[j]; {
	case x.at != y.at:
		return x.at < y.at
	case x.topic != y.topic:
		return x.topic < y.topic
	default:
		return x.number < y.number
	}
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(appointment)) }

func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// add notes a moment.
func (a *agenda) add(at monitor.Time, t topic, number uint64) {
	heap.Push(a, appointment{at, t, number})
}

// next gives the first moment, if there is one.
func (a agenda) next() (monitor.Time, bool) {
	if len(a) == 0 {
		return 0, false
	}
	return a[0].at, true
}

// due takes out the first appointment whose moment has come.
func (a *agenda) due(now monitor.Time) (appointment, bool) {
	if at, ok := a.next(); !ok || at > now {
		return appointment{}, false
	}
	return heap.Pop(a).(appointment), true
}

// tickAgenda does what is due.
func (c *Core) tickAgenda(d *Decisions) {
	for a, ok := c.agenda.due(c.now); ok; a, ok = c.agenda.due(c.now) {
		switch a.topic {
		case aboutDowntime:
			c.lookAtDowntime(a.number, d)
		case aboutContactDowntime:
			c.lookAtContactDowntime(a.number, d)
		case aboutComment:
			c.lookAtComment(a.number, d)
		case aboutAck:
			c.lookAtAck(monitor.ID(a.number), d)
		case aboutEscalation:
			c.lookAtEscalation(monitor.ID(a.number), d)
		case aboutMaintenance:
			c.lookAtMaintenance(monitor.ID(a.number), d)
		case aboutSource:
			c.lookAtSource(uint32(a.number), d)
		case aboutInquiries:
			c.inquireAll(d)
		case aboutSourceless:
			c.lookAtSourceless(d)
		default:
			c.tickBorder(a, d)
		}
	}
}

// planAgenda writes the agenda anew and counts how many downtimes are in effect for each object: after a restart, and
// after objects got other IDs.
func (c *Core) planAgenda() {
	c.agenda = nil
	c.borders.unplan()
	for id := range c.standing {
		c.standing[id].depth = 0
	}
	for id, numbers := range c.downtimes.of {
		for _, number := range numbers {
			t := c.downtimes.byID[number]
			if t.Began != 0 {
				c.standing[id].depth++
			}
			c.agenda.add(nextOf(t), aboutDowntime, number)
		}
	}
	for number, t := range c.away {
		c.agenda.add(nextOf(t), aboutContactDowntime, number)
	}
	for number, note := range c.comments.byID {
		if note.Expires != 0 {
			c.agenda.add(note.Expires, aboutComment, number)
		}
	}
	for id, until := range c.ackUntil {
		c.agenda.add(until, aboutAck, uint64(id))
	}
	c.planEscalations()
	c.planMaintenance()
	c.planSources()
	c.planBorders()
}
