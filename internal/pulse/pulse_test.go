package pulse_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/pulse"
)

func TestAPulseKnowsWhenItsLoopLastTurned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p pulse.Pulse
		time.Sleep(time.Hour)
		if got := p.Since(); got != 0 {
			t.Errorf("before the first turn: %s", got)
		}
		p.Beat()
		time.Sleep(time.Minute)
		if got := p.Since(); got != time.Minute {
			t.Errorf("a minute after a turn: %s", got)
		}
		p.End()
		if got := p.Since(); got != 0 {
			t.Errorf("after its end: %s", got)
		}
	})
}
