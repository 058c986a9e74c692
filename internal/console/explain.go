package console

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/onbu/onbu/broker"
)

// Explain lays out why an object is as it is.
func Explain(w io.Writer, e *broker.Explanation, s Style) {
	name := e.Host
	if e.Service != "" {
		name += "/" + e.Service
	}
	fmt.Fprintf(w, "%s is %s (%s, attempt %d of %d)", printable(name), s.paint(e.State, e.State), e.StateType, e.Attempt, e.MaxAttempts)
	if e.LastChange > 0 {
		fmt.Fprintf(w, " since %s, for %s", clock(e.LastChange), ago(e.LastChange, s.Now))
	}
	fmt.Fprintln(w)
	for _, why := range e.Why {
		fmt.Fprintf(w, "  - %s\n", printable(why))
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(t, "%s\t%s\n", name, printable(value))
		}
	}
	line("output", e.Output)
	for text := range strings.Lines(e.LongOutput) {
		line("", strings.TrimSuffix(text, "\n"))
	}
	line("perfdata", e.Perfdata)
	line("checked", checked(e, s))
	line("next check", next(e, s))
	line("checking", e.Checking)
	line("check period", period(e))
	line("command", e.Command)
	line("runs as", e.Line)
	line("module", e.Module)
	line("poller tag", e.Pool)
	line("acknowledged", yes(e.Acknowledged))
	line("parents", list(e.Parents, s))
	line("children", list(e.Children, s))
	for _, d := range e.Downtimes {
		line("downtime", fmt.Sprintf("%s to %s by %s: %s", clock(d.Start), clock(d.End), d.Author, d.Comment))
	}
	for _, c := range e.CommentList {
		line("comment", fmt.Sprintf("%s %s: %s", clock(c.Entered), c.Author, c.Text))
	}
	for i, told := range e.Told {
		title := "told"
		if i > 0 {
			title = " "
		}
		text := fmt.Sprintf("%s %s %s, number %d, by %s", clock(told.Time), told.Contact, told.Type, told.Number, told.Command)
		if told.Failed != "" {
			text += ", WHICH FAILED: " + told.Failed
		}
		line(title, text)
	}
	if len(e.Told) == 0 {
		line("told", "nobody")
	}
	line("owned as", fmt.Sprintf("shard %d, epoch %d", e.Shard, e.Epoch))
	t.Flush()
}

func checked(e *broker.Explanation, s Style) string {
	if e.LastCheck == 0 {
		return "never"
	}
	text := fmt.Sprintf("%s, %s ago, %s", clock(e.LastCheck), ago(e.LastCheck, s.Now), e.CheckType)
	if e.Poller != "" {
		text += fmt.Sprintf(", by %s, %.0f ms late, took %.0f ms", e.Poller, e.Latency*1000, e.Execution*1000)
	}
	return text
}

func next(e *broker.Explanation, s Style) string {
	switch {
	case e.InFlight:
		return fmt.Sprintf("under way for %s", ago(e.Sent, s.Now))
	case e.NextCheck == 0:
		return "none"
	}
	return fmt.Sprintf("%s, %s", clock(e.NextCheck), ahead(e.NextCheck, s.Now))
}

func period(e *broker.Explanation) string {
	name := e.Period
	if name == "" {
		name = "always"
	}
	if !e.PeriodNow {
		name += " (not now)"
	}
	return name
}

func list(all []broker.Neighbour, s Style) string {
	const most = 12
	var parts []string
	for i, n := range all {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(all)-most))
			break
		}
		seen := "never checked"
		if n.LastCheck > 0 {
			seen = "checked " + ago(n.LastCheck, s.Now) + " ago"
		}
		parts = append(parts, fmt.Sprintf("%s %s (%s, %s)", n.Host, n.State, n.StateType, seen))
	}
	return strings.Join(parts, "; ")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func clock(unix float64) string { return moment(unix).Format("2006-01-02 15:04:05") }
