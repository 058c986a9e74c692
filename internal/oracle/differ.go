package oracle

import (
	"fmt"
	"slices"
	"strings"
)

// Difference is where Onbu and Nagios part in a sequence.
type Difference struct {
	Nagios, Onbu *Sequence
	Step         int // index of the second
	// Missing is what Nagios said and Onbu did not, Extra the other way round.
	Missing, Extra []string
}

// Compare gives the first difference between what Nagios and what Onbu said, nil if there is none.
func Compare(nagios, onbu *Sequence) *Difference {
	for i := range nagios.Seconds {
		want, got := nagios.Seconds[i].said(), onbu.Seconds[i].said()
		if slices.Equal(want, got) {
			continue
		}
		return &Difference{Nagios: nagios, Onbu: onbu, Step: i, Missing: without(want, got), Extra: without(got, want)}
	}
	return nil
}

// said gives all that came of a second.
func (s *Second) said() []string {
	said := slices.Clone(s.Log)
	for _, name := range sortedKeys(s.Present) {
		said = append(said, "= "+name+" "+s.Present[name])
	}
	return said
}

// without gives the lines that are not among the others, each as often as it is missing.
func without(lines, others []string) (left []string) {
	others = slices.Clone(others)
	for _, line := range lines {
		if i := slices.Index(others, line); i >= 0 {
			others = slices.Delete(others, i, i+1)
		} else {
			left = append(left, line)
		}
	}
	return left
}

// String shows the world of the objects that differ, what happened to them until then, and both sides.
func (d *Difference) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", d.Nagios.title())
	about := d.objects()
	for _, line := range d.Nagios.World {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	for i := range d.Step {
		s := &d.Nagios.Seconds[i]
		var lines []string
		for _, line := range s.said() {
			if concerns(line, about) {
				lines = append(lines, line)
			}
		}
		if len(lines) > 0 || concerns(strings.ReplaceAll(s.Event, ";", " "), about) {
			fmt.Fprintf(&b, "@%d %s\n", s.At, s.Event)
			for _, line := range lines {
				fmt.Fprintf(&b, "      %s\n", line)
			}
		}
	}
	fmt.Fprintf(&b, "@%d %s\n", d.Nagios.Seconds[d.Step].At, d.Nagios.Seconds[d.Step].Event)
	for _, line := range d.Missing {
		fmt.Fprintf(&b, "  nagios: %s\n", line)
	}
	for _, line := range d.Extra {
		fmt.Fprintf(&b, "  onbu:   %s\n", line)
	}
	return b.String()
}

// objects gives the hosts that the difference is about.
func (d *Difference) objects() (hosts []string) {
	for _, line := range slices.Concat(d.Missing, d.Extra) {
		for _, word := range strings.Fields(line) {
			host, _, _ := strings.Cut(word, "/")
			if len(host) == 2 && host[0] == 'h' && !slices.Contains(hosts, host) {
				hosts = append(hosts, host)
			}
		}
	}
	return hosts
}

func concerns(line string, hosts []string) bool {
	for _, word := range strings.Fields(line) {
		host, _, _ := strings.Cut(word, "/")
		if slices.Contains(hosts, host) || slices.Contains([]string{"hg", "sg"}, host) {
			return true
		}
	}
	return false
}
