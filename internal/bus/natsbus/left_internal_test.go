package natsbus

import (
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
)

// One of three was away for long when a second one goes: from now on nothing is stored, and not for as long as the first is away.
func TestWhatTheServerHereSeesLeaveWasThereAMomentAgo(t *testing.T) {
	is := bus.Standing{Servers: []string{"a", "b", "c"}, Behind: []bus.Replica{{Server: "b", Away: true, Seen: time.Minute}}}
	left(&is, "b")
	left(&is, "c")
	if there, lasts, short := is.Short(); there != 1 || lasts > time.Second || !short {
		t.Errorf("%d of 3 are there for %s, short is %t", there, lasts, short)
	}
	unheard := bus.Standing{Servers: []string{"a", "b"}, Behind: []bus.Replica{{Server: "b", Away: true}}}
	if left(&unheard, "b"); unheard.Behind[0].Seen != 0 {
		t.Errorf("of one that the leader never heard it says %s", unheard.Behind[0].Seen)
	}
}
