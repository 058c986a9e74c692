package monitor

import (
	"cmp"
	"time"
)

// AckKind tells whether a problem is acknowledged, and how long that lasts.
type AckKind uint8

// AckNormal ends at any change of state, AckSticky at recovery.
const (
	AckNone AckKind = iota
	AckNormal
	AckSticky
)

// Switch is one thing that can be turned off and on for an object (or, in Program, for all) by configuration or command.
type Switch uint16

// The switches, named after their Nagios directives.
const (
	ActiveChecks Switch = 1 << iota
	PassiveChecks
	Notifications
	EventHandlers
	FlapDetection
	FreshnessChecks
	Obsess
	ProcessPerfdata
)

// CheckType tells an active result from a passive one.
type CheckType uint8

// The two types of checks, with Nagios' numbers.
const (
	Active CheckType = iota
	Passive
)

// Status is everything known of an object's present. The journal keeps it, a snapshot is a list of them, a check
// result's brok carries it and the view shows it: one noun for all four. Replaying the newest Status of an object
// restores the object.
type Status struct {
	Ref
	State, LastState, LastHardState State
	Type                            StateType
	Attempt, MaxAttempts            uint16
	CheckType                       CheckType
	Ack                             AckKind
	Switches                        Switch
	// Modified holds the switches that a command changed: only they survive a reload.
	Modified      Switch
	Flapping      bool
	DowntimeDepth uint16
	// HostProblem says that the host was not UP at the last check of this service.
	HostProblem bool

	LastCheck, NextCheck                        Time
	LastChange, LastHardChange, LastUpdate      Time
	LastTimeOK, LastTimeWarning                 Time // for hosts: UP, DOWN
	LastTimeCritical, LastTimeUnknown           Time // for hosts: UNREACHABLE, unused
	LastNotification, NextNotification          Time
	NotificationNumber                          uint32
	Latency, Execution                          time.Duration
	PercentChange                               float32
	ProblemID, LastProblemID, EventID, LastEvID uint64
	// NotifiedOn has bit 1<<State set for each problem state that contacts have been told of.
	NotifiedOn uint8

	Module, Poller               string
	Output, LongOutput, Perfdata string
	// Pinned says that a command set NextCheck, so that it holds over a restart.
	Pinned bool

	// History holds the last states for flap detection, as the core packs them.
	History uint64
	// AckUntil is when the acknowledgement ends by itself; zero if it does not.
	AckUntil Time
	// OwnState is what the object's own last result said, where a root problem above it makes State UNREACHABLE or
	// UNKNOWN (Overlaid).
	OwnState State
	Overlaid bool
	// Problem says that it is a root problem, Impact that it suffers from one; Sources names those.
	Problem, Impact bool
	Sources         []Ref
	// BusinessImpact is what it is worth at present.
	BusinessImpact int8
	// Changed holds what commands changed besides switches; nil if nothing.
	Changed *Changes
	// Held is a result that the verdict is still to be made on; nil if there is none.
	Held *Held
	// BeforeUnknown is the hard problem from which a phase of UNKNOWN or UNREACHABLE began (Options.HardUnknownPhase); OK
	// outside of one.
	BeforeUnknown State
	// LastSnapshot is when the snapshot command was last run; zero for never.
	LastSnapshot Time
	// ShownSince is since when State is what it is, where a root problem made it so; zero where LastChange says it, which is of
	// what the object's own results said.
	ShownSince Time
}

// Since is since when State is what it is.
func (s *Status) Since() Time { return cmp.Or(s.ShownSince, s.LastChange) }

// Held is a failing result that waits until what the object stands on has been looked at. The rest of the status is
// as before it.
type Held struct {
	State             State // as the core reads the answer
	Type              CheckType
	Started, Finished Time
	Latency           time.Duration
	Module, Poller    string
	Outcome           Outcome
	Since, Until      Time
}

// Changes is what CHANGE_* commands set in place of the configuration, until a reload that has it otherwise. Nil and
// empty fields leave it as it is.
type Changes struct {
	// CheckCommand and EventHandler are lines as in object files: name!arg1!arg2.
	CheckCommand, EventHandler      string
	CheckPeriod, NotificationPeriod string
	CheckInterval, RetryInterval    time.Duration
	MaxAttempts                     uint16
	Vars                            []Var
	// HasCheckInterval tells a CheckInterval of 0, only on demand, from none.
	HasCheckInterval bool
}

// Empty says that nothing is changed.
func (c *Changes) Empty() bool {
	return c.CheckCommand == "" && c.EventHandler == "" && c.CheckPeriod == "" && c.NotificationPeriod == "" &&
		!c.HasCheckInterval && c.RetryInterval == 0 && c.MaxAttempts == 0 && len(c.Vars) == 0
}

// StateName gives the state's name for the kind of object it belongs to.
func (s *Status) StateName() string {
	if s.IsHost() {
		return s.State.HostName()
	}
	return s.State.ServiceName()
}

// IsProblem says whether the object has been checked and is neither OK nor UP.
func (s *Status) IsProblem() bool { return s.State != OK && s.State != Pending }

// Downtime is a stretch of time in which nobody is told about an object.
type Downtime struct {
	ID      uint64
	Ref     Ref
	Author  string
	Comment string
	Entered Time
	// Start and End bound it; a flexible one lasts Duration from the first problem between them.
	Start, End Time
	Fixed      bool
	Duration   time.Duration
	// Trigger is the id of the downtime that starts this one; 0 for none.
	Trigger uint64
	// Began says when it took effect; zero while it has not.
	Began Time
	// Contact names the contact whose downtime it is; Ref is empty then.
	Contact string
	// Maintenance says that the engine entered it because of a maintenance_period.
	Maintenance bool
}

// Comment is a note that a person or the engine left on an object.
type Comment struct {
	ID         uint64
	Ref        Ref
	Author     string
	Text       string
	Entered    Time
	Persistent bool
	// Kind tells who wrote it and why.
	Kind CommentKind
	// Downtime is the downtime that the comment belongs to; 0 for none.
	Downtime uint64
	// Expires is when it goes by itself; zero for never.
	Expires Time
}

// CommentKind tells why a comment is there, with Nagios' numbers.
type CommentKind uint8

// The kinds of comments.
const (
	CommentUser CommentKind = iota + 1
	CommentDowntime
	CommentFlapping
	CommentAck
)
