package boottime

import (
	"testing"
	"time"
)

// A machine that sleeps for an hour cannot be had in a test; that the difference is taken the right way round can.
func TestTimeAsleepCounts(t *testing.T) {
	m := Now()
	m.slept -= time.Hour
	if got := Since(m); got < time.Hour || got > time.Hour+time.Minute {
		t.Errorf("an hour asleep later: %s", got)
	}
	if got := suspended(); got < 0 || got%grain != 0 {
		t.Errorf("suspended since the start of the machine for %s", got)
	}
}
