package service

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/onbu/onbu/monitor"
)

// systemdKind is the units of systemd: all services together, or with an item one unit.
func systemdKind() Kind {
	return Kind{
		Name:     "systemd_units",
		Sections: []string{"systemd_units"},
		Discover: func(in *Input) []Found {
			if len(unitsOf(in)) == 0 {
				return nil
			}
			return []Found{{Description: "Systemd Service Summary"}}
		},
		Check: func(in *Input, r *Report) {
			if in.Item != "" {
				checkUnit(in, r)
				return
			}
			checkServices(in, r)
		},
		Takes: map[string]string{
			"ignore":       "services that do not count in the summary, or ~REGEX",
			"activating":   "WARN,CRIT for how long a unit starts (30,60)",
			"deactivating": "WARN,CRIT for how long a unit stops (30,60)",
			"reloading":    "WARN,CRIT for how long a unit reloads (30,60)",
			"inactive":     "STATE of one unit that does not run (ok)",
		},
	}
}

// unit is a line of systemctl list-units.
type unit struct {
	name, load, active, sub, text string // name with its suffix
	file                          string // enabled, disabled, static …; empty if the agent does not say
	since                         time.Duration
	dated                         bool // since is known
}

// unitsOf reads the blocks of the section in whatever order they come.
func unitsOf(in *Input) []unit {
	var all []unit
	files, since := map[string]string{}, map[string]time.Duration{}
	block, current := "", ""
	for _, columns := range in.first("systemd_units").Rows() {
		if first := columns[0]; first == "[list-unit-files]" || first == "[status]" || first == "[all]" {
			block = first
			continue
		}
		switch block {
		case "[list-unit-files]":
			if len(columns) >= 2 {
				files[columns[0]] = columns[1]
			}
		case "[status]":
			current = statusLine(columns, current, since)
		case "[all]":
			if isGlyph(columns[0]) {
				columns = columns[1:]
			}
			if len(columns) >= 4 && strings.Contains(columns[0], ".") && columns[0] != "UNIT" {
				all = append(all, unit{name: columns[0], load: columns[1], active: columns[2], sub: columns[3], text: strings.Join(columns[4:], " ")})
			}
		}
	}
	for i := range all {
		u := &all[i]
		u.file = files[template(u.name)]
		u.since, u.dated = since[u.name], since[u.name] > 0
	}
	return all
}

// statusLine reads a line of systemctl status: the head of a unit, or since when it is as it is. It gives the unit that the
// next lines are about.
func statusLine(columns []string, current string, since map[string]time.Duration) string {
	if isGlyph(columns[0]) && len(columns) >= 2 && strings.Contains(columns[1], ".") {
		return columns[1]
	}
	if columns[0] == "Active:" && current != "" {
		line := strings.Join(columns, " ")
		if ago, ok := strings.CutSuffix(line[strings.LastIndex(line, ";")+1:], " ago"); ok && strings.Contains(line, ";") {
			since[current] = systemdSpan(ago)
		}
	}
	return current
}

// isGlyph says that a text is one of the marks that systemctl begins lines with (systemd, src/basic/unit-def.c).
func isGlyph(text string) bool {
	return slices.Contains([]string{"●", "○", "↻", "×", "x", "*"}, text)
}

// template gives the name of the file that an instance of a unit comes from.
func template(name string) string {
	before, rest, ok := strings.Cut(name, "@")
	dot := strings.LastIndex(rest, ".")
	if !ok || dot < 0 {
		return name
	}
	return before + "@" + rest[dot:]
}

// systemdSpan reads a span as systemd writes it: "2 days 3h 5min 1.5s", also without blanks (systemd.time(7)).
func systemdSpan(text string) time.Duration {
	seconds := 0.0
	text = strings.TrimSpace(text)
	for text != "" {
		v, rest, ok := leading(text)
		if !ok {
			break
		}
		rest = strings.TrimLeft(rest, " ")
		end := strings.IndexAny(rest, " 0123456789+-.")
		if end < 0 {
			end = len(rest)
		}
		seconds += v * systemdUnit(rest[:end])
		text = strings.TrimLeft(rest[end:], " ")
	}
	return time.Duration(math.Round(min(max(seconds, 0), 1e9) * float64(time.Second)))
}

func systemdUnit(name string) float64 {
	switch strings.TrimSuffix(name, "s") {
	case "y", "year":
		return 31557600
	case "M", "month":
		return 2629800
	case "w", "week":
		return 604800
	case "d", "day":
		return 86400
	case "h", "hr", "hour":
		return 3600
	case "m":
		if name == "ms" {
			return 1e-3
		}
		return 60
	case "min", "minute":
		return 60
	case "msec":
		return 1e-3
	case "u", "µ", "μ", "usec":
		return 1e-6
	}
	return 1
}

