package snmp

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/onbu/onbu/internal/probe"
	"github.com/onbu/onbu/internal/snmp"
	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
)

// run is one check under way.
type run struct {
	snmp.Request
	check *check
	wait  modules.Waiter
	alarm bool // the plugin's own limit comes before the engine's
}

var _ snmp.Receiver = (*run)(nil)

// Start begins a check.
func (c *check) Start(until time.Time, w modules.Waiter) {
	r := &run{check: c, wait: w}
	now := time.Now()
	// The plugin sets its alarm to this sum, which falls short of the tries' when the timeout is above 5 s.
	limit := now.Add(c.timeout*time.Duration(c.retries) + 5*time.Second)
	if r.alarm = until.IsZero() || limit.Before(until); r.alarm {
		until = limit
	}
	r.Kind, r.OIDs, r.Until, r.Then = snmp.Get, c.names, until, r
	if c.next {
		r.Kind = snmp.GetNext
	}
	if c.target.literal.IsValid() {
		r.ask()
		return
	}
	go r.resolve()
}

// resolve looks the agent's name up, and asks.
func (r *run) resolve() {
	ctx, cancel := context.WithDeadline(context.Background(), r.Until)
	defer cancel()
	addr, err := r.check.target.resolve(ctx, r.check.module.names)
	switch {
	case err != nil && ctx.Err() != nil:
		r.done(r.timedOut())
	case err != nil:
		var out output
		out.fail("%s: Unknown host (%s)", r.check.program(), r.check.target.peer)
		r.done(r.judge(&out))
	default:
		device := *r.check.device
		device.Addr = addr
		r.To = &device
		r.check.module.engine.Ask(&r.Request)
	}
}

func (r *run) ask() {
	r.To = r.check.device
	r.check.module.engine.Ask(&r.Request)
}

// Answered implements snmp.Receiver.
func (r *run) Answered(_ *snmp.Request, a *snmp.Answer) {
	o, err := r.outcome(a)
	r.done(o, err)
}

func (r *run) done(o monitor.Outcome, err error) { r.wait.Done(o, err) }

// outcome judges the answer. A panic costs one check, not the daemon.
func (r *run) outcome(a *snmp.Answer) (o monitor.Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("judging the answer of %s panicked, which is our mistake: %v\n%s", r.check.target.peer, p, debug.Stack())
		}
	}()
	var out output
	var refused snmp.Refusal
	var unreachable *snmp.Unreachable
	switch c := r.check; {
	case a.Err == nil:
		c.print(a, &out)
	case errors.Is(a.Err, context.DeadlineExceeded):
		return r.timedOut()
	case errors.Is(a.Err, snmp.ErrNoAnswer):
		out.fail("Timeout: No Response from %s.", c.target.peer)
	case errors.As(a.Err, &refused):
		out.fail("%s: %s", c.program(), refused)
	case errors.As(a.Err, &unreachable):
		out.fail("%s: Failure in sendto (%v)", c.program(), unreachable.Err)
	default:
		return o, fmt.Errorf("asking %s: %w", c.target.peer, a.Err)
	}
	return r.judge(&out)
}

// Run makes one check.
func (c *check) Run(ctx context.Context) (monitor.Outcome, error) {
	until, _ := ctx.Deadline()
	w := make(waiter, 1)
	c.Start(until, w)
	cancelled := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) { // the engine minds the deadline
			close(cancelled)
		}
	})
	defer stop()
	select {
	case r := <-w:
		return r.outcome, r.err
	case <-cancelled:
		return monitor.Outcome{}, fmt.Errorf("asking %s: %w", c.target.peer, context.Cause(ctx))
	}
}

// waiter is who waits in Run.
type waiter chan result

type result struct {
	outcome monitor.Outcome
	err     error
}

// Done implements modules.Waiter.
func (w waiter) Done(o monitor.Outcome, err error) {
	o.Output, o.LongOutput, o.Perfdata = strings.Clone(o.Output), strings.Clone(o.LongOutput), strings.Clone(o.Perfdata)
	w <- result{o, err}
}

// timedOut is the outcome of a check that the plugin's alarm ended, or the engine's.
func (r *run) timedOut() (monitor.Outcome, error) {
	text := "CRITICAL - the engine's time limit ended the check"
	if r.alarm {
		text = "CRITICAL - Plugin timed out while executing system call"
	}
	o := probe.Say(monitor.Critical, "%s\nwhile waiting for %s", text, r.check.target.peer)
	o.TimedOut = true
	return o, nil
}

// judge gives the verdict on what was printed, and keeps the values if the next check needs them.
func (r *run) judge(printed *output) (monitor.Outcome, error) {
	v := r.check.judge(printed, time.Now())
	return probe.Result(v.state, v.text, v.perf), nil
}

func (c *check) judge(printed *output, now time.Time) *verdict {
	if len(printed.errors) > 0 {
		return say(monitor.Unknown, "External command error: %s\n", strings.Join(printed.errors, "\n"))
	}
	if len(printed.lines) == 0 {
		return say(monitor.Unknown, "External command error with no output (return code: %d)\n", 0)
	}
	e := evaluation{command: c.command, lines: splitLines(printed.lines), now: now}
	if c.rate {
		e.previous, _ = c.module.rates.get(c.key)
	}
	v := e.judge()
	if c.rate && e.complete {
		c.module.rates.put(c.key, &sample{now.Unix(), e.values})
	}
	return v
}

func splitLines(printed []byte) []string {
	return strings.Split(strings.TrimSuffix(string(printed), "\n"), "\n")
}
