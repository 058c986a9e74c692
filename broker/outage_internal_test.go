package broker

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAfterAnOutageOfTheBusWhatIsShownIsCalledOldForAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mute atomic.Pointer[time.Time]
		var o outage
		ctx, cancel := context.WithCancel(t.Context())
		var watching sync.WaitGroup
		watching.Go(func() {
			o.watch(ctx, func() (time.Time, error) {
				if since := mute.Load(); since != nil {
					return *since, errors.New("nobody leads")
				}
				return time.Time{}, nil
			})
		})
		says := func(when string, want ...string) {
			t.Helper()
			time.Sleep(1200 * time.Millisecond)
			if diff := cmp.Diff(want, o.lines(time.Now())); diff != "" {
				t.Errorf("%s: %s", when, diff)
			}
		}
		says("while all is well")
		start := time.Now().Truncate(time.Minute)
		since := start.Add(time.Second)
		from, to := since.Format(time.TimeOnly), start.Add(11*time.Minute+3*time.Second).Format(time.TimeOnly)
		mute.Store(&since)
		time.Sleep(11 * time.Minute)
		says("meanwhile", "the bus stores nothing: what is shown is as it was at "+from)
		mute.Store(nil)
		says("when it is over", "the bus stored nothing from "+from+" to "+to+": what is shown may be as it was at "+from+", until schedulers have told what happened meanwhile")
		time.Sleep(time.Minute)
		says("a minute later")
		cancel()
		watching.Wait()
	})
}
