package app

import (
	"testing"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
)

func TestATwinIsOneThatWritesAfterThisOneDid(t *testing.T) {
	beat := func(boot string) bus.Entry {
		return bus.Entry{Value: wire.Marshal(wire.Heartbeat{Role: "poller", Name: "p", Host: "h2", Boot: boot})}
	}
	var own twin
	for _, step := range []struct {
		name   string
		there  bus.Entry
		shows  string
		stored bool
		twin   bool
	}{
		{"what a killed one left", beat("old"), "mine", false, false},
		{"the same, as nothing was stored", beat("old"), "mine", true, false},
		{"my own", beat("mine"), "mine", true, false},
		{"nothing, after a pause", bus.Entry{}, "mine", true, false},
		{"another", beat("other"), "mine", true, true},
		{"the same once more", beat("other"), "mine", true, false},
		{"my own, in the next life", beat("mine"), "next", false, false},
		{"the life before, after a write that nobody answered", beat("next"), "third", true, false},
		{"another one that was started anew", beat("other2"), "third", true, true},
	} {
		other, is := own.finds(step.there)
		if is != step.twin || is && other.Host != "h2" {
			t.Errorf("%s: a twin is found: %v (%+v), want %v", step.name, is, other, step.twin)
		}
		own.shows(&wire.Heartbeat{Boot: step.shows})
		own.seen = own.seen || step.stored
	}
}
