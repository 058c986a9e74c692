package modules

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// withoutLimit is how long a check may take whose caller sets no limit.
const withoutLimit = time.Hour

// Await is Run for a Starter that can do no better: it starts a check and waits for it. At ctx's deadline the module's own
// words are waited for, which come a moment after; when ctx is cancelled, it returns at once and the check goes on unseen.
func Await(ctx context.Context, s Starter) (monitor.Outcome, error) {
	until, limited := ctx.Deadline()
	if !limited {
		until = time.Now().Add(withoutLimit)
	}
	answer := make(awaiting, 1)
	s.Start(until, answer)
	cancelled := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			close(cancelled)
		}
	})
	defer stop()
	select {
	case a := <-answer:
		return a.Outcome, a.err
	case <-cancelled:
		return monitor.Outcome{}, context.Cause(ctx)
	}
}

// awaiting takes the answer for Await.
type awaiting chan answer

type answer struct {
	monitor.Outcome
	err error
}

// Done implements Waiter.
func (a awaiting) Done(o monitor.Outcome, err error) {
	o.Output, o.LongOutput, o.Perfdata = strings.Clone(o.Output), strings.Clone(o.LongOutput), strings.Clone(o.Perfdata)
	a <- answer{o, err}
}
