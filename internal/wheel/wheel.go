// Package wheel knows when the next deadline of an engine is over: a timing wheel (Varghese and Lauck, 1987) for tens of
// thousands of checks under way, each with a deadline that hardly ever comes, because the answer does. Adding and removing
// an entry is a few assignments; nothing is allocated, no goroutine runs, and nothing is locked: the lock or the loop of
// the engine owns the wheel with its entries.
package wheel

import (
	"math/bits"
	"time"
)

// slots is how many ticks a turn of the wheel has. Entries that are due later than that stay in their slot for as many
// turns as they need and are looked at once in each.
const slots = 1024

// Entry stands for one deadline. Whoever waits for it has it as a field; it must not be copied while it is in a wheel.
// The zero value is in none.
type Entry[T any] struct {
	// Owner is what is waiting. The wheel does not look at it.
	Owner T

	next, prev *Entry[T]
	tick       int64 // the first tick at which it is due
}

// Waits says whether the entry is in a wheel.
func (e *Entry[T]) Waits() bool { return e.next != nil }

// Wheel holds entries by the tick in which they are due. Times are durations since a moment of the caller's choice, the
// same in all calls, and do not go back.
type Wheel[T any] struct {
	resolution time.Duration
	cursor     int64 // ticks before it have been given out
	due        Entry[T]
	slot       [slots]Entry[T] // heads of rings
	// used has a bit for each slot that may have entries; those without have none.
	used [slots / 64]uint64
	len  int
}

// New gives an empty wheel. resolution is the length of a tick: no entry is given out early, and none later than by that.
func New[T any](resolution time.Duration) *Wheel[T] {
	w := &Wheel[T]{resolution: resolution}
	w.due.alone()
	for i := range w.slot {
		w.slot[i].alone()
	}
	return w
}

// Len is how many entries wait.
func (w *Wheel[T]) Len() int { return w.len }

// Set has e given out at the moment at, whether it waits already or not. A moment that is over means the next tick, so
// that a loop around Next ends even if all that it gets is set anew.
func (w *Wheel[T]) Set(e *Entry[T], at time.Duration) {
	w.Remove(e)
	e.tick = max(int64((at+w.resolution-1)/w.resolution), w.cursor)
	i := e.tick % slots
	w.used[i/64] |= 1 << (i % 64)
	e.before(&w.slot[i])
	w.len++
}

// Remove takes e out; it may be out already.
func (w *Wheel[T]) Remove(e *Entry[T]) {
	if e.next == nil {
		return
	}
	e.out()
	w.len--
}

// Next takes out an entry that is due at the moment now, nil if there is none left. Between two calls entries may be set
// and removed, also those that are due.
func (w *Wheel[T]) Next(now time.Duration) *Entry[T] {
	if target := int64(now / w.resolution); target >= w.cursor {
		w.turn(target)
	}
	e := w.due.next
	if e == &w.due {
		return nil
	}
	e.out()
	w.len--
	return e
}

// turn moves what is due at the tick target into the ring due.
func (w *Wheel[T]) turn(target int64) {
	for t, end := w.cursor, min(target+1, w.cursor+slots); ; t++ {
		if t = w.nextUsed(t, end); t == end {
			break
		}
		head := &w.slot[t%slots]
		for e := head.next; e != head; {
			next := e.next
			if e.tick <= target {
				e.out()
				e.before(&w.due)
			}
			e = next
		}
		if head.next == head {
			w.used[t%slots/64] &^= 1 << (t % 64)
		}
	}
	w.cursor = target + 1
}

// nextUsed gives the first tick from t on whose slot may have entries, end if there is none before.
func (w *Wheel[T]) nextUsed(t, end int64) int64 {
	for t < end {
		i := t % slots
		if word := w.used[i/64] >> (i % 64); word != 0 {
			return min(t+int64(bits.TrailingZeros64(word)), end)
		}
		t += 64 - i%64
	}
	return end
}

// Wake gives a moment before which no entry is due, so that a loop may sleep until then; it is not ok while none waits.
// There may be none then either: one that is due a turn later looks the same.
func (w *Wheel[T]) Wake() (at time.Duration, ok bool) {
	switch {
	case w.len == 0:
		return 0, false
	case w.due.next != &w.due:
		return time.Duration(w.cursor-1) * w.resolution, true
	}
	return time.Duration(w.nextUsed(w.cursor, w.cursor+slots)) * w.resolution, true
}

// alone makes e the head of an empty ring.
func (e *Entry[T]) alone() { e.next, e.prev = e, e }

// before puts e at the end of the ring of head.
func (e *Entry[T]) before(head *Entry[T]) {
	e.next, e.prev = head, head.prev
	head.prev.next, head.prev = e, e
}

func (e *Entry[T]) out() {
	e.next.prev, e.prev.next = e.prev, e.next
	e.next, e.prev = nil, nil
}
