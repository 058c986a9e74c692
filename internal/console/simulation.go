package console

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/simulate"
)

// Simulated says what of a simulation is to be shown.
type Simulated struct {
	Style
	// Soft shows changes of state that are still being confirmed too.
	Soft bool
	// Verbose shows all changes of state, and event handlers.
	Verbose bool
	// WhatIf is the object that died in place of a script. States are left out then unless Verbose.
	WhatIf string
}

// mostStates is how many changes of state are shown unless all are asked for.
const mostStates = 60

// mostTold is how many notifications are shown unless all are asked for: a problem of weeks has many, one like the other.
const mostTold = 100

// Simulation lays out what came of a simulation: the longest list first and the answer last, where the eye is.
func Simulation(w io.Writer, r *simulate.Report, s Simulated) {
	if s.WhatIf != "" {
		title(w, fmt.Sprintf("If %s failed on %s, and nobody mended it:", printable(s.WhatIf), r.Start.Format("Monday 2006-01-02 at 15:04 MST")))
	}
	if s.WhatIf == "" || s.Verbose {
		s.states(w, r)
	}
	if s.Verbose {
		s.handlers(w, r)
	}
	s.roots(w, r)
	s.notifications(w, r)
	s.refused(w, r)
	s.summary(w, r)
}

func title(w io.Writer, text string) { fmt.Fprintf(w, "%s\n\n", text) }

// after gives a time since the start, and the time of day with the day if the simulation has several. Midnight at its end is
// still the day before.
func after(r *simulate.Report, at simulate.Offset) (since, clock string) {
	layout := "15:04:05"
	if r.Start.YearDay() != r.End.Add(-1).YearDay() || r.End.Sub(r.Start) > 24*time.Hour {
		layout = "Mon 15:04:05"
	}
	d := time.Duration(at).Round(time.Second)
	return long(d), r.Start.Add(d).Format(layout)
}

func objectName(host, service string) string {
	return monitor.Ref{Host: host, Service: service}.String()
}

func (s Simulated) states(w io.Writer, r *simulate.Report) {
	g := grid{head: []string{"AFTER", "CLOCK", "OBJECT", "STATE", "TYPE", "OUTPUT"}, state: 3}
	left := 0
	for i := range r.States {
		c := &r.States[i]
		switch {
		case c.Soft && !s.Soft:
			continue
		case len(g.rows) == mostStates && !s.Verbose:
			left++
			continue
		}
		since, clock := after(r, c.At)
		g.add(since, clock, objectName(c.Host, c.Service), c.State, c.Type, c.Output)
	}
	if len(g.rows) == 0 {
		title(w, "No object changed its state.")
		return
	}
	title(w, "States")
	g.draw(w, s.Style)
	if left > 0 {
		fmt.Fprintf(w, "  … and %d more; --verbose shows all\n", left)
	}
	fmt.Fprintln(w)
}

func (s Simulated) handlers(w io.Writer, r *simulate.Report) {
	if len(r.Handlers) == 0 {
		return
	}
	g := grid{head: []string{"AFTER", "CLOCK", "OBJECT", "STATE", "HANDLER", "RUNS"}, state: 3}
	for i := range r.Handlers {
		h := &r.Handlers[i]
		since, clock := after(r, h.At)
		name := h.Name
		if h.Kind == monitor.ActionSnapshot {
			name += " (snapshot)"
		}
		g.add(since, clock, h.Ref.String(), h.State, name, h.Line)
	}
	title(w, "Event handlers")
	g.draw(w, s.Style)
	fmt.Fprintln(w)
}

func (s Simulated) roots(w io.Writer, r *simulate.Report) {
	if len(r.Roots) == 0 {
		return
	}
	g := grid{head: []string{"AFTER", "CLOCK", "OBJECT", "LASTED", "IMPACTS"}, state: -1, right: []bool{4: true}}
	for i := range r.Roots {
		root := &r.Roots[i]
		since, clock := after(r, root.From)
		lasted := "to the end"
		if root.To != nil {
			lasted = long(time.Duration(*root.To - root.From).Round(time.Second))
		}
		g.add(since, clock, objectName(root.Host, root.Service), lasted, fmt.Sprint(root.Impacts))
	}
	title(w, "Root causes")
	g.draw(w, s.Style)
	fmt.Fprintln(w)
}

func (s Simulated) notifications(w io.Writer, r *simulate.Report) {
	if len(r.Notifications) == 0 {
		return
	}
	g := grid{head: []string{"AFTER", "CLOCK", "TYPE", "OBJECT", "STATE", "NUMBER", "TO", "BY"}, state: 4, right: []bool{5: true, 7: false}}
	shown := r.Notifications
	if len(shown) > mostTold && !s.Verbose {
		shown = shown[:mostTold]
	}
	for i := range shown {
		n := &shown[i]
		since, clock := after(r, n.At)
		g.add(since, clock, n.Type, objectName(n.Host, n.Service), n.State, ordinal(n.Number), n.Contact, strings.Join(n.Commands, ", "))
	}
	title(w, "Notifications")
	g.draw(w, s.Style)
	if left := len(r.Notifications) - len(shown); left > 0 {
		fmt.Fprintf(w, "  … and %d more; --verbose shows all\n", left)
	}
	fmt.Fprintln(w)
}

