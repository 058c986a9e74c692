package sign

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

const (
	// eachEnded bounds how many ended sessions are remembered of one person, and mostEnded those of all: who signs in and out again and
	// again loses older sessions of his own, and nobody else one.
	eachEnded, mostEnded = 100, 4000
	// mostFloors bounds how many people have a floor. A mark is of a line of the users file and its floor is gone after the lifetime of
	// a session, so there are more only where thousands of lines were changed, or another broker says so: then the lowest becomes
	// everybody's, since no ended session may live again. All of this is half a megabyte, of which brokers have one in common.
	mostFloors = mostUsers
)

// owner is somebody with ended sessions.
type owner struct {
	mark [8]byte
	// over is when they are over, in order; floor the last of those that are not remembered any more.
	over  []int64
	floor int64
}

// cut forgets the oldest but for some, and says how many.
func (o *owner) cut(most int) int {
	n := max(0, len(o.over)-most)
	if n > 0 {
		o.floor, o.over = o.over[n-1], o.over[n:]
	}
	return n
}

// boundLocked forgets what is over anyway, and the oldest where there is too much.
func (e *ended) boundLocked(now time.Time) {
	if e.fitsLocked() {
		return
	}
	maps.DeleteFunc(e.gone, func(_ [12]byte, s out) bool { return s.over <= now.Unix() })
	maps.DeleteFunc(e.floors, func(_ [8]byte, over int64) bool { return over <= now.Unix() })
	e.makeRoomLocked()
	if values := slices.Sorted(maps.Values(e.floors)); len(values) > mostFloors {
		e.floor = max(e.floor, values[len(values)-mostFloors-1])
	}
	maps.DeleteFunc(e.floors, func(_ [8]byte, over int64) bool { return over <= e.floor })
	maps.DeleteFunc(e.gone, func(_ [12]byte, s out) bool { return s.over <= max(e.floor, e.floors[s.mark]) })
}

func (e *ended) fitsLocked() bool {
	of := map[[8]byte]int{}
	for _, s := range e.gone {
		if of[s.mark]++; of[s.mark] > eachEnded && s.mark != [8]byte{} {
			return false
		}
	}
	return len(e.gone) <= mostEnded && len(e.floors) <= mostFloors
}

// makeRoomLocked raises floors until the rest fits: first of those who have most, and among those of whose oldest is the oldest. What
// nobody is known to own, as a build before this one wrote it, is forgotten last, with a floor for everybody.
func (e *ended) makeRoomLocked() {
	owners, others := e.ownersLocked()
	left := len(e.gone)
	for most := eachEnded; most >= 0; most-- {
		for i := range owners {
			if most == eachEnded || left > mostEnded {
				left -= owners[i].cut(most)
			}
		}
	}
	if left > mostEnded {
		others.cut(mostEnded - mostEnded/10)
		e.floor = max(e.floor, others.floor)
	}
	for _, o := range owners {
		if o.floor > 0 {
			e.floors[o.mark] = max(e.floors[o.mark], o.floor)
		}
	}
}

// ownersLocked gives people, the one with the oldest session first, and what nobody is known to own.
func (e *ended) ownersLocked() (owners []owner, others owner) {
	of := map[[8]byte][]int64{}
	for _, s := range e.gone {
		of[s.mark] = append(of[s.mark], s.over)
	}
	for mark, over := range of {
		slices.Sort(over)
		if o := (owner{mark: mark, over: over}); mark == [8]byte{} {
			others = o
		} else {
			owners = append(owners, o)
		}
	}
	slices.SortFunc(owners, func(x, y owner) int { return cmp.Compare(x.over[0], y.over[0]) })
	return owners, others
}
