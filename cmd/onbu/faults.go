package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/onbu/onbu/bench/faults"
)

// runFaults is onbu bench faults: it breaks a cluster on purpose.
func runFaults(ctx context.Context, e *env) error {
	var o faults.Options
	naming := e.flags.Bool("list", false, "name the faults and end")
	rows := e.flags.String("only", "", "`names` or numbers of faults, separated by commas (default: all)")
	e.flags.BoolVar(&o.Quick, "quick", false, "make each run as short as it can be")
	e.flags.Uint64Var(&o.Seed, "seed", 1, "what is left to chance follows from this `number`")
	e.flags.StringVar(&o.Dir, "dir", "", "`folder` for all files and logs (default: one that is removed unless something goes wrong)")
	e.flags.StringVar(&o.Old, "old", "", "the `program` of the release before, for upgrades (default: this one)")
	jsonFile := e.flags.String("json", "", "write the findings into this `file` too")
	if _, err := e.parse(1, "the word faults"); err != nil {
		return err
	}
	if *naming {
		return listFaults(e.stdout)
	}
	if err := writable(*jsonFile); err != nil {
		return err
	}
	o.Rows = list(*rows)
	var err error
	if o.Program, err = os.Executable(); err != nil {
		return fmt.Errorf("finding onbu itself: %w", err)
	}
	o.Say = progress(e.stderr)
	var all []*faults.Finding
	bad := 0
	err = faults.Run(ctx, o, func(f *faults.Finding) {
		o.Say("")
		writeFinding(e.stdout, f)
		all = append(all, f)
		if !f.OK() {
			bad++
		}
	})
	if err == nil && *jsonFile != "" {
		err = writeFindings(*jsonFile, all)
	}
	if err == nil && bad > 0 {
		err = fmt.Errorf("of %d faults, %d did not go as they should", len(all), bad)
	}
	return err
}

func writeFindings(path string, all []*faults.Finding) error {
	b, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}

func listFaults(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range faults.Rows() {
		fmt.Fprintf(t, "%d\t%s\t%s\tabout %s\n", r.Number, r.Name, r.About, r.Takes)
	}
	return t.Flush()
}

// writeFinding prints what a fault showed.
func writeFinding(w io.Writer, f *faults.Finding) {
	verdict := "as it should be"
	switch {
	case f.Skipped != "":
		verdict = f.Skipped
	case !f.OK():
		verdict = "NOT AS IT SHOULD BE"
	}
	fmt.Fprintf(w, "%d %s: %s (%.0f s, seed %d): %s\n", f.Number, f.Row, f.About, f.Seconds, f.Seed, verdict)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, g := range f.Figures {
		mark := ""
		if g.Target != "" && !g.OK {
			mark = "MISSED"
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", g.What, g.Got, g.Target, mark)
	}
	_ = t.Flush()
	for _, v := range f.Violations[:min(len(f.Violations), 10)] {
		fmt.Fprintf(w, "  violated: %s\n", v)
	}
	if n := len(f.Violations); n > 10 {
		fmt.Fprintf(w, "  … and %d more\n", n-10)
	}
	if !f.OK() {
		fmt.Fprintf(w, "  what was done: %s\n", strings.Join(f.History, "\n                 "))
	}
	if f.Error != "" {
		fmt.Fprintf(w, "  error: %s\n", strings.ReplaceAll(f.Error, "\n", "\n    "))
	}
}
