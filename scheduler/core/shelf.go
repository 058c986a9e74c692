package core

import (
	"container/heap"
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

// agenda is a heap of moments at which a downtime begins or ends. Entries of downtimes that were cancelled stay until
// their moment and then mean nothing.
type agenda []appointment

type appointment struct {
	at       monitor.Time
	downtime uint64
}

func (a agenda) Len() int { return len(a) }

func (a agenda) Less(i, j int) bool {
	return a[i].at < a[j].at || a[i].at == a[j].at && a[i].downtime < a[j].downtime
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(appointment)) }

func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// add notes a moment.
func (a *agenda) add(at monitor.Time, downtime uint64) { heap.Push(a, appointment{at, downtime}) }

// next gives the first moment, if there is one.
func (a agenda) next() (monitor.Time, bool) {
	if len(a) == 0 {
		return 0, false
	}
	return a[0].at, true
}

// due takes out the number of the first downtime whose moment has come.
func (a *agenda) due(now monitor.Time) (uint64, bool) {
	if at, ok := a.next(); !ok || at > now {
		return 0, false
	}
	return heap.Pop(a).(appointment).downtime, true
}
