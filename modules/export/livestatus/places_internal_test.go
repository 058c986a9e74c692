package livestatus

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestNoSourceAndNoSlowQueryKeepsTheOthersOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlaces(4)
		takes := func(source string, quick bool) bool {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, ok := p.take(ctx, source, quick)
			return ok
		}
		for _, x := range []struct {
			source string
			quick  bool
			want   bool
		}{
			{"a", false, true},
			{"a", false, true},
			{"a", false, false}, // it has half
			{"b", false, true},
			{"b", false, true},
			{"c", false, false}, // all are taken
			{"a", true, true},
			{"c", true, true},
		} {
			if got := takes(x.source, x.quick); got != x.want {
				t.Errorf("%+v: %v", x, got)
			}
		}
	})
}

func TestPlacesComeBackAndSourcesAreForgotten(t *testing.T) {
	p := newPlaces(2)
	for range 100 {
		for _, quick := range []bool{false, true} {
			back, ok := p.take(t.Context(), "a", quick)
			if !ok {
				t.Fatal("no place")
			}
			back()
		}
	}
	if len(p.sources) != 0 || len(p.slow)+len(p.quick) != 0 {
		t.Errorf("%d sources, %d and %d places", len(p.sources), len(p.slow), len(p.quick))
	}
}

func TestOneSourceHasAQuarterOfWhatMayWaitToBeRead(t *testing.T) {
	u := unread{most: 6400}
	cut := func() { t.Error("cut too early") }
	for _, x := range []struct {
		source string
		size   int64
		want   bool
	}{
		{"a", 6400, true},
		{"a", 101, false},
		{"a", 100, true}, // small ones do no harm
		{"b", 6400, true},
		{"c", 6400, true},
		{"d", 6400, false},
		{"d", 6000, true},
	} {
		if got := u.begin(x.source, x.size, time.Minute, cut) != nil; got != x.want {
			t.Errorf("%+v: %v", x, got)
		}
	}
}

func TestWhoReadsSlowlyIsCutOnceOthersHaveNoRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u, cuts := unread{most: 64 << 20}, 0
		w := u.begin("a", 64<<20, 10*time.Second, func() { cuts++ })
		time.Sleep(time.Hour)
		if cuts != 0 {
			t.Error("cut although there was room")
		}
		u.begin("b", 64<<20, 10*time.Second, func() { t.Error("the other one is cut") })
		if u.begin("a", 64<<20, 10*time.Second, func() {}) == nil || cuts != 1 {
			t.Errorf("no room after an hour; %d cut", cuts)
		}
		u.end(w) // when the session ends
		if u.total != 128<<20 || u.sources["a"] != 64<<20 {
			t.Errorf("%d bytes in all, %d of a", u.total, u.sources["a"])
		}
	})
}

func TestACrowdIsBounded(t *testing.T) {
	var c crowd
	for range 3 {
		if !c.join("a", 2) {
			c.leave("a")
		}
	}
	if !c.join("b", 2) || c.of["a"] != 1 {
		t.Errorf("%v", c.of)
	}
}
