package oracle

import (
	"slices"
	"strings"
)

// host gives the name of the object's host.
func (d *Difference) host() string {
	host, _, _ := strings.Cut(d.Object, "/")
	return host
}

func (d *Difference) isHost() bool { return d.host() == d.Object }

// part lets the object differ in everything until it is well again.
func (d *Difference) part() bool {
	d.apart[d.Object] = true
	return true
}

// logs says whether there is a line with these words about the object.
func logs(lines []string, kind, object, rest string) bool {
	return slices.ContainsFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, kind+" "+object+" "+rest)
	})
}

// dropMissing takes lines out that Nagios alone logged, and says whether there were any.
func (d *Difference) dropMissing(drop func(words []string) bool) bool {
	n := len(d.Missing)
	d.Missing = slices.DeleteFunc(d.Missing, func(line string) bool { return drop(strings.Fields(line)) })
	return len(d.Missing) < n
}

// sameButAttempt takes out the lines that are equal but for the attempt.
func (d *Difference) sameButAttempt() {
	for _, line := range slices.Clone(d.Missing) {
		words := strings.Fields(line)
		if len(words) != 5 {
			continue
		}
		same := func(other string) bool {
			other = other[:max(strings.LastIndexByte(other, ' '), 0)]
			return other == strings.Join(words[:4], " ")
		}
		if i := slices.IndexFunc(d.Extra, same); i >= 0 {
			d.Extra = slices.Delete(d.Extra, i, i+1)
			d.Missing = without(d.Missing, []string{line})
		}
	}
}
