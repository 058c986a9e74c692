package recent_test

import (
	"testing"

	"github.com/onbu/onbu/internal/recent"
)

func TestWhatIsUsedIsKeptAndTheRestForgotten(t *testing.T) {
	m := recent.New[int, int](10)
	m.Put(-1, 1)
	for i := range 1000 {
		m.Put(i, i)
		if v, ok := m.Get(-1); v != 1 || !ok {
			t.Fatalf("after %d others what is used is forgotten", i)
		}
		if v, ok := m.Get(i); v != i || !ok {
			t.Fatalf("what was put just now is forgotten: got %d, %v", v, ok)
		}
		if m.Len() > 10 {
			t.Fatalf("%d values are kept, want at most 10", m.Len())
		}
	}
	if _, ok := m.Get(1); ok {
		t.Error("what was not used for long is kept")
	}
	m.Drop(-1)
	if _, ok := m.Get(-1); ok {
		t.Error("what was dropped is there")
	}
}

func TestOrMakesWhatIsNotThereOnly(t *testing.T) {
	m, made := recent.New[int, int](4), 0
	next := func() int { made++; return made }
	for _, want := range []struct{ key, value int }{{1, 1}, {1, 1}, {2, 2}, {3, 3}, {1, 1}} {
		if got := m.Or(want.key, next); got != want.value {
			t.Errorf("%d: got %d, want %d", want.key, got, want.value)
		}
	}
}
