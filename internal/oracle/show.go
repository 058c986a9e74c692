package oracle

import (
	"fmt"
	"slices"
	"strings"
)

// String shows the world, what happened around the object until then as Nagios saw it, and both sides.
func (d *Difference) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", d.nagios.title(), d.Object)
	for _, line := range d.nagios.World {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	for i := range d.step {
		d.show(&b, &d.nagios.Seconds[i])
	}
	now := &d.nagios.Seconds[d.step]
	fmt.Fprintf(&b, "@%d %s\n", now.At, now.Event)
	for _, line := range d.Missing {
		fmt.Fprintf(&b, "  nagios: %s\n", line)
	}
	for _, line := range d.Extra {
		fmt.Fprintf(&b, "  onbu:   %s\n", line)
	}
	for field, values := range d.Fields {
		fmt.Fprintf(&b, "  %s: nagios %q, onbu %q\n", field, values[0], values[1])
	}
	return b.String()
}

// show prints a second if it concerns the object, its host or its neighbours.
func (d *Difference) show(b *strings.Builder, s *Second) {
	var lines []string
	for _, line := range append(slices.Clone(s.Log), s.changes()...) {
		if d.concerned(strings.Fields(line)) {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 && !d.concerned(strings.FieldsFunc(s.Event, func(r rune) bool { return r == ';' || r == ' ' })) {
		return
	}
	fmt.Fprintf(b, "@%d %s\n", s.At, s.Event)
	for _, line := range lines {
		fmt.Fprintf(b, "      %s\n", line)
	}
}

func (s *Second) changes() (lines []string) {
	for _, name := range sortedKeys(s.Present) {
		lines = append(lines, "= "+name+" "+s.Present[name])
	}
	return lines
}

// concerned says whether one of the words is the object, its host, a group, or one of its contacts.
func (d *Difference) concerned(words []string) bool {
	host, service, _ := strings.Cut(d.Object, "/")
	for i, word := range words {
		switch {
		case word == d.Object, word == "hg", word == "sg":
			return true
		case word == host:
			return i+1 >= len(words) || words[0] == "=" || words[0] == "alert" || service == "" || words[i+1] == service || words[i+1][0] != 's'
		case strings.HasPrefix(word, "#") && strings.HasPrefix(word[1:], host):
			return true
		}
	}
	return false
}
