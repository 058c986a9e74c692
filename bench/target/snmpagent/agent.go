// Package snmpagent knows how to pretend to be any number of switches: an SNMP agent for v1 and v2c that makes up what it is asked for
// from the address at which it is asked and the time. It answers as RFC 1157 and RFC 3416 say, whatever the community; a switch has
// the system group, 24 ports (48 if its address ends on a multiple of 8) in ifTable and ifXTable with counters that move, and
// storage, load and processors that a server would have.
//
// It is the load's other side: it has to cost less than what is measured, so one answer costs well under a microsecond here
// and nothing is allocated.
package snmpagent

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"
)

// Habits are what makes a device worse than its MIB. The zero value is a good device.
type Habits struct {
	// MaxObjects is how many objects a request may name; one with more gets no answer. 0 is no bound. Of a GETBULK the
	// objects to come count too.
	MaxObjects int
	// MaxSize is how many bytes an answer may have, 0 for 1472. A longer one is tooBig, or cut short if it answers GETBULK.
	MaxSize int
	// OnlyV1 leaves requests of v2c unanswered.
	OnlyV1 bool
	// Delay is how long an answer takes.
	Delay time.Duration
}

// defaultSize is what fits an Ethernet frame.
const defaultSize = 1472

// maxVarbinds bounds what one answer holds; it is more than fits in any.
const maxVarbinds = 4096

// Agent answers requests. Answer is for one goroutine.
type Agent struct {
	habits  Habits
	columns []column
	end     []byte // the name of the last object
	started time.Time

	// What is being answered.
	device device
	v1     bool
	name   oid
	found  int    // the column that was looked for last
	out    []byte // the answer, whose varbinds begin at headRoom
	walks  []walk // of a GETBULK

	// Requests and Objects are how many were answered so far; any goroutine may read them.
	Requests, Objects atomic.Int64
}

// spot is where a walk is: at a row of a column. A column behind the last is the end.
type spot struct {
	column int
	row    uint32
}

// headRoom is what version, community and the heads before the varbinds may take.
const headRoom = 320

// New builds an agent whose devices started a while before now.
func New(h Habits, now time.Time) *Agent {
	if h.MaxSize == 0 {
		h.MaxSize = defaultSize
	}
	all := columns()
	last := &all[len(all)-1]
	end := appendSub(slices.Clone(last.coded), (&device{}).rows(last.rows))
	return &Agent{habits: h, columns: all, end: end, started: now, out: make([]byte, 0, headRoom+h.MaxSize+512)}
}

// request is a message that was taken apart. Its slices lie in the datagram.
type request struct {
	version   int32
	community []byte
	kind      byte
	id        int32
	first     int32 // error-status, or non-repeaters
	second    int32 // error-index, or max-repetitions
	varbinds  []byte
}

// read takes a datagram apart.
func (r *request) read(b []byte) bool {
	tag, message, _, ok := cut(b)
	if !ok || tag != tagSequence {
		return false
	}
	if r.version, message, ok = cutInt(message); !ok || r.version > 1 || r.version < 0 {
		return false
	}
	if tag, r.community, message, ok = cut(message); !ok || tag != tagString || len(r.community) > 255 {
		return false
	}
	r.kind, message, _, ok = cut(message)
	if !ok {
		return false
	}
	if r.id, message, ok = cutInt(message); !ok {
		return false
	}
	if r.first, message, ok = cutInt(message); !ok {
		return false
	}
	if r.second, message, ok = cutInt(message); !ok {
		return false
	}
	tag, r.varbinds, _, ok = cut(message)
	return ok && tag == tagSequence
}

// cutName takes one varbind off b, whose value has to be NULL, and gives the content of its object identifier.
func cutName(b []byte) (name, rest []byte, ok bool) {
	tag, varbind, rest, ok := cut(b)
	if !ok || tag != tagSequence {
		return nil, nil, false
	}
	tag, name, value, ok := cut(varbind)
	if !ok || tag != tagOID || !whole(name) {
		return nil, nil, false
	}
	return name, rest, len(value) == 2 && value[0] == tagNull && value[1] == 0 // an error gives it back as it came
}

