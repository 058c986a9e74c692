// Package boottime knows how much time has passed, time in which the machine was suspended included. Leases are measured
// with it: Go's monotonic clock stands still in suspend, so a holder that was asleep for an hour would think that its lease
// is as fresh as before.
package boottime

import (
	"math"
	"time"
)

// Mark is a moment; the zero Mark is long ago.
type Mark struct {
	at    time.Time
	slept time.Duration // how long the machine had been suspended since it was started
}

// Now gives the present moment.
func Now() Mark { return Mark{time.Now(), suspended()} }

// Since gives the time that has passed since a moment. Setting the clock does not change it. In a bubble of
// testing/synctest it is the bubble's time.
func Since(m Mark) time.Duration {
	if m.IsZero() {
		return math.MaxInt64
	}
	now := Now()
	return now.at.Sub(m.at) + now.slept - m.slept
}

// IsZero says whether m is the zero Mark.
func (m Mark) IsZero() bool { return m.at.IsZero() }
