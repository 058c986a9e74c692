package console

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor/api"
)

// Style says how to draw.
type Style struct {
	// Width is the terminal's, in columns; 0 cuts nothing.
	Width int
	// Colour marks states with ANSI colours.
	Colour bool
	Now    time.Time
}

// Table draws hosts with their services below them: both sorted by name, as the API gives them.
func Table(w io.Writer, hosts, services []api.Object, s Style) {
	rows := arrange(hosts, services, s.Now)
	widths := [5]int{4, 5, 5, 7, 4}
	for _, r := range rows {
		for i := range widths {
			widths[i] = max(widths[i], columns(r.cells[i]))
		}
	}
	head := row{cells: [6]string{"NAME", "STATE", "SINCE", "CHECKED", "NEXT", "OUTPUT"}}
	head.draw(w, widths, s)
	for _, r := range rows {
		r.draw(w, widths, s)
	}
}

// Headline says how all is, in one line, and below it in a line each what one should know besides.
func Headline(sum *api.Summary, s Style) string {
	hosts := func(s Style) string {
		return tally("host", sum.Hosts, []string{"UP", "DOWN", "UNREACHABLE", "PENDING"}, s)
	}
	services := func(s Style) string {
		return tally("service", sum.Services, []string{"OK", "WARNING", "CRITICAL", "UNKNOWN", "PENDING"}, s)
	}
	lines := []string{hosts(s) + "    " + services(s)}
	if plain := (Style{}); s.Width > 0 && columns(hosts(plain)+services(plain))+4 > s.Width {
		lines = []string{hosts(s), services(s)}
	}
	if text := mail(&sum.Piggyback, s); text != "" {
		lines = append(lines, text)
	}
	for _, w := range sum.Warnings {
		lines = append(lines, s.paint("WARNING", "! "+printable(w)))
	}
	return strings.Join(lines, "\n")
}

func tally(what string, n map[string]int, order []string, s Style) string {
	all := 0
	var parts []string
	for _, state := range order {
		if n[state] > 0 {
			all += n[state]
			parts = append(parts, s.paint(state, fmt.Sprintf("%d %s", n[state], state)))
		}
	}
	switch all {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what + ": " + parts[0]
	}
	return fmt.Sprintf("%d %ss: %s", all, what, strings.Join(parts, ", "))
}

// row is a line of the table: name, state, since, checked, next, output.
type row struct {
	cells [6]string
	state string
}

// arrange puts services below their hosts. A service whose host is not shown itself, because only problems are, names it.
func arrange(hosts, services []api.Object, now time.Time) []row {
	var rows []row
	i := 0
	// Services whose host is not shown, because only problems are, carry its name.
	loose := func(until func(host string) bool) {
		for ; i < len(services) && until(services[i].Host); i++ {
			rows = append(rows, rowOf(&services[i], services[i].Host+"/"+services[i].Service, now))
		}
	}
	for h := range hosts {
		name := hosts[h].Host
		loose(func(host string) bool { return host < name })
		rows = append(rows, rowOf(&hosts[h], name, now))
		for ; i < len(services) && services[i].Host == name; i++ {
			rows = append(rows, rowOf(&services[i], "  "+services[i].Service, now))
		}
	}
	loose(func(string) bool { return true })
	return rows
}

func rowOf(o *api.Object, name string, now time.Time) row {
	state := o.State
	if o.StateType == "SOFT" && o.State != "UP" && o.State != "OK" && o.State != "PENDING" {
		state = fmt.Sprintf("%s %d/%d", o.State, o.Attempt, o.MaxAttempts)
	}
	if o.Acknowledged {
		state += " ack"
	}
	if o.DowntimeDepth > 0 {
		state += " downtime"
	}
	if o.Flapping {
		state += " flapping"
	}
	output, _, _ := strings.Cut(o.Output, "\n")
	next := ahead(o.NextCheck, now)
	if !o.ActiveChecks {
		next = "-"
	}
	return row{state: o.State, cells: [6]string{
		printable(name), state, ago(o.LastChange, now), ago(o.LastCheck, now), next, printable(output),
	}}
}

func (r *row) draw(w io.Writer, widths [5]int, s Style) {
	var b strings.Builder
	used := 0
	for i, width := range widths {
		cell := r.cells[i]
		pad := strings.Repeat(" ", max(0, width-columns(cell))+2)
		if i == 1 {
			cell = s.paint(r.state, cell)
		}
		b.WriteString(cell + pad)
		used += width + 2
	}
	b.WriteString(cut(r.cells[5], s.Width-used, s.Width > 0))
	fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
}

// paint colours a text by its state.
func (s Style) paint(state, text string) string {
	if !s.Colour {
		return text
	}
	colour := map[string]string{
		"UP": "32", "OK": "32", "WARNING": "33", "CRITICAL": "31", "DOWN": "31", "UNREACHABLE": "35", "UNKNOWN": "35", "PENDING": "90",
	}[state]
	if colour == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func ago(unix float64, now time.Time) string {
	if unix == 0 {
		return "never"
	}
	return short(now.Sub(moment(unix)))
}

func ahead(unix float64, now time.Time) string {
	if unix == 0 {
		return "-"
	}
	d := moment(unix).Sub(now)
	if d < time.Second/2 {
		return "now"
	}
	return "in " + short(d)
}

func moment(unix float64) time.Time { return time.Unix(0, int64(unix*1e9)) }

// short gives a duration in its largest unit or two: 5s, 12m, 3h20m, 4d.
func short(d time.Duration) string {
	switch d = max(d, 0).Round(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%dh", int(d.Hours())/24, int(d.Hours())%24)
}