// count counts the varbinds; ok is false when one cannot be read.
func count(varbinds []byte) (n int, ok bool) {
	for len(varbinds) > 0 {
		if _, varbinds, ok = cutName(varbinds); !ok {
			return 0, false
		}
		n++
	}
	return n, true
}

// Answer gives the answer of the device at an address to a datagram; nil if there is none. The answer lies in memory of the agent
// until the next call.
func (a *Agent) Answer(datagram []byte, address netip.Addr, now time.Time) []byte {
	var r request
	if !r.read(datagram) || a.habits.OnlyV1 && r.version != 0 {
		return nil
	}
	n, ok := count(r.varbinds)
	if !ok || n > maxVarbinds || a.habits.MaxObjects > 0 && a.asks(&r, n) > a.habits.MaxObjects {
		return nil
	}
	four := address.As4()
	host := binary.BigEndian.Uint32(four[:])
	booted := time.Duration(mix(host, 0, 0)%(90*24*3600)) * time.Second
	a.device = device{host: host, ports: ports(host), uptime: uint64((now.Sub(a.started) + booted) / time.Millisecond)}
	a.v1 = r.version == 0
	a.out = a.out[:headRoom]
	switch {
	case r.kind == tagGet:
		return a.each(&r, a.get)
	case r.kind == tagGetNext:
		return a.each(&r, a.getNext)
	case r.kind == tagGetBulk && !a.v1:
		return a.bulk(&r, n)
	}
	return nil
}

// asks gives how many objects a request with n names wants.
func (a *Agent) asks(r *request, n int) int {
	if r.kind != tagGetBulk {
		return n
	}
	single := min(max(int(r.first), 0), n)
	return single + (n-single)*max(int(r.second), 0)
}

// Error statuses: RFC 1157, section 4.1.1.
const (
	noError    = 0
	tooBig     = 1
	noSuchName = 2
)

// each answers with one object for each name.
func (a *Agent) each(r *request, answer func(name []byte) bool) []byte {
	n := int32(0)
	for rest := r.varbinds; len(rest) > 0; {
		var name []byte
		name, rest, _ = cutName(rest)
		n++
		switch {
		case !a.name.parse(name):
			return nil
		case !answer(name):
			return a.complain(r, noSuchName, n)
		case a.size(r) > a.habits.MaxSize:
			return a.complain(r, tooBig, 0)
		}
	}
	a.Objects.Add(int64(n))
	return a.finish(r, noError, 0)
}

// complain answers with an error: in v1 with the objects of the request, in v2c, where it is tooBig, with none.
func (a *Agent) complain(r *request, status, index int32) []byte {
	a.out = a.out[:headRoom]
	if a.v1 {
		a.out = append(a.out, r.varbinds...)
	}
	return a.finish(r, status, index)
}

// get appends the object of the name; false if there is none and v1 has no other way to say so.
func (a *Agent) get(name []byte) bool {
	missing := byte(tagNoSuchObject)
	if at, rest := a.find(); at >= 0 {
		c := &a.columns[at]
		if len(rest) == 1 && a.has(c, rest[0]) && !(a.v1 && c.wide) {
			a.append(spot{at, rest[0]})
			return true
		}
		missing = tagNoSuchInstance
	}
	if a.v1 {
		return false
	}
	a.appendMissing(name, missing)
	return true
}

// has is whether a column has a row.
func (a *Agent) has(c *column, row uint32) bool {
	if c.rows == scalar {
		return row == 0
	}
	return row >= 1 && row <= a.device.rows(c.rows)
}

// find gives the column of the name and the numbers behind it; -1 if the name is in no column.
func (a *Agent) find() (at int, rest []uint32) {
	if !a.within(a.found) { // the same column is often asked for again
		at = a.before()
		if at < 0 || !a.within(at) {
			return -1, nil
		}
		a.found = at
	}
	return a.found, a.name.subs[len(a.columns[a.found].subs):a.name.n]
}

