package poller

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// check is a job that the poller took, from when it comes until it is answered; then it is used for another one.
type check struct {
	poller *Poller
	// The places next to it in the one list of the room that it is in.
	before, behind *check
	from           *sender
	found
	host    bool
	timeout time.Duration
	trace   *trace // nil unless somebody follows it
	key     objectKey
	issue   issue
	starter modules.Starter // nil for what needs a goroutine
	shares  int

	began time.Time
	era   int64  // as the room's pressure counts it
	queue *queue // the lane in which it waits or runs; nil for none
	// waits says that it has not begun; aside that it does not count against its scheduler's window.
	waits, aside bool
	// What is in a goroutine can be cut short: cancel does it, young says that it is in the room's list of such checks.
	cancel     func()
	young, cut bool
	// open is true until it is answered, so that an answer that comes twice is dropped.
	open atomic.Bool
}

// objectKey names whom a check looks at, and issue which of his checks it is.
type (
	objectKey struct {
		shard  monitor.Shard
		object monitor.ID
	}
	issue struct {
		epoch monitor.Epoch
		seq   uint32
	}
)

var _ modules.Waiter = (*check)(nil)

// fill makes the check that of a job. It keeps nothing of the job.
func (c *check) fill(job *monitor.Job, f found, from *sender) {
	c.found, c.from = f, from
	c.key, c.issue = objectKey{job.Shard, job.Object}, issue{job.Epoch, job.Seq}
	c.host, c.timeout = job.Service == "", job.Timeout
	if c.timeout <= 0 {
		c.timeout = time.Minute
	}
	c.trace = nil
	if job.Trace != "" {
		c.trace = c.poller.traceOf(job)
	}
}

// until is the engine's time limit.
func (c *check) until() time.Time { return c.began.Add(c.timeout) }

// start makes a check of a module with an engine. A module that panics must not have called Done.
func (c *check) start() {
	defer func() {
		if r := recover(); r != nil {
			c.Done(monitor.Outcome{}, bug(r))
		}
	}()
	c.starter.Start(c.until(), c)
}

// run makes a check that needs a goroutine.
func (c *check) run(ctx context.Context) {
	o, err := run(ctx, c.probe)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) && !errors.Is(err, modules.ErrNotBegun) {
		err = ctx.Err()
	}
	c.Done(o, err)
}

// Done implements modules.Waiter. The poller forgets what is under way when it ends; what comes after that is dropped.
func (c *check) Done(o monitor.Outcome, err error) {
	if !c.open.CompareAndSwap(true, false) {
		return
	}
	took := time.Since(c.began)
	switch {
	case errors.Is(err, modules.ErrNotBegun) && c.starter == nil:
		c.poller.room.postpone(c)
		return
	case errors.Is(err, context.DeadlineExceeded):
		o = c.timedOut()
	case err != nil:
		o = unmade(err)
	}
	c.poller.end(c, &o, took)
}

// timedOut is the outcome of a check that its time limit ended, in the sentence that Nagios has for that.
func (c *check) timedOut() monitor.Outcome {
	kind := "Service"
	if c.host {
		kind = "Host"
	}
	return monitor.Outcome{
		State: monitor.Critical, TimedOut: true,
		Output: fmt.Sprintf("(%s check timed out after %.2f seconds)", kind, c.timeout.Seconds()),
	}
}

// unmade is the outcome of a check that could not be made.
func unmade(err error) monitor.Outcome {
	first, rest, _ := strings.Cut(err.Error(), "\n")
	return monitor.Outcome{State: monitor.Unknown, Output: "(check could not be made: " + first + ")", LongOutput: rest}
}

// run keeps a module's panic from being the poller's.
func run(ctx context.Context, probe modules.Probe) (o monitor.Outcome, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = bug(r)
		}
	}()
	return probe.Run(ctx)
}

func bug(r any) error {
	stack := debug.Stack()
	return fmt.Errorf("the module has a bug, please report it: %v\n%s", r, stack[:min(len(stack), 2048)])
}
