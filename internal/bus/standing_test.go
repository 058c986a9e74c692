package bus_test

import (
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
)

func TestABusIsShortOfServersOnceHalfOfThemAreAway(t *testing.T) {
	three := []string{"a", "b", "c"}
	away := func(server string, seen time.Duration) bus.Replica {
		return bus.Replica{Server: server, Away: true, Seen: seen}
	}
	for name, c := range map[string]struct {
		is    bus.Standing
		there int
		lasts time.Duration
		short bool
	}{
		"nothing is known":       {bus.Standing{}, 0, 0, false},
		"one that is alone":      {bus.Standing{Servers: []string{"a"}}, 1, 0, false},
		"one is away":            {bus.Standing{Servers: three, Behind: []bus.Replica{away("b", time.Minute)}}, 2, time.Minute, false},
		"two are away":           {bus.Standing{Servers: three, Behind: []bus.Replica{away("b", time.Minute), away("c", time.Second)}}, 1, time.Second, true},
		"one was never heard":    {bus.Standing{Servers: three, Behind: []bus.Replica{away("b", time.Minute), away("c", 0)}}, 1, time.Minute, true},
		"nobody was heard yet":   {bus.Standing{Servers: three, Behind: []bus.Replica{away("b", 0), away("c", 0)}}, 1, 0, false},
		"two lag, and are there": {bus.Standing{Servers: three, Behind: []bus.Replica{{Server: "b", Lag: 5}, {Server: "c", Lag: 5}}}, 3, 0, false},
	} {
		if there, lasts, short := c.is.Short(); there != c.there || lasts != c.lasts || short != c.short {
			t.Errorf("%s: %d are there for %s, short is %t", name, there, lasts, short)
		}
	}
}
