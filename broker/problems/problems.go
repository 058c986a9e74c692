// Package problems knows what is in trouble at present, what of that is only the consequence of something else, and what of it people
// should look at first.
package problems

import (
	"cmp"
	"slices"

	"github.com/onbu/onbu/broker/view"
	"github.com/onbu/onbu/monitor"
)

// State is the state of a host or service that is in trouble; the worse come first.
type State uint8

// The states of trouble.
const (
	Down State = iota
	Critical
	Unreachable
	Unknown
	Warning
	states // how many there are
)

// String gives the state's name as everywhere.
func (s State) String() string {
	return [...]string{"DOWN", "CRITICAL", "UNREACHABLE", "UNKNOWN", "WARNING"}[s]
}

// StateOf gives the state with a name.
func StateOf(name string) (s State, ok bool) {
	for s := range states {
		if s.String() == name {
			return s, true
		}
	}
	return 0, false
}

// Counts says how many there are in each state.
type Counts [states]int

// Sum is how many there are in all states.
func (c *Counts) Sum() (n int) {
	for _, k := range c {
		n += k
	}
	return n
}

// Marks say what is to be known of a problem besides its state.
type Marks uint8

// The marks. With one of the first three nobody has to do anything now.
const (
	Acknowledged Marks = 1 << iota
	InDowntime
	HostInDowntime
	// Soft is one that is still being confirmed: nobody was told.
	Soft
	// Unsure is one that was not looked at since what is in front of it came back or got into trouble itself.
	Unsure
	Flapping

	handled = Acknowledged | InDowntime | HostInDowntime
)

// Handled says that somebody knows of it.
func (m Marks) Handled() bool { return m&handled != 0 }

// Problem is a host or service that is in trouble.
type Problem struct {
	monitor.Ref
	// Status is the snapshot's: it must not be changed, and never does.
	Status *monitor.Status
	State  State
	Marks  Marks
	host   int32 // where a service's host is in All; -1 if it is not in trouble
}

// List is what is in trouble at one moment. It is read-only: any number of goroutines may look at it.
type List struct {
	// All are all objects in trouble by host and service; a host comes before its services.
	All []Problem
	// Roots are indexes into All: what does not follow from something else in it. They are in the order in which people should look
	// at them: what is open, what is not certain, what is handled; in each the highest business impact first, then the worst
	// state, then the newest.
	Roots []int32
	// States counts All, Objects what there is at all: hosts and services that have been heard of.
	States          Counts
	Hosts, Services int

	ties ties
}

// Look finds what is in trouble in a snapshot. What is fine costs a look at its state.
func Look(s *view.Snapshot) *List {
	l := &List{Hosts: s.Hosts()}
	for i := range s.Hosts() {
		l.lookAt(s.Host(i))
	}
	for i := range l.All {
		l.States[l.All[i].State]++
	}
	l.fold()
	slices.SortFunc(l.Roots, l.byImpact)
	return l
}

// lookAt adds a host and its services, as far as they are in trouble.
func (l *List) lookAt(h view.Host) {
	host := int32(-1)
	if o := h.Object(); inTrouble(o) {
		host = int32(len(l.All))
		l.All = append(l.All, problemOf(o, monitor.Ref{Host: h.Name()}, -1))
	}
	l.Services += h.Services()
	for j := range h.Services() {
		name, o := h.Service(j)
		if !inTrouble(o) {
			continue
		}
		p := problemOf(o, monitor.Ref{Host: h.Name(), Service: name}, host)
		if w := h.Object().Seldom(); w != nil && w.DowntimeDepth > 0 {
			p.Marks |= HostInDowntime
		}
		l.All = append(l.All, p)
	}
}

func inTrouble(o view.Object) bool {
	s := o.State()
	return s != monitor.OK && s != monitor.Pending && o.Known()
}

func problemOf(o view.Object, of monitor.Ref, host int32) Problem {
	s := o.Seldom()
	if s == nil { // rarely: whatever was in trouble keeps since when
		all := o.Status(of)
		s = &all
	}
	return Problem{Ref: of, Status: s, State: stateOf(of, s.State), Marks: marksOf(s), host: host}
}

func stateOf(of monitor.Ref, s monitor.State) State {
	switch {
	case of.IsHost() && s == monitor.Down:
		return Down
	case of.IsHost():
		return Unreachable
	case s == monitor.Warning:
		return Warning
	case s == monitor.Critical:
		return Critical
	}
	return Unknown
}

func marksOf(s *monitor.Status) (m Marks) {
	for _, one := range []struct {
		is   bool
		mark Marks
	}{{s.Ack != monitor.AckNone, Acknowledged}, {s.DowntimeDepth > 0, InDowntime}, {s.Flapping, Flapping}, {s.Type == monitor.Soft, Soft}} {
		if one.is {
			m |= one.mark
		}
	}
	if s.Type == monitor.Hard && !s.Problem {
		m |= Unsure
	}
	return m
}

// rank puts what is open before what is not certain, and that before what is handled.
func (p *Problem) rank() int {
	switch {
	case p.Marks.Handled():
		return 2
	case p.Marks&(Soft|Unsure) != 0:
		return 1
	}
	return 0
}

// byImpact is the order of Roots.
func (l *List) byImpact(i, j int32) int {
	a, b := &l.All[i], &l.All[j]
	return cmp.Or(
		cmp.Compare(a.rank(), b.rank()),
		cmp.Compare(b.Status.BusinessImpact, a.Status.BusinessImpact),
		cmp.Compare(a.State, b.State),
		cmp.Compare(b.Status.Since(), a.Status.Since()),
		cmp.Compare(i, j))
}

// Find gives the index of an object in All; -1 if it is not in trouble.
func (l *List) Find(r monitor.Ref) int32 {
	i, ok := slices.BinarySearchFunc(l.All, r, func(p Problem, r monitor.Ref) int {
		return cmp.Or(cmp.Compare(p.Host, r.Host), cmp.Compare(p.Service, r.Service))
	})
	if !ok {
		return -1
	}
	return int32(i)
}
