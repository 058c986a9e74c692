package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/modules"
	"github.com/onbu/onbu/modules/builtin"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin/cmdline"
	"github.com/onbu/onbu/poller"
)

const probeExamples = `
examples:
  onbu probe icmp 192.0.2.1
  onbu probe icmp www.example.org -6 --count 20 --interval 200ms
  onbu probe -- /usr/lib/nagios/plugins/check_http -H www.example.org -S
  onbu probe --fork check_http -- /usr/lib/nagios/plugins/check_http -H www.example.org -S
  onbu probe -- 'check_disk -w 10% -c 5% | tail -1'

A command line in one word is taken as it stands in a configuration, with all that a shell makes of it. The exit status is
that of a plugin: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
`

// probe is onbu probe.
func probe(ctx context.Context, e *env) error {
	e.examples = probeExamples
	var o pingOptions
	o.register(e.flags)
	fork := e.flags.String("fork", "", "programs to fork although Onbu could run them natively, as for onbu run")
	limit := e.flags.Duration("limit", time.Minute, "time limit of a command line, above its own")
	var line []string
	if i := slices.Index(e.args, "--"); i >= 0 {
		e.args, line = e.args[:i], e.args[i+1:]
	}
	words, err := e.words()
	switch {
	case err != nil:
		return err
	case len(line) > 0 && len(words) == 0:
		return probeLine(ctx, e.stdout, commandLine(line), list(*fork), *limit)
	case len(line) == 0 && len(words) == 2 && words[0] == "icmp":
		return probePing(ctx, e.stdout, words[1], o)
	}
	return usageError("needs icmp and a host, or -- and a command line")
}

// commandLine gives the line that falls into words.
func commandLine(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	var place cmdline.Context
	var b []byte
	for i, word := range words {
		if i > 0 {
			place.Scan(" ")
			b = append(b, ' ')
		}
		begin := len(b)
		b = place.Quote(append(b, word...), begin)
	}
	return string(b)
}

// probeLine makes the check of a command line as a poller would.
func probeLine(ctx context.Context, w io.Writer, line string, fork []string, limit time.Duration) error {
	native := builtin.Checks(nil)
	defer closeAll(native)
	p := poller.NewProbes(native, builtin.Exec(0), fork...).Prepare(line)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := time.Now()
	o, err := p.Probe.Run(ctx)
	took := time.Since(began)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded) && err != nil:
		o = monitor.Outcome{State: monitor.Critical, Output: fmt.Sprintf("(no answer in %v, the limit)", limit)}
	case err != nil:
		o = monitor.Outcome{State: monitor.Unknown, Output: "(check could not be made: " + err.Error() + ")"}
	}
	module := p.Module
	if p.Why != "" {
		module += ", because: " + p.Why
	}
	fmt.Fprintf(w, "module    %s\nstate     %s\ntime      %.3f ms\noutput    %s\n", module, o.State.ServiceName(), took.Seconds()*1000, cmp.Or(o.Output, "(none)"))
	for text := range strings.Lines(o.LongOutput) {
		fmt.Fprintf(w, "          %s\n", strings.TrimSuffix(text, "\n"))
	}
	if name := missing(line); name != "" && p.Why != "" {
		fmt.Fprintf(w, "hint      there is no %s in the PATH: give the whole path, such as /usr/lib/nagios/plugins/%s\n", name, name)
	}
	if o.Perfdata != "" {
		fmt.Fprintf(w, "perfdata  %s\n", o.Perfdata)
	}
	return stateStatus(o.State)
}

// missing gives the program of a command line if it is written without a path and nowhere in the PATH.
func missing(line string) string {
	words, err := cmdline.Words(line)
	if err != nil {
		return ""
	}
	name := cmdline.Program(words)
	if _, err := exec.LookPath(name); err == nil || name == "" || strings.Contains(name, "/") {
		return ""
	}
	return name
}

func closeAll(checks []modules.Check) {
	for _, m := range checks {
		if c, ok := m.(modules.Closer); ok {
			_ = c.Close()
		}
	}
}

// stateStatus is the error for a state; none for OK.
func stateStatus(s monitor.State) error {
	if s == monitor.OK {
		return nil
	}
	return exitStatus(s)
}
