package poller

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// check is one check under way.
type check struct {
	poller   *Poller
	over     context.Context // ends when the poller gives up on what is under way
	group    *sync.WaitGroup
	prepared Prepared
	host     bool
	timeout  time.Duration
	until    time.Time
	trace    string // of a check that somebody follows
	result   monitor.Result
}

var _ modules.Waiter = (*check)(nil)

func (c *check) begin(job *monitor.Job) {
	now := time.Now()
	c.host, c.timeout = job.Service == "", job.Timeout
	if c.timeout <= 0 {
		c.timeout = time.Minute
	}
	c.until = now.Add(c.timeout)
	c.result = monitor.Result{
		Shard: job.Shard, Epoch: job.Epoch, Object: job.Object, Seq: job.Seq,
		Poller: c.poller.o.Name, Module: c.prepared.Module, Started: monitor.At(now),
	}
}

// run makes a check that needs a goroutine.
func (c *check) run() {
	ctx, cancel := context.WithDeadline(c.over, c.until)
	defer cancel()
	o, err := run(ctx, c.prepared.Probe)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = ctx.Err()
	}
	c.Done(o, err)
}

// Done implements modules.Waiter.
func (c *check) Done(o monitor.Outcome, err error) {
	defer c.group.Done()
	defer c.poller.running.Add(-1)
	if c.over.Err() != nil {
		return // cut short because the poller ends: that says nothing of the target, and the check is issued again
	}
	c.result.Finished = monitor.At(time.Now())
	c.result.Outcome = o
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		c.result.Outcome = c.timedOut()
	case err != nil:
		c.result.Outcome = unmade(err)
	default:
		c.result.Output, c.result.LongOutput, c.result.Perfdata = strings.Clone(o.Output), strings.Clone(o.LongOutput), strings.Clone(o.Perfdata)
	}
	if c.trace != "" {
		c.poller.follow(c.trace, &c.result, c.prepared.Why)
	}
	c.poller.results.add(c.result)
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

// start is run for modules with an engine. A module that panics must not have called Done.
func start(s modules.Starter, until time.Time, c *check) {
	defer func() {
		if r := recover(); r != nil {
			c.Done(monitor.Outcome{}, bug(r))
		}
	}()
	s.Start(until, c)
}

func bug(r any) error {
	stack := debug.Stack()
	return fmt.Errorf("the module has a bug, please report it: %v\n%s", r, stack[:min(len(stack), 2048)])
}
