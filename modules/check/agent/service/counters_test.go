package service

import (
	"strconv"
	"sync"
	"testing"
	"time"
)

var start = time.Unix(1_800_000_000, 0)

func after(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

func TestACounterBecomesARate(t *testing.T) {
	var c Counters
	for _, s := range []struct {
		what  string
		value float64
		at    int
		rate  float64
		ok    bool
	}{
		{"the first value", 100, 0, 0, false},
		{"ten seconds later", 150, 10, 5, true},
		{"the same output again", 150, 10, 5, true},
		{"an output of a moment before", 120, 5, 5, true},
		{"no growth", 150, 20, 0, true},
		{"a restart", 30, 30, 0, false},
		{"after the restart", 40, 40, 1, true},
		{"a clock that was set back", 50, -4000, 0, false},
		{"after the clock was set back", 70, -3990, 2, true},
	} {
		rate, ok := c.Rate("x", s.value, after(s.at), 0)
		if rate != s.rate || ok != s.ok {
			t.Errorf("%s: got %v, %v, want %v, %v", s.what, rate, ok, s.rate, s.ok)
		}
	}
}

func TestACounterOf32BitsWraps(t *testing.T) {
	var c Counters
	c.Rate("x", 1<<32-100, after(0), 32)
	if rate, ok := c.Rate("x", 100, after(10), 32); rate != 20 || !ok {
		t.Errorf("over the end: got %v, %v, want 20", rate, ok)
	}
	c.Rate("y", 1<<31, after(0), 32)
	if rate, ok := c.Rate("y", 100, after(10), 32); ok {
		t.Errorf("from the middle of its range: got %v, want a restart", rate)
	}
	c.Rate("z", 1<<32-100, after(0), 0)
	if rate, ok := c.Rate("z", 100, after(10), 0); ok {
		t.Errorf("a counter that does not wrap there: got %v, want a restart", rate)
	}
}

func TestCountersOfOneHostAreBounded(t *testing.T) {
	var c Counters
	for i := range 3 * mostCounters {
		c.Rate("first", float64(i), after(i), 0)
		c.Rate(strconv.Itoa(i), 0, after(i), 0)
	}
	if got := len(c.young) + len(c.old); got > 2*mostCounters {
		t.Errorf("%d are remembered, want at most %d", got, 2*mostCounters)
	}
	if rate, ok := c.Rate("first", 3*mostCounters, after(3*mostCounters), 0); rate != 1 || !ok {
		t.Errorf("one in use: got %v, %v, want 1", rate, ok)
	}
	if _, ok := c.Rate("7", 1, after(4*mostCounters), 0); ok {
		t.Error("one that was not used for long is still remembered")
	}
}

func TestSinceTellsHowLongAValueStayed(t *testing.T) {
	var c Counters
	for _, s := range []struct {
		value float64
		at    int
		want  time.Duration
	}{{1, 0, 0}, {1, 60, time.Minute}, {1, 120, 2 * time.Minute}, {0, 130, 0}, {1, 140, 0}, {1, 150, 10 * time.Second}} {
		if got := c.Since("x", s.value, after(s.at)); got != s.want {
			t.Errorf("%v at %d: got %v, want %v", s.value, s.at, got, s.want)
		}
	}
}

func TestCountersMayBeUsedByMany(t *testing.T) {
	var c Counters
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 1000 {
				c.Rate(strconv.Itoa(i%10), float64(i), after(i+g), 0)
			}
		})
	}
	all.Wait()
}
