package arbiter

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Print writes the summary for people.
func (s *Summary) Print(w io.Writer) {
	fmt.Fprintf(w, "%s: %s\n", s.Main, plural(s.Files, "file"))
	s.printObjects(w)
	if s.Runs {
		s.printCuts(w)
		s.printCommands(w)
		s.printForks(w)
		s.printNotifications(w)
	}
	s.printModules(w)
	s.printLater(w)
	printLines(w, "warnings", s.Warnings)
	printLines(w, "errors", s.Errors)
	fmt.Fprintln(w)
	switch {
	case !s.OK && s.Runs:
		fmt.Fprintf(w, "%s, %s: onbu run takes it, but what the errors name does not work\n", plural(s.Counts["errors"], "error"), plural(s.Counts["warnings"], "warning"))
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
		fmt.Fprintf(t, "%d\t %s\n", one.N, one.name())
	}
	if s.Runs {
		packs, checks, shards := "packs, the heaviest", plural(int(s.Heaviest), "check"), plural(len(s.Shards), "shard")
		if s.Packs == 1 {
			packs = "pack"
		}
		fmt.Fprintf(t, "%d\t %s with %s, in %s\n", s.Packs, packs, checks, shards)
	}
	t.Flush()
}

func (s *Summary) printCommands(w io.Writer) {
	if len(s.Commands) == 0 {
		return
	}
	fmt.Fprintf(w, "\nchecks: %s natively, %s a plugin\n", verb(s.Native, "run"), verb(s.Forked, "fork"))
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

// printNotifications says what is told without a fork; that the rest is run goes without saying.
func (s *Summary) printNotifications(w io.Writer) {
	title := "\nnotifications sent natively\n"
	t := tabwriter.NewWriter(w, 2, 0, 2, ' ', 0)
	for _, n := range s.Notifications {
		if n.Module != "exec" {
			fmt.Fprintf(t, "%s  %s\t%s\t%s\n", title, n.Command, n.Module, plural(n.Contacts, "contact"))
			title = ""
		}
	}
	t.Flush()
}

func (s *Summary) printLater(w io.Writer) {
	var moot []string
	t := tabwriter.NewWriter(w, 2, 0, 2, ' ', 0)
	title := "\nunderstood, but not acted on yet:\n"
	for _, l := range s.Later {
		if l.Effect == Moot {
			moot = append(moot, l.name())
			continue
		}
		fmt.Fprintf(t, "%s  %s\t%s\t%s\tfirst at %s\n", title, l.Kind, l.Directive, times(l.Times), l.First)
		title = ""
	}
	t.Flush()
	if len(moot) > 0 {
		slices.Sort(moot)
		fmt.Fprintln(w, "\nunderstood, and of no consequence here (files, processes and tuning of Nagios):")
		printWords(w, slices.Compact(moot))
	}
}

// name gives the directive as it is written.
func (n *NotActedOn) name() string {
	if n.Kind == "define" {
		return "define " + n.Directive
	}
	return n.Directive
}

// width is how long the lines of a paragraph may be.
const width = 100

// printWords writes words as a paragraph.
func printWords(w io.Writer, words []string) {
	line := " "
	for i, word := range words {
		if i < len(words)-1 {
			word += ","
		}
		if len(line)+1+len(word) > width {
			fmt.Fprintln(w, line)
			line = " "
		}
		line += " " + word
	}
	fmt.Fprintln(w, line)
}

func printLines(w io.Writer, title string, lines []string) {
	if len(lines) > 0 {
		fmt.Fprintf(w, "\n%s:\n  %s\n", title, strings.Join(lines, "\n  "))
	}
}

// name gives the type for as many as there are.
func (c *Count) name() string {
	if c.N != 1 {
		return c.Type
	}
	if stem, ok := strings.CutSuffix(c.Type, "ies"); ok {
		return stem + "y"
	}
	return strings.TrimSuffix(c.Type, "s")
}

// verb gives how many do something: 1 runs, 2 run.
func verb(n int, what string) string {
	if n == 1 {
		return "1 " + what + "s"
	}
	return fmt.Sprintf("%d %s", n, what)
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
