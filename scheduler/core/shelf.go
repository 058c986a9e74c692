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
}

func newShelf[T any]() shelf[T] {
	return shelf[T]{byID: make(map[uint64]*T), of: make(map[monitor.ID][]uint64)}
}

// put adds a thing or replaces the one with its number.
func (s *shelf[T]) put(id monitor.ID, number uint64, thing *T) {
	if _, known := s.byID[number]; !known {
		list := s.of[id]
		at, _ := slices.BinarySearch(list, number)
		s.of[id] = slices.Insert(list, at, number)
	}
	s.byID[number] = thing
}

// take removes a thing and gives it, or nil.
func (s *shelf[T]) take(id monitor.ID, number uint64) *T {
	thing := s.byID[number]
	delete(s.byID, number)
	if list := slices.DeleteFunc(s.of[id], func(n uint64) bool { return n == number }); len(list) > 0 {
		s.of[id] = list
	} else {
		delete(s.of, id)
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
