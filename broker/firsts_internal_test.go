package broker

import (
	"fmt"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/bus"
)

func TestAnOrphanIsKnownFromTheFirstLookThatFoundIt(t *testing.T) {
	var f firsts
	if at, atLeast := f.of("a"); at != 0 || atLeast {
		t.Errorf("before any look: %v %v", at, atLeast)
	}
	start := time.Unix(1000, 0)
	f.see([]bus.Subject{bus.Orphan("a", "esx1"), bus.Orphan("a", "esx2")}, start)
	f.see([]bus.Subject{bus.Orphan("a", "esx2"), bus.Orphan("b", "esx1")}, start.Add(5*time.Second))
	for name, want := range map[string]float64{"a": 1000, "b": 1005, "c": 0} {
		if at, atLeast := f.of(name); at != want || atLeast != (want == 1000) {
			t.Errorf("%s: since %v, at least %v", name, at, atLeast)
		}
	}
	f.see([]bus.Subject{bus.Orphan("b", "esx1")}, start.Add(10*time.Second))
	if at, _ := f.of("a"); at != 0 || len(f.at) != 1 {
		t.Errorf("what is gone is remembered: %v, %d names", at, len(f.at))
	}
}

func TestWhatIsRememberedOfOrphansIsBounded(t *testing.T) {
	var f firsts
	many := make([]bus.Subject, mostFirsts+100)
	for i := range many {
		many[i] = bus.Orphan(fmt.Sprintf("vm%d", i), "esx1")
	}
	f.see(many, time.Unix(1000, 0))
	if len(f.at) != mostFirsts {
		t.Errorf("%d names are remembered", len(f.at))
	}
}
