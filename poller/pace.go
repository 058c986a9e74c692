package poller

import (
	"sync/atomic"
	"time"

	"github.com/onbu/onbu/monitor"
)

const (
	// slowAfter is what a run has to take to make its line slow; half of the time that plugins give a target by default
	// (monitoring-plugins utils.h, DEFAULT_SOCKET_TIMEOUT).
	slowAfter = 5 * time.Second
	// brisk is below what most checks take.
	brisk = time.Second
)

// pace is what the last runs of a command line say of its next one. The zero value stands for a line that is brisk, or was
// never run.
type pace uint32

const (
	// paceSteady: it takes longer than brisk and is well.
	paceSteady pace = iota + 1
	// paceSlow: it waited for a target that did not answer.
	paceSlow
)

// after gives the pace after a run. A run that is over soon shows that the target answers, whatever it says; one that takes
// longer shows it with a good answer only, and otherwise nothing new.
func (p pace) after(took time.Duration, o *monitor.Outcome) pace {
	switch {
	case o.TimedOut || took >= slowAfter:
		return paceSlow
	case took < brisk:
		return 0
	case o.State == monitor.OK:
		return paceSteady
	}
	return p
}

// memory holds the pace of a line. Any goroutine may use it.
type memory struct{ v atomic.Uint32 }

func (m *memory) pace() pace { return pace(m.v.Load()) }

func (m *memory) set(p pace) {
	if m.pace() != p {
		m.v.Store(uint32(p))
	}
}
