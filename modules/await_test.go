package modules_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// slow is a check that answers after a while, or at its limit in words of its own.
type slow struct{ takes time.Duration }

func (s slow) Run(ctx context.Context) (monitor.Outcome, error) { return modules.Await(ctx, s) }

func (s slow) Start(until time.Time, w modules.Waiter) {
	if left := time.Until(until); left < s.takes {
		time.AfterFunc(left, func() { w.Done(monitor.Outcome{Output: "too slow"}, nil) })
		return
	}
	time.AfterFunc(s.takes, func() { w.Done(monitor.Outcome{Output: "fine"}, nil) })
}

func TestAwaitGivesTheModulesOwnWordsAndLeavesWhenItIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			limit, takes time.Duration
			want         string
		}{{time.Hour, time.Minute, "fine"}, {time.Second, time.Millisecond, "fine"}, {time.Second, time.Minute, "too slow"}} {
			ctx, cancel := context.WithTimeout(t.Context(), test.limit)
			o, err := slow{test.takes}.Run(ctx)
			cancel()
			if err != nil || o.Output != test.want {
				t.Errorf("%s of %s: got %q, %v, want %q", test.takes, test.limit, o.Output, err, test.want)
			}
		}
		if o, err := (slow{time.Minute}).Run(t.Context()); err != nil || o.Output != "fine" {
			t.Errorf("without a limit: got %q, %v", o.Output, err)
		}
		gone, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		began := time.Now()
		_, err := slow{time.Minute}.Run(gone)
		if !errors.Is(err, context.Canceled) || time.Since(began) != time.Second {
			t.Errorf("cancelled after a second: %v after %s", err, time.Since(began))
		}
		synctest.Wait()
	})
}
