package snmp

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
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
	named snmp.Device

	printed  output
	printer  printer
	evaluate evaluation
}

var _ snmp.Receiver = (*run)(nil)

// Start begins a check.
func (c *check) Start(until time.Time, w modules.Waiter) {
	r := c.module.runs.Get().(*run)
	r.check, r.wait = c, w
	limit := time.Now().Add(c.agent.alarm())
	if r.alarm = until.IsZero() || limit.Before(until); r.alarm {
		until = limit
	}
	r.Kind, r.OIDs, r.Until, r.Then = snmp.Get, c.names, until, r
	if c.next {
		r.Kind = snmp.GetNext
	}
	if !c.agent.literal.IsValid() {
		go r.resolve()
		return
	}
	r.To = &c.agent.Device
	c.module.engine.Ask(&r.Request)
}

// resolve looks the agent's name up, and asks.
func (r *run) resolve() {
	ctx, cancel := context.WithDeadline(context.Background(), r.Until)
	defer cancel()
	addr, err := r.check.agent.resolve(ctx, r.check.module.names)
	switch {
	case err != nil && ctx.Err() != nil:
		r.done(r.timedOut())
	case err != nil:
		r.printed.fail("%s: Unknown host (%s)", r.check.program(), r.check.agent.peer)
		r.done(r.judge())
	default:
		r.named = r.check.agent.Device
		r.named.Addr = addr
		r.To = &r.named
		r.check.module.engine.Ask(&r.Request)
	}
}

// Answered implements snmp.Receiver.
func (r *run) Answered(_ *snmp.Request, a *snmp.Answer) {
	o, err := r.outcome(a)
	r.done(o, err)
}

// done hands the outcome over, which may lie in r's memory, and keeps r for the next check.
func (r *run) done(o monitor.Outcome, err error) {
	m := r.check.module
	r.wait.Done(o, err)
	r.check, r.wait, r.To, r.OIDs, r.Then, r.named = nil, nil, nil, nil, nil, snmp.Device{}
	r.printed.lines, r.printed.errors = r.printed.lines[:0], nil
	if cap(r.printed.lines) <= 8<<10 {
		m.runs.Put(r)
	}
}

// outcome judges the answer. A panic costs one check, not the daemon.
func (r *run) outcome(a *snmp.Answer) (o monitor.Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("judging the answer of %s panicked, which is our mistake: %v\n%s", r.check.agent.peer, p, debug.Stack())
		}
	}()
	if a.Err == nil {
		r.print(a)
		o, err = r.judge()
		if a.Repeats > 0 || a.Note != "" {
			o.LongOutput = remark(o.LongOutput, a)
		}
		return o, err
	}
	return r.failed(a.Err)
}

// failed is the outcome when there is no answer.
func (r *run) failed(err error) (monitor.Outcome, error) {
	var refused snmp.Refusal
	var unreachable *snmp.Unreachable
	out, c := &r.printed, r.check
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return r.timedOut()
	case errors.Is(err, snmp.ErrNoAnswer):
		out.fail("Timeout: No Response from %s.", c.agent.peer)
	case errors.As(err, &refused):
		out.fail("%s: %s", c.program(), refused)
	case errors.As(err, &unreachable):
		out.fail("%s: Failure in sendto (%v)", c.program(), unreachable.Err)
	default:
		return monitor.Outcome{}, fmt.Errorf("asking %s: %w", c.agent.peer, err)
	}
	return r.judge()
}

// Run implements modules.Probe.
func (c *check) Run(ctx context.Context) (monitor.Outcome, error) {
	o, err := modules.Await(ctx, c)
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		err = fmt.Errorf("asking %s: %w", c.agent.peer, err)
	}
	return o, err
}

// timedOut is the outcome of a check that the plugin's alarm ended, or the engine's.
func (r *run) timedOut() (monitor.Outcome, error) {
	text := "CRITICAL - the engine's time limit ended the check"
	if r.alarm {
		text = "CRITICAL - Plugin timed out while executing system call"
	}
	o := probe.Say(monitor.Critical, "%s\nwhile waiting for %s", text, r.check.agent.peer)
	o.TimedOut = true
	return o, nil
}
