package dynamic

import (
	"slices"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// Text is how the hosts of a list would stand in a file of objects.
type Text struct {
	Text string
	// lines says at which line the definitions of each host begin.
	lines []int
	names []string
}

// Host gives the host that a line is about; false if there is none.
func (t *Text) Host(line int) (name string, ok bool) {
	i, found := slices.BinarySearch(t.lines, line)
	if !found {
		i--
	}
	if i < 0 {
		return "", false
	}
	return t.names[i], true
}

// Text writes the hosts, in the order of their names. The same list gives the same text.
func (l *List) Text() *Text {
	t := &Text{}
	var b writer
	for _, h := range l.sorted() {
		r := l.rule(h.Rule)
		if r == nil {
			continue // Expire removes it
		}
		t.lines, t.names = append(t.lines, b.line+1), append(t.names, h.Name)
		b.host(h, r)
		for i := range h.Services {
			b.service(h, r, &h.Services[i])
		}
	}
	t.Text = b.String()
	return t
}

// writer writes definitions and counts lines.
type writer struct {
	strings.Builder
	line int
}

func (w *writer) row(parts ...string) {
	for _, p := range parts {
		w.WriteString(p)
	}
	w.WriteByte('\n')
	w.line++
}

// set writes a directive; none where there is no value.
func (w *writer) set(directive, value string) {
	if value != "" {
		w.row(directive, " ", escape(value))
	}
}

func (w *writer) host(h *monitor.DynamicHost, r *monitor.DynamicRule) {
	w.row("define host {")
	w.set("use", r.HostUse)
	w.set("host_name", h.Name)
	if len(r.HostGroups) > 0 {
		w.set("hostgroups", "+"+strings.Join(r.HostGroups, ","))
	}
	w.set("realm", r.Realm)
	w.set("poller_tag", r.PollerTag)
	w.set("_PIGGYBACK_SOURCE", h.Source)
	w.row("}")
}

func (w *writer) service(h *monitor.DynamicHost, r *monitor.DynamicRule, s *monitor.DynamicService) {
	w.row("define service {")
	w.set("use", r.ServiceUse)
	w.set("host_name", h.Name)
	w.set("service_description", s.Description)
	w.set("check_command", s.CheckCommand)
	w.row("}")
}

// escape keeps a value whole: a semicolon begins a comment, a backslash at the end of a line joins it with the next, and what
// is no line is none.
func escape(value string) string {
	value = strings.NewReplacer("\n", " ", "\r", " ", "\x00", " ", ";", `\;`).Replace(value)
	if strings.HasSuffix(value, `\`) {
		value += " " // the blank is trimmed, and the line ends in none
	}
	return value
}
