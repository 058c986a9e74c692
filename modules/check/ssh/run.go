package ssh

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/onbu/onbu/internal/sshpool"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin"
)

// check is a parsed command line.
type check struct {
	settings
	module *Module
	argv   string // joined by NUL
	// way is how the host is reached, as long as the configuration files stay as they are.
	way atomic.Pointer[way]
}

// way is how a host is reached.
type way struct {
	config        *config
	login         sshpool.Login
	quiet, silent bool
	err           error // only ssh itself can do it
}

// Run runs the command, as modules.Probe says.
func (p *check) Run(ctx context.Context) (monitor.Outcome, error) {
	w := p.find()
	if w.err != nil {
		return p.fork(ctx, w.err)
	}
	limited, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	reply, err := p.module.pool.Run(limited, w.login, p.command, plugin.DefaultLimit)
	if err == nil {
		return p.judge(heard(w, reply), ""), nil
	}
	if refused, ok := errors.AsType[*sshpool.Refused](err); ok {
		return p.judge(failed(w, refused), refused.Hint), nil
	}
	if late, ok := errors.AsType[*sshpool.Late](err); ok {
		return p.timedOut(ctx, late)
	}
	return monitor.Outcome{}, err
}

// find gives the way to the host.
func (p *check) find() *way {
	config := p.module.current()
	if w := p.way.Load(); w != nil && w.config == config {
		return w
	}
	w := &way{config: config, err: config.err}
	s := p.ssh.Clone()
	if w.err == nil {
		w.err = config.Apply(&s, p.host)
	}
	if w.err == nil {
		w.login, w.err = p.module.pool.Login(p.host, &s, p.identities)
	}
	w.quiet, w.silent = s.Quiet, s.Silent
	p.way.Store(w)
	return w
}

// fork has the plugin do it.
func (p *check) fork(ctx context.Context, why error) (monitor.Outcome, error) {
	if p.module.opts.Fork == nil {
		return monitor.Outcome{}, why
	}
	forked, err := p.module.opts.Fork(strings.Split(p.argv, "\x00"))
	if err != nil {
		return monitor.Outcome{}, errors.Join(why, err)
	}
	return forked.Run(ctx)
}

// timedOut is the outcome of a check that ran out of time; ctx is the engine's context.
func (p *check) timedOut(ctx context.Context, late *sshpool.Late) (monitor.Outcome, error) {
	text := fmt.Sprintf("CRITICAL - Plugin timed out after %d seconds", int(p.timeout/time.Second))
	switch err := ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		text = "CRITICAL - Plugin timed out: the engine's time limit ended the check"
	case err != nil:
		return monitor.Outcome{}, fmt.Errorf("%s: %w", late.Stage, context.Cause(ctx))
	}
	return monitor.Outcome{State: monitor.Critical, Output: text, LongOutput: "It was " + late.Stage + ".", TimedOut: true}, nil
}

// ending is what the plugin gets from ssh.
type ending struct {
	stdout, stderr []byte
	exit           int
}

// sshFailed is ssh's exit status when it, and not the command, has failed; also for a command that a signal ended.
const sshFailed = 255

// heard puts together what ssh prints of a command's reply.
func heard(w *way, r sshpool.Reply) ending {
	e := ending{stdout: r.Stdout, stderr: r.Stderr, exit: r.Exit}
	if e.exit < 0 {
		e.exit = sshFailed
	}
	if first := before(w, r.Notes, r.Banner); len(first) > 0 {
		e.stderr = append(first, e.stderr...)
	}
	return e
}

// failed puts together what ssh prints when it comes to nothing.
func failed(w *way, r *sshpool.Refused) ending {
	e := ending{stderr: before(w, r.Notes, r.Banner), exit: sshFailed}
	if !w.silent {
		e.stderr = append(e.stderr, r.Said...)
	}
	return e
}

// before gives what ssh prints before anything else.
func before(w *way, notes []string, banner string) []byte {
	var text []byte
	for _, n := range notes {
		text = append(append(text, n...), '\n')
	}
	if !w.quiet {
		text = append(text, banner...)
	}
	if n := len(text); n > 0 && text[n-1] != '\n' {
		text = append(text, '\n')
	}
	return text
}

// judge makes of it what the plugin makes of it (check_by_ssh.c, main). hint goes into the long output.
func (p *check) judge(e ending, hint string) monitor.Outcome {
	stdout, stderr := split(e.stdout), split(e.stderr)
	skipOut, skipErr := p.skipOut, p.skipErr
	if skipOut == all {
		skipOut = len(stdout)
	}
	if skipErr == all {
		skipErr = len(stderr)
	}
	switch {
	case e.exit == sshFailed && p.unknown:
		first := []byte("(no error output)")
		if len(stderr) > 0 {
			first = stderr[0]
		}
		return say(int(monitor.Unknown), hint, "SSH connection failed: %s", first)
	case len(stderr) > skipErr && p.warnOnErr:
		return say(worse(e.exit, int(monitor.Warning)), hint, "Remote command execution failed: %s", stderr[skipErr])
	case len(stderr) > skipErr:
		return say(worse(e.exit, int(monitor.Unknown)), hint, "Remote command execution failed: %s", stderr[skipErr])
	case len(stdout) > skipOut:
		return plugin.Outcome(bytes.Join(stdout[skipOut:], []byte("\n")), nil, e.exit, plugin.DefaultLimit)
	}
	return say(e.exit, hint, "%s - check_by_ssh: Remote command '%s' returned status %d", word(e.exit), p.command, e.exit)
}

// say is the outcome of a plugin that printed a line.
func say(exit int, hint, format string, args ...any) monitor.Outcome {
	text := fmt.Appendf(nil, format, args...)
	o := plugin.Outcome(text, nil, exit, plugin.DefaultLimit)
	if hint != "" {
		_, o.LongOutput, _ = plugin.Output([]byte("\n"+strings.ReplaceAll(hint, "|", " ")), plugin.DefaultLimit)
	}
	return o
}

// split gives the lines of a text; each ends at a NUL as in C.
func split(text []byte) [][]byte {
	var lines [][]byte
	for line := range bytes.Lines(text) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		line, _, _ = bytes.Cut(line, []byte{0})
		lines = append(lines, line)
	}
	return lines
}

// worse gives the worse of two exit codes: 2, 1, 3, 4, 0, and the larger of any others (utils.c, max_state_alt).
func worse(a, b int) int {
	for _, code := range [...]int{2, 1, 3, 4, 0} {
		if a == code || b == code {
			return code
		}
	}
	return max(a, b)
}

// word is the plugin's word for an exit code (utils.c, state_text).
func word(exit int) string {
	switch exit {
	case 0, 1, 2:
		return [...]string{"OK", "WARNING", "CRITICAL"}[exit]
	case 4:
		return "DEPENDENT"
	}
	return "UNKNOWN"
}
