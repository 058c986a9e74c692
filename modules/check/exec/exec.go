// Package exec knows how to run plugins, and any other command line, as Nagios does: fork, exec, what was printed, how it
// ended. Every command line that no module runs natively comes here. A plugin cannot hang its check, fill the memory,
// leave processes behind at its time limit or see what the engine has open.
package exec

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin"
)

// maxEnv bounds what callers may add to the environment, in bytes. The kernel's own bound is 128 KiB a string.
const maxEnv = 64 << 10

// Options say how programs are run.
type Options struct {
	// Path, Home and Lang become PATH, HOME and LANG: with what the caller of Run or PrepareEnv adds they are all the
	// environment that programs get. Programs named without a slash are looked for in Path.
	Path, Home, Lang string
	// Limit is how many bytes of each of a program's two streams are kept; the rest is read and thrown away. 0 is
	// plugin.DefaultLimit.
	Limit int
	// Concurrent is how many programs may run at once; further ones wait. 0 sets no bound.
	Concurrent int
	// PerProgram is how many of them may be the same program, so that one that hangs leaves room for the others; further
	// ones wait. 0 is half of Concurrent, and no bound if there is none.
	PerProgram int
	// Linger is for how long output is still awaited after a program's end when it left children that hold its pipes.
	Linger time.Duration
}

// DefaultOptions gives what suits a poller.
func DefaultOptions() Options {
	return Options{
		Path:   "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		Home:   "/",
		Lang:   "C.UTF-8",
		Limit:  plugin.DefaultLimit,
		Linger: 500 * time.Millisecond,
	}
}

// Module runs programs. Any number of goroutines may use it.
type Module struct {
	opts  Options
	env   []string
	slots slots

	sealed  sync.Once
	null    int // /dev/null, once sealed
	nullErr error
}

// New gives a module; it starts nothing.
func New(opts Options) *Module {
	if opts.Limit <= 0 {
		opts.Limit = plugin.DefaultLimit
	}
	m := &Module{opts: opts, env: []string{"PATH=" + opts.Path, "HOME=" + opts.Home, "LANG=" + opts.Lang}}
	m.slots.open(opts.Concurrent, opts.PerProgram)
	return m
}

// Name is "exec".
func (*Module) Name() string { return "exec" }

// Programs is empty: the module is not chosen by name but runs what the others leave. See Prepare.
func (*Module) Programs() []string { return nil }

// Parse takes every command line that names a program; Prepare is what reads a line that is not split yet.
func (m *Module) Parse(argv []string) (modules.Probe, error) {
	if len(argv) == 0 || argv[0] == "" {
		return nil, errors.New("the command line names no program")
	}
	return &probe{module: m, argv: append([]string(nil), argv...), env: m.env}, nil
}

// Prepare takes a whole command line with its macros replaced. A line without anything that only a shell understands is
// split into words and executed without one; others are given to /bin/sh -c, as Nagios does.
func (m *Module) Prepare(line string) (modules.Probe, error) { return m.PrepareEnv(line, nil) }

// PrepareEnv is Prepare with additions to the environment, such as NAGIOS_HOSTNAME=web1. It keeps nothing of env.
func (m *Module) PrepareEnv(line string, env []string) (modules.Probe, error) {
	argv, err := split(line)
	if err != nil {
		return nil, err
	}
	env, err = m.environ(env)
	if err != nil {
		return nil, err
	}
	return &probe{module: m, argv: argv, env: env}, nil
}

// Run runs a command line, taken as Prepare takes it, with env added to the environment. It gives what the program
// wrote to standard output, or to standard error if there was nothing on standard output, and its exit code; a program
// that a signal ended has 128 + the signal, as in a shell, one that could not be executed 126, one that is missing 127.
//
// An error means that it did not run to its end: nothing could be started, or ctx ended, when the error wraps ctx's
// cause and output holds what was printed until then. The caller owns output.
func (m *Module) Run(ctx context.Context, line string, env []string) (output []byte, exit int, err error) {
	argv, err := split(line)
	if err != nil {
		return nil, 0, err
	}
	if env, err = m.environ(env); err != nil {
		return nil, 0, err
	}
	err = m.run(ctx, argv, env, func(e ending) {
		output, exit = append(output, e.stdout...), e.code
		if len(output) == 0 {
			output = append(output, e.stderr...)
		}
	})
	return output, exit, err
}

// environ gives the module's environment with additions.
func (m *Module) environ(more []string) ([]string, error) {
	if len(more) == 0 {
		return m.env, nil
	}
	size := 0
	for _, v := range more {
		size += len(v) + 1
	}
	if size > maxEnv {
		return nil, fmt.Errorf("environment macros take %d bytes, more than %d: turn off enable_environment_macros", size, maxEnv)
	}
	return append(m.env[:len(m.env):len(m.env)], more...), nil
}

// probe is a command line ready to be executed.
type probe struct {
	module *Module
	argv   []string
	env    []string
}

// Run executes the plugin. At the end of ctx the plugin and all of its process group are killed; if that was ctx's
// deadline the outcome says so, in the words of the context's cause if there is one of its own (so the caller, who knows
// whether a host or a service is checked, says "(Host check timed out after 30.00 seconds)"), else in Nagios' words for
// services.
func (p *probe) Run(ctx context.Context) (monitor.Outcome, error) {
	var o monitor.Outcome
	began := time.Now()
	err := p.module.run(ctx, p.argv, p.env, func(e ending) {
		o = plugin.Outcome(e.stdout, e.stderr, e.code, p.module.opts.Limit)
	})
	if errors.Is(err, errTimeLimit) {
		return timedOut(ctx, time.Since(began)), nil
	}
	return o, err
}

// timedOut is the outcome of a plugin that its time limit ended. What it printed does not count.
func timedOut(ctx context.Context, after time.Duration) monitor.Outcome {
	o := monitor.Outcome{State: monitor.Critical, TimedOut: true}
	if cause := context.Cause(ctx); cause != context.DeadlineExceeded {
		o.Output = cause.Error()
	} else {
		o.Output = fmt.Sprintf("(Service check timed out after %.2f seconds)", after.Seconds())
	}
	return o
}
