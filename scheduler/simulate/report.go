package simulate

import (
	"strconv"
	"time"

	"github.com/onbu/onbu/monitor"
)

// Report is what came of a simulation. As JSON it is the lists of notifications, states and roots, with times in seconds
// from the start; the rest is for people.
type Report struct {
	// Start and End bound the time that was played, in the script's zone.
	Start time.Time `json:"-"`
	End   time.Time `json:"-"`
	// Notifications are who was told of what, in order of time: one for each contact, however many commands it has.
	Notifications []Notification `json:"notifications"`
	// States are all changes of a state or its type, in order of time.
	States []Change `json:"states"`
	// Roots are the root problems, in order of their beginnings.
	Roots []Root `json:"roots"`
	// Handlers are the event handlers and snapshots that would have run.
	Handlers []Handler `json:"-"`
	// Refused are the lines of the script that the engine did not take.
	Refused []Refusal `json:"-"`
	// Problems counts the HARD problems that there were; Silent says of those that nobody was told of why not, the most
	// frequent reason first.
	Problems int      `json:"-"`
	Silent   []Silent `json:"-"`
	// Checks counts the results of checks.
	Checks int `json:"-"`
}

// Offset is a time since the start; in JSON a number of seconds, to the millisecond.
type Offset time.Duration

// MarshalJSON gives it in seconds.
func (o Offset) MarshalJSON() ([]byte, error) {
	ms := time.Duration(o).Round(time.Millisecond).Milliseconds()
	return strconv.AppendFloat(nil, float64(ms)/1000, 'f', -1, 64), nil
}

// Notification is one contact told of one thing.
type Notification struct {
	At      Offset `json:"at"`
	Type    string `json:"type"`
	Host    string `json:"host"`
	Service string `json:"service"`
	State   string `json:"state"`
	Contact string `json:"contact"`
	Number  uint32 `json:"number"`
	// Commands are the names of those that would have run.
	Commands []string `json:"-"`
}

// Change is an object in a new state or state type.
type Change struct {
	At      Offset `json:"at"`
	Host    string `json:"host"`
	Service string `json:"service"`
	State   string `json:"state"`
	Type    string `json:"state_type"`
	Output  string `json:"-"`
	// Soft says that nothing but attempts has changed: a problem that is being confirmed, or one that went before it was.
	Soft bool `json:"-"`
}

// Root is a root problem.
type Root struct {
	Host    string `json:"host"`
	Service string `json:"service"`
	From    Offset `json:"from"`
	// To is nil while it lasts.
	To *Offset `json:"to"`
	// Impacts is how many objects suffered from it at once, at most.
	Impacts int `json:"impacts"`
}

// Handler is an event handler or a snapshot.
type Handler struct {
	At    Offset
	Ref   monitor.Ref
	Kind  monitor.ActionKind
	Name  string // of the command
	Line  string // as it would have run
	State string
}

// Refusal is a line of the script that the engine did not take.
type Refusal struct {
	At   Offset
	Line int
	What string // what the line says
	Why  string
}

// Silent says why nobody was told of a number of problems.
type Silent struct {
	Why      string
	Problems int
	// Examples are the first three of them.
	Examples []monitor.Ref
}
