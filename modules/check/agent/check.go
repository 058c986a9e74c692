package agent

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/check/agent/controller"
	"github.com/onbu/onbu/monitor"
)

// check is a command line, bound to whom it is for.
type check struct {
	*command
	module *Module
	object modules.Object
}

// String names the host; never a passphrase.
func (c *check) String() string { return program + " " + c.host }

// For implements modules.Personal.
func (c *check) For(o modules.Object) modules.Probe {
	return &check{command: c.command, module: c.module, object: o}
}

// Start implements modules.Starter.
func (c *check) Start(until time.Time, w modules.Waiter) {
	if c.module.life.Err() != nil {
		w.Done(monitor.Outcome{}, errClosed)
		return
	}
	now := time.Now()
	h := c.module.host(hostKey{c.object.Host, c.origin}, now)
	h.join(&waiter{check: c, host: h, began: now, until: until, then: w})
}

// Run implements modules.Probe.
func (c *check) Run(ctx context.Context) (monitor.Outcome, error) { return modules.Await(ctx, c) }

// Verify implements modules.Verifier.
func (c *check) Verify() (wrong, doubtful []string) {
	if c.keyFile != "" {
		if _, err := os.ReadFile(c.keyFile); err != nil {
			doubtful = append(doubtful, err.Error())
		}
	}
	if c.way == byTLS {
		if err := controller.Open(cmp.Or(c.state, controller.DefaultDir)).Verify(); err != nil {
			doubtful = append(doubtful, err.Error())
		}
	}
	return nil, doubtful
}

// end gives a check its outcome.
func (w *waiter) end(r *round) {
	o, err := w.judge(r)
	w.then.Done(o, err)
}

// judge keeps a panic of one kind of service from being everybody's.
func (w *waiter) judge(r *round) (o monitor.Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			stack := debug.Stack()
			err = fmt.Errorf("the module has a bug, please report it: %v\n%s", p, stack[:min(len(stack), 2048)])
		}
	}()
	w.module.counts.evaluations.Add(1)
	switch {
	case r.bug != nil:
		return o, r.bug
	case w.module.life.Err() != nil:
		return o, errClosed
	case w.kind != nil:
		return w.serve(r), nil
	}
	return w.own(r), nil
}
