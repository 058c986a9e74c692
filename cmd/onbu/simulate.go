package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/scheduler/simulate"
	"github.com/onbu/onbu/scheduler/trigger"
)

// simulation is what the command line of onbu simulate asks for.
type simulation struct {
	json, soft, verbose bool
	start, until        string
	whatIf, script      string
}

const simulateExamples = `
examples:
  onbu simulate /etc/nagios4/nagios.cfg outage.txt
    plays a script such as

      at 10m host core-1 down for 45m
      at 1h  service web1/http CRITICAL for 20m "connection refused"
      at 2h  downtime db1 for 3h
      until 1d

  onbu simulate /etc/nagios4/nagios.cfg --what-if core-1
    says who would be told if core-1 died now, of what, and what nobody would hear of
`

// playScript is onbu simulate.
func playScript(ctx context.Context, e *env) error {
	var sim simulation
	config, err := sim.parse(e)
	if err != nil {
		return err
	}
	c, err := load(config, e.stderr)
	if err != nil {
		return err
	}
	frame, err := sim.frame(c.Options.Zone)
	if err != nil {
		return err
	}
	frame.Inventory = compile.Compile(c, 1, 1, nil).Inventories[0]
	c = nil
	script, err := sim.read(frame, e.stderr)
	if err != nil {
		return err
	}
	show := meter{w: e.stderr, live: isTerminal(e.stderr), began: time.Now()}
	report, err := simulate.Run(ctx, frame.Inventory, script, simulate.Options{Progress: show.to, Triggers: trigger.Compile})
	show.done()
	if err != nil {
		return err
	}
	return sim.print(e, report)
}

// parse reads the command line and gives the path of the configuration.
func (sim *simulation) parse(e *env) (config string, err error) {
	e.examples = simulateExamples
	f := e.flags
	f.BoolVar(&sim.json, "json", false, "print JSON: notifications, states and roots, with times in seconds from the start")
	f.BoolVar(&sim.soft, "soft", false, "show changes of state that are still being confirmed (SOFT) too")
	f.BoolVar(&sim.verbose, "verbose", false, "show all changes of state, all reasons and event handlers")
	f.StringVar(&sim.start, "start", "", "when it begins, such as '2026-03-29 01:00' (default: what the script says, or 2026-01-05 00:00, a Monday)")
	f.StringVar(&sim.until, "until", "", "how long it goes on, such as 1d (default: what the script says, or an hour more than anything happens in it; 4h with --what-if)")
	f.StringVar(&sim.whatIf, "what-if", "", "in place of a script: a HOST that dies for good, or a HOST/SERVICE that becomes CRITICAL")
	words, err := e.words()
	switch {
	case err != nil:
		return "", err
	case sim.whatIf == "" && len(words) != 2:
		return "", usageError(fmt.Sprintf("needs the path of a configuration's main file and that of a script, or --what-if HOST; got %d arguments", len(words)))
	case sim.whatIf != "" && len(words) != 1:
		return "", usageError("--what-if takes the place of the script: only the path of a configuration's main file is needed besides")
	case sim.whatIf == "":
		sim.script = words[1]
	}
	return words[0], nil
}

// frame gives what a script is read against, but for the configuration. zone is the configuration's use_timezone.
func (sim *simulation) frame(zone string) (simulate.Frame, error) {
	f := simulate.Frame{Zone: time.Local}
	if zone != "" {
		there, err := time.LoadLocation(zone)
		if err != nil {
			return f, fmt.Errorf("use_timezone: %w", err)
		}
		f.Zone = there
	}
	var err error
	if sim.start != "" {
		if f.Start, err = simulate.ParseStart(sim.start, f.Zone); err != nil {
			return f, usageError("--start: " + err.Error())
		}
	}
	if sim.until != "" {
		if f.Lasts, err = simulate.Duration(sim.until); err != nil || f.Lasts == 0 {
			return f, usageError(fmt.Sprintf("--until takes a time such as 90s, 10m, 1h30m or 1d, not %q", sim.until))
		}
	}
	return f, nil
}

// read gives the script, or prints all its mistakes.
func (sim *simulation) read(f simulate.Frame, stderr io.Writer) (*simulate.Script, error) {
	if sim.whatIf != "" {
		s, err := simulate.WhatIf(sim.whatIf, f)
		if err != nil {
			return nil, fmt.Errorf("--what-if %s: %w", sim.whatIf, err)
		}
		return s, nil
	}
	text, err := readScript(sim.script)
	if err != nil {
		return nil, err
	}
	s, problems := simulate.Parse(string(text), f)
	for _, p := range problems {
		fmt.Fprintf(stderr, "%s:%d: %s\n", sim.script, p.Line, p.Text)
	}
	if len(problems) > 0 {
		return nil, errQuiet
	}
	return s, nil
}

// maxScript is the size of the longest script: a line for each second of three months.
const maxScript = 256 << 20

// readScript reads a file, or standard input for "-".
func readScript(path string) ([]byte, error) {
	in := os.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("script: %w", err)
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxScript+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("script: %w", err)
	case len(text) > maxScript:
		return nil, fmt.Errorf("script %s is longer than %d MiB", path, maxScript>>20)
	case bytes.IndexByte(text, 0) >= 0:
		return nil, fmt.Errorf("script %s is no text", path)
	}
	return text, nil
}

func (sim *simulation) print(e *env, r *simulate.Report) error {
	if sim.json {
		for _, f := range r.Refused {
			fmt.Fprintf(e.stderr, "line %d: %s: the engine refused it: %s\n", f.Line, f.What, f.Why)
		}
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	console.Simulation(e.stdout, r, console.Simulated{
		Style: style(e.stdout), Soft: sim.soft, Verbose: sim.verbose, WhatIf: sim.whatIf,
	})
	return nil
}

// meter shows on a terminal how far a simulation is, once it has lasted longer than people like to wait.
type meter struct {
	w     io.Writer
	live  bool
	began time.Time
	shown time.Time
}

func (p *meter) to(played, all time.Duration) {
	now := time.Now()
	if !p.live || now.Sub(p.began) < time.Second || now.Sub(p.shown) < 200*time.Millisecond {
		return
	}
	p.shown = now
	fmt.Fprintf(p.w, "\r%3.0f %% of %v\x1b[K", 100*played.Seconds()/all.Seconds(), all)
}

func (p *meter) done() {
	if !p.shown.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