// ordinal gives the number of a notification of a problem. What is told of downtimes and the like has none.
func ordinal(number uint32) string {
	if number == 0 {
		return "-"
	}
	return fmt.Sprint(number)
}

func (s Simulated) refused(w io.Writer, r *simulate.Report) {
	for i := range r.Refused {
		f := &r.Refused[i]
		since, _ := after(r, f.At)
		fmt.Fprintln(w, s.paint("WARNING", fmt.Sprintf("! line %d, %s: %s: the engine refused it: %s", f.Line, since, printable(f.What), printable(f.Why))))
	}
	if len(r.Refused) > 0 {
		fmt.Fprintln(w)
	}
}

// summary says who was told how often, and why nobody was told of the rest.
func (s Simulated) summary(w io.Writer, r *simulate.Report) {
	fmt.Fprintf(w, "Played %s from %s, with %s.\n", long(r.End.Sub(r.Start)), r.Start.Format("Monday 2006-01-02 15:04 MST"), count(r.Checks, "check"))
	for _, t := range tellings(r) {
		fmt.Fprintf(w, "%s: told %s (%s).\n", printable(t.contact), often(t.all), t.types())
	}
	untold := 0
	for _, silent := range r.Silent {
		untold += silent.Problems
	}
	switch {
	case r.Problems == 0:
		fmt.Fprintln(w, "There was no problem.")
		return
	case len(r.Notifications) == 0:
		fmt.Fprintf(w, "%s Of %s:\n", s.paint("WARNING", "Nobody was told of anything."), count(r.Problems, "problem"))
	case untold == 0 && r.Problems == 1:
		fmt.Fprintln(w, "Somebody was told of the only problem.")
		return
	case untold == 0:
		fmt.Fprintf(w, "Somebody was told of each of %s.\n", count(r.Problems, "problem"))
		return
	default:
		fmt.Fprintf(w, "Nobody was told of %d of %s:\n", untold, count(r.Problems, "problem"))
	}
	s.silent(w, r.Silent)
	s.otherTime(w, r)
}

// otherTime says how to ask for another time of day, where somebody heard nothing because of the hour that was taken.
func (s Simulated) otherTime(w io.Writer, r *simulate.Report) {
	outside := func(silent simulate.Silent) bool { return strings.Contains(silent.Why, "outside of") }
	if s.WhatIf != "" && slices.ContainsFunc(r.Silent, outside) {
		other := r.Start.Add(12 * time.Hour)
		fmt.Fprintf(w, "The hour counts here: --start '%s' tries another one.\n", other.Format("2006-01-02 15:04"))
	}
}

// mostReasons is how many reasons are shown.
const mostReasons = 10

func (s Simulated) silent(w io.Writer, all []simulate.Silent) {
	g := grid{head: []string{"", "BECAUSE", "SUCH AS"}, state: -1, right: []bool{true}}
	for i, silent := range all {
		if i == mostReasons && len(all) > mostReasons+1 && !s.Verbose {
			g.add("", fmt.Sprintf("… and %d other reasons; --verbose shows all", len(all)-mostReasons), "")
			break
		}
		var names []string
		for _, ref := range silent.Examples {
			names = append(names, ref.String())
		}
		if silent.Problems > len(names) {
			names = append(names, "…")
		}
		g.add(fmt.Sprint(silent.Problems), silent.Why, strings.Join(names, ", "))
	}
	g.draw(w, s.Style)
}

// telling counts what one contact was told.
type telling struct {
	contact string
	all     int
	of      map[string]int
}

// tellings counts for each contact, by name.
func tellings(r *simulate.Report) []*telling {
	var all []*telling
	by := make(map[string]*telling)
	for i := range r.Notifications {
		n := &r.Notifications[i]
		t := by[n.Contact]
		if t == nil {
			t = &telling{contact: n.Contact, of: make(map[string]int)}
			by[n.Contact] = t
			all = append(all, t)
		}
		t.all++
		t.of[n.Type]++
	}
	slices.SortFunc(all, func(a, b *telling) int { return cmp.Compare(a.contact, b.contact) })
	return all
}

// types lists them, PROBLEM and RECOVERY first.
func (t *telling) types() string {
	var parts []string
	names := []string{"PROBLEM", "RECOVERY"}
	for name := range t.of {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names[2:])
	for _, name := range names {
		if t.of[name] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", t.of[name], name))
		}
	}
	return strings.Join(parts, ", ")
}

func often(n int) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// long gives a duration without what is nought in it: 1d, 4h, 1h30m.
func long(d time.Duration) string {
	var b strings.Builder
	for _, u := range []struct {
		name   string
		length time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		if n := d / u.length; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			d -= n * u.length
		}
	}
	return cmp.Or(b.String(), "0s")
}
