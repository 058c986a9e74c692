package console

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/onbu/onbu/monitor/api"
)

// Explain lays out why an object is as it is.
func Explain(w io.Writer, e *api.Explanation, s Style) {
	headline(w, e, s)
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
	line("acknowledged", acknowledged(e))
	line(onHost(e, "parents", "host"), list(e.Parents, len(e.Parents), s))
	line("depends on", list(e.DependsOn, len(e.DependsOn), s))
	line(onHost(e, "children", "member of"), list(e.Children, len(e.Children), s))
	line("impacts", list(e.Impacts, e.ImpactCount, s))
	for _, d := range e.Downtimes {
		line("downtime", downtime(d))
	}
	for _, c := range e.CommentList {
		line("comment", fmt.Sprintf("%s %s: %s", clock(c.Entered), c.Author, c.Text))
	}
	lines(line, "told", told(e))
	lines(line, "contacts", wouldTell(e.Untold))
	line("owned as", fmt.Sprintf("shard %d, epoch %d", e.Shard, e.Epoch))
	t.Flush()
}

// headline says what it is, since when, and why.
func headline(w io.Writer, e *api.Explanation, s Style) {
	name := e.Host
	if e.Service != "" {
		name += "/" + e.Service
	}
	fmt.Fprintf(w, "%s is %s (%s, attempt %d of %d)", printable(name), s.paint(e.State, e.State), e.StateType, e.Attempt, e.MaxAttempts)
	if e.LastChange > 0 {
		fmt.Fprintf(w, " since %s, for %s", moment(e.LastChange).Format("2006-01-02 15:04:05 MST"), ago(e.LastChange, s.Now))
	}
	fmt.Fprintln(w)
	for _, why := range e.Why {
		fmt.Fprintf(w, "  - %s\n", printable(why))
	}
	fmt.Fprintln(w)
}

// lines writes several values under one title.
func lines(line func(name, value string), title string, values []string) {
	for _, value := range values {
		line(title, value)
		title = " "
	}
}

// told says who was told of the present problem; that nobody was only where somebody might have been.
func told(e *api.Explanation) (all []string) {
	for _, one := range e.Told {
		text := fmt.Sprintf("%s %s %s", clock(one.Time), one.Contact, one.Type)
		if one.Number > 0 {
			text += fmt.Sprintf(", number %d", one.Number)
		}
		text += ", by " + one.Command
		if one.Failed != "" {
			text += ", WHICH FAILED: " + one.Failed
		}
		all = append(all, text)
	}
	if len(all) == 0 && !slices.Contains([]string{"OK", "UP", "PENDING"}, e.State) {
		return []string{"nobody"}
	}
	return all
}

func checked(e *api.Explanation, s Style) string {
	if e.LastCheck == 0 {
		return "never"
	}
	text := fmt.Sprintf("%s, %s ago, %s", clock(e.LastCheck), ago(e.LastCheck, s.Now), e.CheckType)
	if e.Poller != "" {
		text += fmt.Sprintf(", by %s, %.0f ms late, took %.0f ms", e.Poller, e.Latency*1000, e.Execution*1000)
	}
	return text
}

func next(e *api.Explanation, s Style) string {
	switch {
	case e.InFlight:
		return fmt.Sprintf("under way for %s", ago(e.Sent, s.Now))
	case e.NextCheck == 0:
		return "none"
	}
	return fmt.Sprintf("%s, %s", clock(e.NextCheck), ahead(e.NextCheck, s.Now))
}

func period(e *api.Explanation) string {
	name := e.Period
	if name == "" {
		name = "always"
	}
	if !e.PeriodNow {
		name += " (not now)"
	}
	return name
}

// onHost gives one of two titles: what a neighbour is called depends on whether the object is a host or a service.
func onHost(e *api.Explanation, host, service string) string {
	if e.Service == "" {
		return host
	}
	return service
}

// list names the first of so many neighbours.
func list(first []api.Neighbour, count int, s Style) string {
	const most = 12
	var parts []string
	for i, n := range first {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", count-most))
			break
		}
		seen := "never checked"
		if n.LastCheck > 0 {
			seen = "checked " + ago(n.LastCheck, s.Now) + " ago"
		}
		if n.Shard != nil && n.LastCheck == 0 {
			seen = fmt.Sprintf("in shard %d", *n.Shard)
		} else if n.Shard != nil {
			seen += fmt.Sprintf(", in shard %d", *n.Shard)
		}
		parts = append(parts, fmt.Sprintf("%s %s (%s, %s)", objectName(n.Host, n.Service), n.State, n.StateType, seen))
	}
	return strings.Join(parts, "; ")
}

func acknowledged(e *api.Explanation) string {
	switch {
	case !e.Acknowledged:
		return ""
	case e.AckUntil > 0:
		return "until " + clock(e.AckUntil)
	}
	return "yes"
}

// downtime says when a downtime is, and how it begins if not by itself.
func downtime(d api.Downtime) string {
	text := fmt.Sprintf("%d, %s to %s by %s: %s", d.ID, clock(d.Start), clock(d.End), d.Author, d.Comment)
	switch {
	case d.Trigger != 0:
		text += fmt.Sprintf(" (with downtime %d)", d.Trigger)
	case !d.Fixed && d.Began > 0:
		text += fmt.Sprintf(" (began %s, for %s)", clock(d.Began), short(time.Duration(d.Duration)*time.Second))
	case !d.Fixed:
		text += fmt.Sprintf(" (flexible: for %s from the next problem on)", short(time.Duration(d.Duration)*time.Second))
	}
	return text
}

// wouldTell says in a line each whom a problem would be told now, and who would not be told for which reason.
func wouldTell(all []api.Untold) []string {
	var reasons []string
	names := make(map[string][]string)
	for _, u := range all {
		if names[u.Why] == nil {
			reasons = append(reasons, u.Why)
		}
		names[u.Why] = append(names[u.Why], u.Contact)
	}
	slices.SortStableFunc(reasons, func(a, b string) int { return cmp.Compare(min(len(a), 1), min(len(b), 1)) })
	var lines []string
	for _, why := range reasons {
		if why == "" {
			lines = append(lines, "would be told now: "+few(names[why]))
		} else {
			lines = append(lines, fmt.Sprintf("would not be told now: %s, because %s", few(names[why]), why))
		}
	}
	return lines
}

// few lists names, the first of them if there are many.
func few(names []string) string {
	const most = 12
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

func clock(unix float64) string { return moment(unix).Format("2006-01-02 15:04:05") }