// within is whether the name lies in a column.
func (a *Agent) within(column int) bool {
	subs := a.columns[column].subs
	return a.name.n >= len(subs) && slices.Equal(subs, a.name.subs[:len(subs)])
}

// before gives the last column that is not behind the name; -1 if all are.
func (a *Agent) before() int {
	low, high := 0, len(a.columns)
	for low < high {
		middle := (low + high) / 2
		if slices.Compare(a.columns[middle].subs, a.name.subs[:a.name.n]) <= 0 {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low - 1
}

// getNext appends the object behind the name; false if v1 has none.
func (a *Agent) getNext(name []byte) bool {
	s := a.after()
	if a.ended(s) && a.v1 {
		return false
	}
	a.appendAt(s, name)
	return true
}

// after gives the first spot behind the name.
func (a *Agent) after() spot {
	at, rest := a.find()
	switch {
	case at < 0:
		return a.first(a.before() + 1)
	case len(rest) == 0:
		return a.first(at)
	case a.columns[at].rows == scalar:
		return a.first(at + 1)
	}
	return a.next(spot{at, min(rest[0], 1<<31)})
}

// next gives the spot behind one.
func (a *Agent) next(s spot) spot {
	if s.row+1 <= a.device.rows(a.columns[s.column].rows) {
		return spot{s.column, s.row + 1}
	}
	return a.first(s.column + 1)
}

// first gives the first spot from a column on. All tables have rows.
func (a *Agent) first(column int) spot {
	for a.v1 && column < len(a.columns) && a.columns[column].wide {
		column++
	}
	if column < len(a.columns) && a.columns[column].rows != scalar {
		return spot{column, 1}
	}
	return spot{column, 0}
}

// append appends the object at a spot.
func (a *Agent) append(s spot) {
	c := &a.columns[s.column]
	at := len(a.out)
	a.out = append(a.out, tagSequence, 0, tagOID, 0)
	a.out = appendSub(append(a.out, c.coded...), s.row)
	a.out[at+3] = byte(len(a.out) - at - 4)
	a.out = c.value(a.out, &a.device, s.row)
	a.out[at+1] = byte(len(a.out) - at - 2) // a name and a text of this MIB are together shorter than 128 bytes
}

// appendAt appends the object at a spot; at the end, the name with the word that it is the last.
func (a *Agent) appendAt(s spot, name []byte) {
	if a.ended(s) {
		a.appendMissing(name, tagEndOfMibView)
		return
	}
	a.append(s)
}

func (a *Agent) ended(s spot) bool { return s.column == len(a.columns) }

// appendMissing appends a name with an exception.
func (a *Agent) appendMissing(name []byte, exception byte) {
	var room [8]byte // of the two heads
	at := putHead(room[:], len(room), tagOID, len(name))
	at = putHead(room[:], at, tagSequence, len(room)-at+len(name)+2)
	a.out = append(append(append(a.out, room[at:]...), name...), exception, 0)
}

// size is at least how long the answer is so far.
func (a *Agent) size(r *request) int {
	const heads = 4 + 3 + 3 + 4 + 6 + 3 + 4 + 4 // message, version, community, PDU, its three numbers, varbinds
	return heads + len(r.community) + len(a.out) - headRoom
}

// finish puts the heads before the varbinds.
func (a *Agent) finish(r *request, status, index int32) []byte {
	b, end := a.out, len(a.out)
	at := putHead(b, headRoom, tagSequence, end-headRoom)
	at = putInt(b, at, index)
	at = putInt(b, at, status)
	at = putInt(b, at, r.id)
	at = putHead(b, at, tagResponse, end-at)
	at -= copy(b[at-len(r.community):at], r.community)
	at = putHead(b, at, tagString, len(r.community))
	at = putInt(b, at, r.version)
	at = putHead(b, at, tagSequence, end-at)
	a.Requests.Add(1)
	return b[at:]
}
