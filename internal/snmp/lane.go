package snmp

import (
	"net/netip"
	"time"

	"github.com/onbu/onbu/internal/wheel"
)

// state is what the engine keeps of a request while it has it.
type state struct {
	next   *Request // in its queue
	lane   *lane
	giveUp wheel.Entry[*Request]
	until  bool          // whether giveUp is the moment Until
	asked  time.Duration // when Ask was called
	// refs[from:to] of the lane are its objects; those before from are answered.
	from, to int
	walking  *walking
}

// queue is a list of requests, first in, first out.
type queue struct{ head, tail *Request }

func (q *queue) empty() bool { return q.head == nil }

func (q *queue) push(r *Request) {
	r.next = nil
	if q.head == nil {
		q.head = r
	} else {
		q.tail.next = r
	}
	q.tail = r
}

func (q *queue) pop() *Request {
	r := q.head
	if r != nil {
		q.head = r.next
		r.next = nil
	}
	return r
}

// remove takes r out and says whether it was there.
func (q *queue) remove(r *Request) bool {
	var before *Request
	for at := q.head; at != nil; before, at = at, at.next {
		if at != r {
			continue
		}
		if before == nil {
			q.head = r.next
		} else {
			before.next = r.next
		}
		if q.tail == r {
			q.tail = before
		}
		r.next = nil
		return true
	}
	return false
}

// device is an agent that somebody asks something now.
type device struct {
	addr   netip.AddrPort
	lanes  []*lane // one for each version and community that it is asked with; hardly ever two
	turn   *lane   // whose conversation is under way, nil for none
	lesson *lesson // nil while nothing is known
}

// object is what a conversation asks for, once for all who want it.
type object struct {
	name OID
	next bool // what comes next is wanted
	done bool
	tag  byte
	// status is why the agent refused it.
	status uint8
	order  uint16 // the how manieth that it refused, from 1 on
	// The answer's name, if next or odd, and its value, in the lane's arena.
	nameAt, valueAt, end int32
}

// lane is what a device is asked with one version and community: who waits, and the conversation that is under way.
type lane struct {
	device    *device
	version   Version
	community string
	waiting   queue // for the next conversation

	// The conversation. It is under way from begin to rest.
	active  bool
	slot    uint32
	current []*Request // who gets something out of it, nil for those that have it
	left    int        // how many of current are not nil
	refs    []int32    // current's objects, by their place in objects
	objects []object
	pending []int32 // objects that are still to be asked, from first on
	first   int
	asked   []int32 // those of the message under way
	arena   []byte
	walks   queue  // the first is walking; the others wait
	refused uint16 // objects
	steps   int    // messages for walks in this turn
	apart   int    // how many requests are to be asked alone, since together they were misunderstood

	// The message under way; id is 0 for none.
	id       int32
	msg      []byte
	size     int  // octets that the answer is expected to have
	full     bool // more was to be asked than the message took
	lost     int  // the size of a message that was not answered
	tries    int
	timer    wheel.Entry[*lane]
	quiet    bool          // the timer stands for the moment when others need not wait any longer
	silent   time.Duration // since when the device has not been heard
	heard    bool          // whether it was heard in this conversation
	messages int
	repeats  int
}

// patience of the requests of a conversation: how long the shortest of them waits before a message is sent again.
func (l *lane) wait() time.Duration {
	wait := time.Duration(0)
	for _, r := range l.current {
		if r != nil && (wait == 0 || r.To.Timeout < wait) {
			wait = r.To.Timeout
		}
	}
	if r := l.walks.head; r != nil && l.left == 0 {
		wait = r.To.Timeout
	}
	return max(wait, time.Millisecond)
}

// idle says whether nobody wants anything.
func (l *lane) idle() bool { return !l.active && l.waiting.empty() && l.walks.empty() }

// clear forgets the conversation and keeps the memory, unless it is much.
func (l *lane) clear() {
	if cap(l.objects) > 128 || cap(l.arena) > 4096 || cap(l.msg) > 2048 {
		l.current, l.refs, l.objects, l.pending, l.asked, l.arena, l.msg = nil, nil, nil, nil, nil, nil, nil
	}
	clear(l.current)
	l.current, l.refs, l.objects, l.pending = l.current[:0], l.refs[:0], l.objects[:0], l.pending[:0]
	l.asked, l.arena = l.asked[:0], l.arena[:0]
	l.active, l.left, l.first, l.steps, l.id, l.tries = false, 0, 0, 0, 0, 0
	l.heard, l.messages, l.repeats, l.full, l.lost, l.refused = false, 0, 0, false, 0, 0
}
