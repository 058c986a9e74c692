// Package timetable knows what is due when. It keeps one moment for each of a fixed number of items in a timing wheel
// made of slices: 16 bytes an item, and no allocation once it is built.
package timetable

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"github.com/onbu/onbu/monitor"
)

// Resolution is the width of a slot. It does not blur anything: an item is due at its exact moment.
const Resolution = 10 * time.Millisecond

const (
	slots = 1 << 15 // one turn is 328 s, so that the common five minutes fit into one
	mask  = slots - 1
	nil32 = 1<<32 - 1
)

// Due is an item and its moment.
type Due struct {
	At   monitor.Time
	Item monitor.ID
}

// Wheel holds at most one moment for each item 0…n-1. An item lies in the slot of its moment modulo the turn; those
// that are due in a later turn are looked at and left once a turn. Not for concurrent use.
type Wheel struct {
	at     []monitor.Time // moment of each item; undefined while it is not in the wheel
	link   []link
	head   []uint32 // first item of each slot
	filled []uint64 // one bit a slot: is it not empty
	// tick is the number of the slot, counted since 1970, before which nothing lies in the wheel.
	tick int64
	held int
}

// link is an item's place in its slot's list. prev is the item itself for the first of a list, and nil32 for an item
// that is in no list.
type link struct{ next, prev uint32 }

// New makes an empty wheel for n items that starts at now.
func New(n int, now monitor.Time) *Wheel {
	w := &Wheel{
		at:     make([]monitor.Time, n),
		link:   make([]link, n),
		head:   make([]uint32, slots),
		filled: make([]uint64, slots/64),
		tick:   number(now),
	}
	for i := range w.link {
		w.link[i].prev = nil32
	}
	for i := range w.head {
		w.head[i] = nil32
	}
	return w
}

func number(t monitor.Time) int64 { return int64(t) / int64(Resolution) }

// Len gives how many items have a moment.
func (w *Wheel) Len() int { return w.held }

// At gives the moment of an item, and whether it has one.
func (w *Wheel) At(item monitor.ID) (monitor.Time, bool) {
	if w.link[item].prev == nil32 {
		return 0, false
	}
	return w.at[item], true
}

// Set gives an item its moment, whether it had one or not. A moment before the slot that Advance last reached becomes
// the beginning of that slot: it is due at once.
func (w *Wheel) Set(item monitor.ID, at monitor.Time) {
	w.Remove(item)
	at = max(at, w.Reached())
	w.at[item] = at
	slot := number(at) & mask
	first := w.head[slot]
	w.link[item] = link{next: first, prev: uint32(item)}
	if first != nil32 {
		w.link[first].prev = uint32(item)
	}
	w.head[slot] = uint32(item)
	w.filled[slot/64] |= 1 << (slot % 64)
	w.held++
}

// Remove takes an item's moment away, if it has one.
func (w *Wheel) Remove(item monitor.ID) {
	l := w.link[item]
	if l.prev == nil32 {
		return
	}
	if l.next != nil32 {
		w.link[l.next].prev = l.prev
	}
	if l.prev != uint32(item) {
		w.link[l.prev].next = l.next
	} else {
		w.unhead(item, l.next)
	}
	w.link[item].prev = nil32
	w.held--
}

// unhead makes next the first of the slot that item was the first of.
func (w *Wheel) unhead(item monitor.ID, next uint32) {
	slot := number(w.at[item]) & mask
	w.head[slot] = next
	if next == nil32 {
		w.filled[slot/64] &^= 1 << (slot % 64)
		return
	}
	w.link[next].prev = next
}

// Advance takes out all that is due at now or before, appends it to due and returns that, sorted by moment and then by
// item. After a gap of more than a turn it looks at each slot once.
func (w *Wheel) Advance(now monitor.Time, due []Due) []Due {
	from, to := w.tick, max(number(now), w.tick)
	if to-from >= slots {
		from = to - slots + 1
	}
	start := len(due)
	for n := w.nextFilled(from, to); n <= to; n = w.nextFilled(n+1, to) {
		due = w.take(n&mask, now, due)
	}
	w.tick = to
	slices.SortFunc(due[start:], func(a, b Due) int {
		if a.At != b.At {
			return cmp.Compare(a.At, b.At)
		}
		return cmp.Compare(a.Item, b.Item)
	})
	return due
}

// take moves what is due from one slot to due.
func (w *Wheel) take(slot int64, now monitor.Time, due []Due) []Due {
	for i := w.head[slot]; i != nil32; {
		next := w.link[i].next
		if w.at[i] <= now {
			due = append(due, Due{w.at[i], monitor.ID(i)})
			w.Remove(monitor.ID(i))
		}
		i = next
	}
	return due
}

// nextFilled gives the first slot number from n to end that is not empty, or end+1.
func (w *Wheel) nextFilled(n, end int64) int64 {
	for n <= end {
		slot := n & mask
		word := w.filled[slot/64] >> (slot % 64)
		if word != 0 {
			return min(n+int64(bits.TrailingZeros64(word)), end+1)
		}
		n += 64 - slot%64
	}
	return end + 1
}

// Next gives the earliest moment in the wheel; false if it is empty. A moment more than a turn away is given as the
// end of the turn, where asking again finds it.
func (w *Wheel) Next() (monitor.Time, bool) {
	if w.held == 0 {
		return 0, false
	}
	end := w.tick + slots - 1
	for n := w.nextFilled(w.tick, end); n <= end; n = w.nextFilled(n+1, end) {
		if at, ok := w.earliest(n); ok {
			return at, true
		}
	}
	return monitor.Time(end+1) * monitor.Time(Resolution), true
}

// earliest gives the first moment in the slot that is not of a later turn.
func (w *Wheel) earliest(n int64) (at monitor.Time, found bool) {
	limit := monitor.Time(n+1) * monitor.Time(Resolution)
	for i := w.head[n&mask]; i != nil32; i = w.link[i].next {
		if w.at[i] < limit && (!found || w.at[i] < at) {
			at, found = w.at[i], true
		}
	}
	return at, found
}

// Reached gives the beginning of the slot that Advance last reached.
func (w *Wheel) Reached() monitor.Time { return monitor.Time(w.tick) * monitor.Time(Resolution) }

// Bytes gives how much memory the wheel takes.
func (w *Wheel) Bytes() int {
	return 8*cap(w.at) + 8*cap(w.link) + 4*cap(w.head) + 8*cap(w.filled)
}
