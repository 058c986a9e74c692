package boottime_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/boottime"
)

func TestInABubbleTheTimeIsTheBubbles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, d := range []time.Duration{time.Nanosecond, time.Second, 1000 * time.Hour} {
			began := boottime.Now()
			time.Sleep(d)
			if got := boottime.Since(began); got != d {
				t.Errorf("after %s: %s", d, got)
			}
		}
	})
}

func TestTheZeroMarkIsLongAgo(t *testing.T) {
	var never boottime.Mark
	if got := boottime.Since(never); got < 1000*time.Hour || !never.IsZero() || boottime.Now().IsZero() {
		t.Errorf("since the zero mark: %s", got)
	}
}
