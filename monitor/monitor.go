// Package monitor knows the nouns of monitoring: hosts, services, their states, the jobs that look at them, what came
// back, and what is told to the rest of the world. It only holds values; every other package speaks in them. It imports
// nothing but the standard library and never reads a clock, a file or a socket.
package monitor

import (
	"fmt"
	"time"
)

// Time is a moment in nanoseconds since the Unix epoch, wall clock, UTC. Zero means never.
type Time int64

// At turns a time.Time into a Time; the zero time.Time becomes never.
func At(t time.Time) Time {
	if t.IsZero() {
		return 0
	}
	return Time(t.UnixNano())
}

// Std gives t as a time.Time in the local zone; never becomes the zero time.Time.
func (t Time) Std() time.Time {
	if t == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(t))
}

// Unix gives t in seconds since the epoch, with fractions; 0 for never.
func (t Time) Unix() float64 { return float64(t/1e9) + float64(t%1e9)/1e9 }

// Add gives the moment d after t.
func (t Time) Add(d time.Duration) Time { return t + Time(d) }

// Sub gives how long after u the moment t lies.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t - u) }

// ID names an object inside one inventory: hosts come first (0 to the number of hosts - 1), then services. An ID means
// nothing outside its shard and generation.
type ID uint32

// NoID is no object at all.
const NoID = ID(1<<32 - 1)

// Shard is the number of a slot that packs are laid into; the unit of ownership. 0 to the number of shards - 1.
type Shard uint16

// Epoch goes up each time a shard gets an owner. It is the journal's sequence of the owner's claim.
type Epoch uint64

// Ref names an object to people and between daemons: a host, or a service of a host when Service is not empty.
type Ref struct {
	Host    string
	Service string
}

// IsHost says whether r names a host rather than a service.
func (r Ref) IsHost() bool { return r.Service == "" }

// String gives HOST or HOST/SERVICE, as `onbu explain` takes it.
func (r Ref) String() string {
	if r.IsHost() {
		return r.Host
	}
	return r.Host + "/" + r.Service
}

// State is the number that a plugin returns and Nagios keeps: for services 0-3 (OK, WARNING, CRITICAL, UNKNOWN), for
// hosts 0-2 (UP, DOWN, UNREACHABLE). Pending, of either kind, has never been checked.
type State uint8

// The states of services, and of plugins' answers.
const (
	OK State = iota
	Warning
	Critical
	Unknown
	Pending
)

// The states of hosts.
const (
	Up State = iota
	Down
	Unreachable
)

// ServiceName gives the state's name as a service has it, in capitals.
func (s State) ServiceName() string {
	switch s {
	case OK:
		return "OK"
	case Warning:
		return "WARNING"
	case Critical:
		return "CRITICAL"
	case Unknown:
		return "UNKNOWN"
	case Pending:
		return "PENDING"
	}
	return fmt.Sprintf("STATE%d", uint8(s))
}

// HostName gives the state's name as a host has it, in capitals.
func (s State) HostName() string {
	switch s {
	case Up:
		return "UP"
	case Down:
		return "DOWN"
	case Unreachable:
		return "UNREACHABLE"
	case Pending:
		return "PENDING"
	}
	return fmt.Sprintf("STATE%d", uint8(s))
}

// StateType tells a problem that is still being confirmed from one that is.
type StateType uint8

// Soft is a problem with attempts left; Hard is everything else. Nagios writes them 0 and 1.
const (
	Soft StateType = iota
	Hard
)

// String gives SOFT or HARD.
func (t StateType) String() string {
	if t == Soft {
		return "SOFT"
	}
	return "HARD"
}
