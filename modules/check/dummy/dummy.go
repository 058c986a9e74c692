// Package dummy knows check_dummy of the monitoring plugins 2.3: a check that returns the state and text of its own
// command line. Configurations use it for objects that only get passive results, and its answer costs nothing here.
package dummy

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin"
)

// Module runs check_dummy's command lines. It has no state; any number of goroutines may use it.
type Module struct{}

// New gives the module.
func New() *Module { return &Module{} }

// Name is "dummy".
func (*Module) Name() string { return "dummy" }

// Programs is check_dummy alone.
func (*Module) Programs() []string { return []string{"check_dummy"} }

// Parse reads `check_dummy STATE [TEXT]`. What follows TEXT is not looked at, as the plugin does not look at it either.
func (*Module) Parse(argv []string) (modules.Probe, error) {
	if len(argv) == 0 || path.Base(argv[0]) != "check_dummy" {
		return nil, modules.ErrNotMine
	}
	if len(argv) < 2 {
		return nil, errors.New("no state given")
	}
	code, err := strconv.ParseUint(argv[1], 10, 31)
	if err != nil {
		return nil, fmt.Errorf("state %q is not a number from 0 to 3", argv[1])
	}
	return answer(int(code), argv[2:]), nil
}

// answer is the sentence that the plugin prints for a state, the text being the first of rest if there is one.
func answer(code int, rest []string) *probe {
	state := monitor.State(min(code, int(monitor.Unknown)))
	text := state.ServiceName()
	switch {
	case code > int(monitor.Unknown):
		text += fmt.Sprintf(": Status %d is not a supported error state", code)
	case len(rest) > 0:
		text += ": " + rest[0]
	}
	p := &probe{}
	p.outcome.State = state
	p.outcome.Output, p.outcome.LongOutput, p.outcome.Perfdata = plugin.Output([]byte(text), 0)
	return p
}

// probe is the finished answer. It needs no goroutine to be told.
type probe struct{ outcome monitor.Outcome }

var _ modules.Starter = (*probe)(nil)

// Run gives the answer; it looks at nothing, not even at its context.
func (p *probe) Run(context.Context) (monitor.Outcome, error) { return p.outcome, nil }

// Start gives the answer before it returns.
func (p *probe) Start(_ time.Time, w modules.Waiter) { w.Done(p.outcome, nil) }
