package broker

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// outage is the last time in which the bus stored nothing: no change of a state came here, and those that were made meanwhile come
// afterwards. Any goroutine may ask.
type outage struct {
	mu          sync.Mutex // guards what follows
	since, over time.Time  // over is zero while it lasts
}

const (
	outageEvery = time.Second
	// caughtUp is how long after an outage schedulers may still have to tell what happened in it: they take their shards again first.
	caughtUp = time.Minute
)

// watch asks until ctx ends how the bus is.
func (o *outage) watch(ctx context.Context, mute func() (time.Time, error)) {
	for ; ctx.Err() == nil; pause(ctx, outageEvery) {
		since, why := mute()
		o.mu.Lock()
		switch {
		case why != nil:
			o.since, o.over = since, time.Time{}
		case !o.since.IsZero() && o.over.IsZero():
			o.over = time.Now()
		}
		o.mu.Unlock()
	}
}

// lines says how old what is shown may be, in a line; none where it is not.
func (o *outage) lines(now time.Time) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	from := o.since.Format(time.TimeOnly)
	switch {
	case o.since.IsZero():
		return nil
	case o.over.IsZero():
		return []string{"the bus stores nothing: what is shown is as it was at " + from}
	case now.Sub(o.over) < caughtUp:
		return []string{fmt.Sprintf("the bus stored nothing from %s to %s: what is shown may be as it was at %s, until schedulers have told what happened meanwhile", from, o.over.Format(time.TimeOnly), from)}
	}
	return nil
}
