package poller_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/monitor"
)

// slow is a check of five seconds.
func slow(ctx context.Context, _ string) (monitor.Outcome, error) {
	select {
	case <-time.After(5 * time.Second):
		return monitor.Outcome{}, nil
	case <-ctx.Done():
		return monitor.Outcome{}, ctx.Err()
	}
}

func TestADrainedPollerEndsItsChecksAndGivesBackWhatComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, 100, slow)
		r.give("s1", jobs("look a", 0, 3)...)
		time.Sleep(time.Second)
		drained := make(chan time.Time)
		began := time.Now()
		go func() {
			r.poller.Drain(t.Context())
			drained <- time.Now()
		}()
		time.Sleep(time.Second)
		if got := r.window(); got != 0 {
			t.Errorf("it still has room for %d", got)
		}
		r.give("s1", jobs("look b", 3, 2)...)
		if back := r.refused(); len(back) != 1 || len(back[0].Jobs) != 2 {
			t.Errorf("it gave back %v", back)
		}
		if took := (<-drained).Sub(began); took < 4*time.Second || took > 5*time.Second {
			t.Errorf("draining took %s", took)
		}
		r.giveUp()
		if got := r.got(); len(got) != 3 {
			t.Errorf("%d results, want 3", len(got))
		}
	})
}

func TestAPollerThatIsTakenBackTakesJobsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, 100, slow)
		r.give("s1", jobs("look a", 0, 3)...)
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r.poller.Drain(ctx)
		r.poller.Resume()
		time.Sleep(100 * time.Millisecond)
		if r.window() == 0 {
			t.Error("the schedulers hear of no room")
		}
		r.give("s1", jobs("look b", 3, 2)...)
		time.Sleep(10 * time.Second)
		if got, back := r.got(), r.refused(); len(got) != 5 || len(back) != 0 {
			t.Errorf("%d results and %d given back, want all 5 of before and after", len(got), len(back))
		}
		r.giveUp()
	})
}

func TestAPollerThatGivesUpDoesSoWithinASecondAndSaysThatItLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, 100, slow, "", "EU")
		r.give("s1", jobs("look a", 0, 3)...)
		time.Sleep(time.Second)
		began := time.Now()
		r.giveUp()
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s", took)
		}
		said := r.said()
		for _, w := range said[len(said)-2:] {
			if !w.Left || w.Window != 0 {
				t.Errorf("its last words: %+v", w)
			}
		}
		if got := r.got(); len(got) != 0 {
			t.Errorf("results of checks that were broken off: %v", got)
		}
	})
}

func TestDrainingEndsWithItsPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, 100, slow)
		r.give("s1", jobs("look a", 0, 1)...)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began := time.Now()
		r.poller.Drain(ctx)
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %s", took)
		}
		r.giveUp()
	})
}
