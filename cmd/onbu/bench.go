package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"github.com/onbu/onbu/bench"
	"github.com/onbu/onbu/bench/target"
)

// runBench is onbu bench. `onbu bench target KIND` is a fake target, which it starts itself.
func runBench(ctx context.Context, e *env) error {
	if len(e.args) > 0 && e.args[0] == "faults" {
		return runFaults(ctx, e)
	}
	var o bench.Options
	e.flags.IntVar(&o.Services, "services", 0, "how many services (default: as the scenario proposes)")
	interval := e.flags.Int("interval", 0, "seconds between two checks of a service (default: as the scenario proposes)")
	seconds := e.flags.Int("seconds", 0, "how long to measure, after a warm-up of about two intervals (default: as the scenario proposes, mostly 60)")
	e.flags.IntVar(&o.Payload, "payload", 0, "piggyback: bytes of each payload (default 4096)")
	e.flags.BoolVar(&o.Max, "max", false, "look for the most services that can be checked in time; takes some minutes")
	e.flags.StringVar(&o.Plugin, "plugin", "", "with exec: the `command line` of the plugin to fork, with its whole path")
	e.flags.StringVar(&o.Peer, "peer", "", "offer the same checks to another engine right after: "+strings.Join(bench.Peers(), " or "))
	jsonFile := e.flags.String("json", "", "write the figures into this `file` too; - for standard output instead of the table")
	usage := e.flags.Usage
	e.flags.Usage = func() {
		usage()
		fmt.Fprintf(e.stderr, "\nscenarios:\n%s", scenarioList())
	}
	switch {
	case len(e.args) == 2 && e.args[0] == "target":
		return target.Run(ctx, e.args[1], os.Stdin, e.stdout)
	case len(e.args) == 0:
		fmt.Fprintf(e.stdout, "onbu bench SCENARIO measures Onbu on this machine. Scenarios:\n%s\nonbu bench --help lists the options.\n", scenarioList())
		return nil
	}
	words, err := e.parse(1, "the name of a scenario")
	if err != nil {
		return err
	}
	var zero error
	e.flags.Visit(func(f *flag.Flag) {
		if slices.Contains([]string{"services", "interval", "seconds"}, f.Name) && f.Value.String() == "0" {
			zero = usageError("--" + f.Name + " 0 measures nothing; leave it out for what the scenario proposes")
		}
	})
	if zero != nil {
		return zero
	}
	o.Scenario, o.Interval, o.Window = words[0], time.Duration(*interval)*time.Second, time.Duration(*seconds)*time.Second
	if err := o.Validate(); err != nil {
		return usageError(err.Error())
	}
	if err := writable(*jsonFile); err != nil {
		return err
	}
	if o.Program, err = os.Executable(); err != nil {
		return fmt.Errorf("finding onbu itself: %w", err)
	}
	o.Progress = progress(e.stderr)
	report, err := bench.Run(ctx, o)
	o.Progress("")
	switch {
	case report == nil && ctx.Err() != nil:
		return errors.New("stopped before there was anything to report; all that was started has ended")
	case err != nil:
		return err
	}
	return writeReport(report, *jsonFile, e.stdout)
}

// scenarioList has a line for each scenario.
func scenarioList() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, s := range bench.Scenarios() {
		fmt.Fprintf(w, "  %s\t%s\n", s[0], s[1])
	}
	w.Flush()
	return b.String()
}

// writable says before minutes of measuring that there is no folder for the figures.
func writable(jsonFile string) error {
	if jsonFile == "" || jsonFile == "-" {
		return nil
	}
	if _, err := os.Stat(filepath.Dir(jsonFile)); err != nil {
		return fmt.Errorf("the folder of %s: %w", jsonFile, err)
	}
	return nil
}

// writeReport prints the table, and JSON where it is wanted.
func writeReport(r *bench.Report, jsonFile string, stdout io.Writer) error {
	if jsonFile == "" {
		return r.Write(stdout)
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	b = append(b, '\n')
	if jsonFile == "-" {
		_, err := stdout.Write(b)
		return err
	}
	if err := os.WriteFile(jsonFile, b, 0o644); err != nil {
		return fmt.Errorf("writing the figures: %w", err)
	}
	return r.Write(stdout)
}

// progress shows lines one over the other on a terminal; elsewhere every tenth second has one. An empty line clears.
func progress(w io.Writer) func(string) {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return func(line string) { fmt.Fprintf(w, "\r\x1b[K%s", line) }
	}
	var last time.Time
	return func(line string) {
		if line != "" && time.Since(last) > 10*time.Second {
			last = time.Now()
			fmt.Fprintln(w, line)
		}
	}
}
