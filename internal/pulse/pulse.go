// Package pulse knows when a daemon's main loop last turned, for the watchdog: a loop that hangs must be found by somebody who does
// not hang with it.
package pulse

import (
	"sync/atomic"
	"time"
)

// Pulse is that of one loop. The zero Pulse is that of a loop that does not run. One goroutine beats; any may look.
type Pulse struct {
	last atomic.Pointer[time.Time]
}

// Beat is called by the loop at each turn.
func (p *Pulse) Beat() {
	now := time.Now()
	p.last.Store(&now)
}

// End is called by the loop when it ends.
func (p *Pulse) End() { p.last.Store(nil) }

// Since is how long ago the loop last turned, without time in which the machine was suspended; 0 for a loop that does not run.
func (p *Pulse) Since() time.Duration {
	last := p.last.Load()
	if last == nil {
		return 0
	}
	return time.Since(*last)
}
