package core

import (
	"maps"
	"slices"

	"github.com/onbu/onbu/monitor"
)

// shelf keeps downtimes or comments by their number and by the object they belong to. What is put on it is never
// changed afterwards, only replaced, since broks point to it.
type shelf[T any] struct {
	byID map[uint64]*T
	of   map[monitor.ID][]uint64 // numbers, smallest first
	// with has the numbers of what goes with a downtime, smallest first: the downtimes that it triggers, its comment.
	with map[uint64][]uint64
	// goesWith gives the number of that downtime; 0 for what stands for itself.
	goesWith func(*T) uint64
}

func newShelf[T any](goesWith func(*T) uint64) shelf[T] {
	return shelf[T]{
		byID: make(map[uint64]*T), of: make(map[monitor.ID][]uint64), with: make(map[uint64][]uint64), goesWith: goesWith,
	}
}

func newDowntimes() shelf[monitor.Downtime] {
	return newShelf(func(t *monitor.Downtime) uint64 { return t.Trigger })
}

func newComments() shelf[monitor.Comment] {
	return newShelf(func(note *monitor.Comment) uint64 { return note.Downtime })
}

// put adds a thing or replaces the one with its number.
func (s *shelf[T]) put(id monitor.ID, number uint64, thing *T) {
	old, known := s.byID[number]
	if !known {
		enter(s.of, id, number)
	}
	if known && s.goesWith(old) != s.goesWith(thing) {
		strike(s.with, s.goesWith(old), number)
		known = false
	}
	if other := s.goesWith(thing); !known && other != 0 {
		enter(s.with, other, number)
	}
	s.byID[number] = thing
}

// enter adds a number to one of some lists, which are sorted.
func enter[K comparable](lists map[K][]uint64, key K, number uint64) {
	list := lists[key]
	if at, known := slices.BinarySearch(list, number); !known {
		lists[key] = slices.Insert(list, at, number)
	}
}

// strike takes a number out of one of some lists.
func strike[K comparable](lists map[K][]uint64, key K, number uint64) {
	list := lists[key]
	at, known := slices.BinarySearch(list, number)
	switch {
	case !known:
	case len(list) == 1:
		delete(lists, key)
	case at == 0:
		lists[key] = list[1:]
	default:
		lists[key] = slices.Delete(list, at, at+1)
	}
}

// take removes a thing and gives it, or nil.
func (s *shelf[T]) take(id monitor.ID, number uint64) *T {
	thing := s.byID[number]
	delete(s.byID, number)
	strike(s.of, id, number)
	if thing != nil {
		strike(s.with, s.goesWith(thing), number)
	}
	return thing
}

// on gives what belongs to an object, oldest first; the slice is the caller's.
func (s *shelf[T]) on(id monitor.ID) []*T {
	var things []*T
	for _, number := range s.of[id] {
		things = append(things, s.byID[number])
	}
	return things
}

// all gives everything, sorted by number.
func (s *shelf[T]) all() []T {
	var things []T
	for _, number := range slices.Sorted(maps.Keys(s.byID)) {
		things = append(things, *s.byID[number])
	}
	return things
}