func checkUnit(in *Input, r *Report) {
	all := unitsOf(in)
	name := in.Item
	if !strings.Contains(name, ".") || !slices.ContainsFunc(all, func(u unit) bool { return u.name == name }) {
		name += ".service"
	}
	at := slices.IndexFunc(all, func(u unit) bool { return u.name == name })
	if len(all) == 0 {
		r.Say(monitor.Unknown, "the agent shows no units of systemd")
		return
	}
	inactive := in.StateOf(r, "inactive", monitor.OK)
	if at < 0 {
		r.Say(monitor.Critical, "no unit "+in.Item)
		return
	}
	u := all[at]
	status := "Status: " + u.active
	if u.sub != u.active && u.sub != "" {
		status += " (" + u.sub + ")"
	}
	switch u.active {
	case "active":
		r.OK(status)
	case "inactive":
		r.Say(inactive, status)
	case "activating", "deactivating", "reloading":
		r.OK(status)
		judgeChange(in, r, u)
	default:
		r.Say(monitor.Critical, status)
	}
	if u.dated {
		r.OK("for " + showSpan(u.since.Seconds()))
	}
	r.OK(u.text)
}

// judgeChange says for how long a unit has been on its way to another state: by systemd's own words, or by how long it has been
// seen so.
func judgeChange(in *Input, r *Report, u unit) {
	lasts := in.Counters.Since("systemd."+u.name+"."+u.active, 1, in.Now)
	if u.dated {
		lasts = u.since
	}
	r.Watch("Service "+u.name+" "+u.active+" for", lasts.Seconds(), in.Pair(r, u.active, Upper(30, 60)), showSpan)
}

func checkServices(in *Input, r *Report) {
	levels := in.Levels(r, None())
	ignore, _ := in.matching(r, "ignore")
	services := slices.DeleteFunc(unitsOf(in), func(u unit) bool { return !strings.HasSuffix(u.name, ".service") })
	if len(services) == 0 {
		r.Say(monitor.Unknown, "the agent shows no services of systemd")
		return
	}
	failed, disabled, ignored := 0, 0, 0
	bad := map[string][]string{} // by what is wrong with them
	var changing []unit
	for _, u := range services {
		if u.active == "failed" {
			failed++
		}
		name := strings.TrimSuffix(u.name, ".service")
		switch {
		// The agent's own, one for each call.
		case ignore.matches(name) || strings.HasPrefix(name, "check-mk-agent@"):
			ignored++
		case u.active == "activating" || u.active == "deactivating" || u.active == "reloading":
			changing = append(changing, u)
		case u.file == "disabled" || u.file == "indirect":
			disabled++
		case u.active != "active" && u.active != "inactive":
			kind := "%d service%s " + u.active
			if u.file == "static" {
				kind = "%d static service%s " + u.active
			}
			bad[kind] = append(bad[kind], name)
		}
	}
	r.OK(fmt.Sprintf("Total: %d, Disabled: %d, Failed: %d", len(services), disabled, failed))
	sayBad(r, bad, levels)
	for _, u := range changing {
		judgeChange(in, r, u)
	}
	if ignored > 0 {
		r.Detail(fmt.Sprintf("Ignored: %d", ignored))
	}
	r.Metric(Measured("services", float64(len(services)), "").Within(0, math.NaN()))
	r.Metric(Measured("failed", float64(failed), "").By(levels).Within(0, math.NaN()))
}

// sayBad names the services that are in a state that they should not be in. With levels, these judge how many there are.
func sayBad(r *Report, bad map[string][]string, levels Levels) {
	kinds, all := make([]string, 0, len(bad)), 0
	for kind, names := range bad {
		kinds, all = append(kinds, kind), all+len(names)
	}
	slices.Sort(kinds)
	state := monitor.Critical
	if !levels.Empty() {
		state = levels.State(float64(all))
	}
	for _, kind := range kinds {
		names := bad[kind]
		slices.Sort(names)
		plural := "s"
		if len(names) == 1 {
			plural = ""
		}
		r.Say(state, strings.NewReplacer("%d", fmt.Sprint(len(names)), "%s", plural).Replace(kind)+" ("+someOf(names)+")")
	}
}

// someOf names at most twenty of many.
func someOf(names []string) string {
	const most = 20
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
}
