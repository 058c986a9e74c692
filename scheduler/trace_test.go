package scheduler_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/internal/bus"
	"github.com/onbu/onbu/internal/wire"
	"github.com/onbu/onbu/monitor"
)

func TestEachStepOfAFollowedCheckIsToldAndOfNoOther(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(3, 10, time.Minute))
		w.scheduler("s1")
		w.poller("p1", 100)
		time.Sleep(2 * time.Minute)
		var mu sync.Mutex
		var hops []wire.Hop
		stop, err := w.own.Subscribe(bus.Trace("t1"), func(m bus.Msg) {
			mu.Lock()
			defer mu.Unlock()
			var h wire.Hop
			w.must(wire.Unmarshal(m.Data, &h))
			hops = append(hops, h)
		})
		w.must(err)
		defer stop()
		a := w.ask(0, wire.Question{Kind: wire.AskTrace, Ref: service(1, 4), Trace: "t1"})
		if a.Explanation == nil || a.Refused != "" || a.Explanation.Status.NextCheck == 0 {
			t.Fatalf("the answer is %+v", a)
		}
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		slices.SortStableFunc(hops, func(a, b wire.Hop) int { return int(a.Time - b.Time) })
		var said []string
		for _, h := range hops {
			said = append(said, h.Daemon+" "+h.Step)
		}
		want := []string{
			"scheduler s1 the check was due", "scheduler s1 decided", "scheduler s1 sent the job to poller p1", "poller p1 began it with module fake",
			"poller p1 the module answered OK: fine", "scheduler s1 the bus had stored the result", "scheduler s1 read the result",
			"scheduler s1 made its verdict: OK (HARD, attempt 1 of 3)", "scheduler s1 the journal holds",
		}
		if len(said) != len(want) {
			t.Fatalf("%d steps were told, want %d:\n%s", len(said), len(want), strings.Join(said, "\n"))
		}
		for i, prefix := range want {
			if !strings.HasPrefix(said[i], prefix) {
				t.Errorf("step %d is %q, want %q", i, said[i], prefix)
			}
		}
		if due := hops[0].Time; due != a.Explanation.Status.NextCheck {
			t.Errorf("due at %v, and the next check was said to be at %v", due, a.Explanation.Status.NextCheck)
		}
	})
}

func TestNoMoreChecksAreFollowedAtOnceThanAShardCanAfford(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.enforce(inventory(100, 1, time.Minute))
		w.scheduler("s1")
		w.owned(0)
		refused := 0
		for host := range 100 {
			a := w.ask(0, wire.Question{Kind: wire.AskTrace, Ref: monitor.Ref{Host: service(host, 0).Host, Service: "service0"}, Trace: "t"})
			if a.Refused != "" {
				refused++
			}
		}
		if refused != 36 {
			t.Errorf("%d of 100 were refused, want 36", refused)
		}
	})
}

// Checks that are never made, as of objects without active checks, do not keep others from being followed for ever.
func TestWantedChecksThatAreNeverMadeGiveWayToOthers(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		inv := inventory(1, 70, time.Minute)
		inv.Policies[1].Switches &^= monitor.ActiveChecks
		w.enforce(inv)
		w.scheduler("s1")
		w.owned(0)
		want := func(i int) string {
			return w.ask(0, wire.Question{Kind: wire.AskTrace, Ref: service(0, i), Trace: "t"}).Refused
		}
		for i := range 64 {
			if refused := want(i); refused != "" {
				t.Fatalf("the %d. was refused: %s", i+1, refused)
			}
		}
		if want(64) == "" {
			t.Error("there is no end to what is followed")
		}
		time.Sleep(11 * time.Minute)
		if refused := want(64); refused != "" {
			t.Errorf("eleven minutes later: %s", refused)
		}
	})
}
