package core

import (
	"encoding/binary"
	"math"
	"time"
	"unsafe"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/verdict"
)

// tables holds what changes about the objects: one row an object in each slice, indexed by monitor.ID. What is read and
// written together lies together. An object takes 138 bytes here and 16 in the timing wheel, its texts not counted.
type tables struct {
	standing []standing
	times    []times
	run      []run
	text     []text
	past     pasts
}

// standing and past, together with two of the times, are what lasts: the journal keeps each of their changes.
type standing struct {
	verdict.Standing
	check      monitor.CheckType
	flapping   bool
	notifiedOn uint8
	depth      uint16 // of downtimes in effect
	switches   monitor.Switch
	modified   monitor.Switch
	marks      marks // in problems
	// beforeUnknown is the hard problem from which a phase of UNKNOWN or UNREACHABLE began; OK outside of one.
	beforeUnknown monitor.State
}

// notice is what was told and when it may be told again.
type notice struct {
	last, next monitor.Time
	number     uint32
}

// serial holds the numbers of problems and events.
type serial struct {
	problem, lastProblem, event, lastEvent uint64
}

// times says when things happened last; fine is of the last check that said OK or UP.
type times struct {
	check, update, change, hardChange, fine monitor.Time
}

// run is where an object stands between its checks.
type run struct {
	// next is the next regular or demanded check; never (0) if there will be none.
	next monitor.Time
	// sent is when the job in flight was issued.
	sent               monitor.Time
	latency, execution micros
	seq                uint32
	history            verdict.History
	module, poller     uint16 // indexes into Core.names
	flags              flags
}

// micros is a length of time in microseconds; what is longer than 71 minutes counts as that.
type micros uint32

func inMicros(d time.Duration) micros {
	return micros(min(max(d.Microseconds(), 0), math.MaxUint32))
}

func (m micros) Duration() time.Duration { return time.Duration(m) * time.Microsecond }

// flags are the small facts about an object's checks.
type flags uint8

const (
	inFlight flags = 1 << iota // a job is out; the wheel holds its deadline instead of next
	forced                     // next is to be run whatever switches and periods say
	pinned                     // next was demanded by a command and is not to be moved by a result
	stale                      // the job in flight is there because nothing was heard for too long
	held                       // a failing result waits for its verdict
	again                      // a payload came while the job was in flight: one more check follows it
	arrival                    // the job in flight, or else the next, is there because a payload came
)

// reasons gives those of the job in flight. The engine's own looks at what is stale are forced, but nobody asked for them.
func (r *run) reasons() monitor.Reasons {
	switch {
	case r.flags&(forced|stale) == forced:
		return monitor.Forced
	case r.flags&(forced|arrival) == arrival:
		return monitor.Arrived
	}
	return 0
}

func (f flags) has(want flags) bool { return f&want == want }

// text is what the last check said: how long the output and the long output are, each as an uvarint, then output, long output
// and performance data one behind the other. Nothing said is the empty text.
type text string

func (x text) Output() string   { o, _, _ := x.parts(); return o }
func (x text) Long() string     { _, l, _ := x.parts(); return l }
func (x text) Perfdata() string { _, _, p := x.parts(); return p }

func (x text) parts() (output, long, perfdata string) {
	o, rest := x.length()
	l, rest := rest.length()
	return string(rest[:o]), string(rest[o : o+l]), string(rest[o+l:])
}

// length reads an uvarint.
func (x text) length() (n int, rest text) {
	for i := range len(x) {
		n |= int(x[i]&0x7f) << (7 * i)
		if x[i] < 0x80 {
			return n, x[i+1:]
		}
	}
	return 0, ""
}

func (x text) is(output, long, perfdata string) bool {
	o, l, p := x.parts()
	return o == output && l == long && p == perfdata
}

// newText copies what it keeps.
func newText(output, long, perfdata string) text {
	if output == "" && long == "" && perfdata == "" {
		return ""
	}
	var room [2 * binary.MaxVarintLen32]byte
	lengths := binary.AppendUvarint(binary.AppendUvarint(room[:0], uint64(len(output))), uint64(len(long)))
	return text(string(lengths) + output + long + perfdata)
}

func newTables(n int) tables {
	return tables{
		standing: make([]standing, n),
		times:    make([]times, n),
		run:      make([]run, n),
		text:     make([]text, n),
		past:     newPasts(n),
	}
}

// bytes gives how much memory the tables take, without the bytes of the texts.
func (t *tables) bytes() int {
	return len(t.standing)*int(unsafe.Sizeof(standing{})+
		unsafe.Sizeof(times{})+unsafe.Sizeof(run{})+unsafe.Sizeof(text(""))) + t.past.bytes()
}

// copyRow takes over a row of another table.
func (t *tables) copyRow(to monitor.ID, from *tables, id monitor.ID) {
	t.standing[to] = from.standing[id]
	t.past.put(to, from.past.of(id))
	t.times[to] = from.times[id]
	t.run[to] = from.run[id]
	t.text[to] = from.text[id]
}

// lasting is the part of a row that the journal keeps: when it is another than before, there is a brok.
type lasting struct {
	standing           standing
	past               past
	change, hardChange monitor.Time
	held               bool
}

func (t *tables) lasting(id monitor.ID) lasting {
	w := &t.times[id]
	return lasting{t.standing[id], t.past.of(id).lasting(), w.change, w.hardChange, t.run[id].flags.has(held)}
}

// isUp says whether a host is UP, or not known to be anything else, as all others see it.
func (t *tables) isUp(host monitor.ID) bool {
	if t.standing[host].marks&overlaid != 0 {
		return false
	}
	s := t.standing[host].State
	return s == monitor.Up || s == monitor.Pending
}

// isProblem says whether an object has been checked and its own last result was neither OK nor UP.
func (t *tables) isProblem(id monitor.ID) bool {
	s := t.standing[id].State
	return s != monitor.OK && s != monitor.Pending
}
