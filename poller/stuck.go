package poller

import (
	"fmt"
	"time"
)

// Stuck says whether the loop that tells of the room has not turned for longer than limit; nil if it turns. Waiting for the bus or
// for checks is no reason: it goes on without.
func (p *Poller) Stuck(limit time.Duration) error {
	if still := p.pulse.Since(); still > limit {
		return fmt.Errorf("the loop that asks for checks has not turned for %s", still.Round(time.Second))
	}
	p.room.load() // whoever holds its lock for ever holds up the watchdog too
	return nil
}
