package scheduler

import (
	"testing"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/bus/membus"
)

// A bus that was started again has a new stream of results, in which low sequences are new.
func TestResultsOfABusThatBeganAnewAreNotForgotten(t *testing.T) {
	conn := membus.New().Connect("test")
	if err := conn.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := conn.Append(t.Context(), bus.Results(1, "p"), []byte("unread"), ""); err != nil {
			t.Fatal(err)
		}
	}
	s := &shard{id: 1, bus: conn}
	for _, c := range []struct{ used, first uint64 }{{1000, 1}, {2, 3}, {3, 4}} {
		if err := s.forget(t.Context(), c.used); err != nil {
			t.Fatal(err)
		}
		if x, err := conn.Extent(t.Context(), bus.RES, 0); err != nil || x.First != c.first {
			t.Errorf("used up to %d: the first that is left is %d (%v), want %d", c.used, x.First, err, c.first)
		}
	}
}
