package arbiter

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Print writes the summary for people.
func (s *Summary) Print(w io.Writer) {
	fmt.Fprintf(w, "%s: %d files\n", s.Main, s.Files)
	s.printObjects(w)
	if s.OK {
		s.printCommands(w)
	}
	s.printLater(w)
	printLines(w, "warnings", s.Warnings)
	printLines(w, "errors", s.Errors)
	fmt.Fprintln(w)
	switch {
	case !s.OK:
		fmt.Fprintf(w, "%s, %s: not usable\n", plural(s.Counts["errors"], "error"), plural(s.Counts["warnings"], "warning"))
	default:
		fmt.Fprintf(w, "0 errors, %s: fit to run\n", plural(s.Counts["warnings"], "warning"))
	}
}

func (s *Summary) printObjects(w io.Writer) {
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, one := range s.Objects {
		fmt.Fprintf(t, "%d\t %s\n", one.N, one.Type)
	}
	if s.OK {
		fmt.Fprintf(t, "%d\t packs, the heaviest with %d checks, in %d shards\n", s.Packs, s.Heaviest, len(s.Shards))
	}
	t.Flush()
}

func (s *Summary) printCommands(w io.Writer) {
	if len(s.Commands) == 0 {
		return
	}
	fmt.Fprintf(w, "\nchecks: %d run natively, %d fork a plugin\n", s.Native, s.Forked)
	t := tabwriter.NewWriter(w, 2, 0, 2, ' ', 0)
	for _, c := range s.Commands {
		why := ""
		if c.Why != "" {
			why = "\tbecause: " + c.Why + " (" + c.Example + ")"
		}
		fmt.Fprintf(t, "  %s\t%s\t%d%s\n", c.Command, c.Module, c.Checks, why)
	}
	t.Flush()
}

func (s *Summary) printLater(w io.Writer) {
	if len(s.Later) == 0 {
		return
	}
	fmt.Fprintln(w, "\nunderstood, but not acted on:")
	t := tabwriter.NewWriter(w, 2, 0, 2, ' ', 0)
	for _, l := range s.Later {
		fmt.Fprintf(t, "  %s\t%s\t%s\tfirst at %s\n", l.Kind, l.Directive, times(l.Times), l.First)
	}
	t.Flush()
}

func printLines(w io.Writer, title string, lines []string) {
	if len(lines) > 0 {
		fmt.Fprintf(w, "\n%s:\n  %s\n", title, strings.Join(lines, "\n  "))
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
