package oracle

import (
	"fmt"
	"slices"
	"strings"
)

func unusedDowntime(d *Difference) bool {
	if logs(d.Missing, "downtime", d.Object, "STOPPED") {
		return false
	}
	return d.dropMissing(func(words []string) bool {
		return words[0] == "told" && strings.HasPrefix(words[3], "DOWNTIMEEND(")
	})
}

// goneEarly says whether a downtime that was never used has gone in the second in which it ends. In Onbu it can still
// begin in that second, or is waited for.
func goneEarly(d *Difference) bool {
	end := fmt.Sprintf(";@%d;", d.nagios.Seconds[d.step].At)
	ends := func(s Second) bool { return strings.Contains(s.Event, "_DOWNTIME;") && strings.Contains(s.Event, end) }
	if !slices.ContainsFunc(d.nagios.Seconds, ends) {
		return false
	}
	done := false
	if comments, ok := d.Fields["comments"]; ok && comments[0] < comments[1] {
		d.frees("comments")
		done = true
	}
	begins := d.Fields["downtime"][0] < d.Fields["downtime"][1]
	told := slices.ContainsFunc(d.Missing, func(line string) bool { return strings.HasPrefix(line, "told ") })
	if begins || told {
		return d.part()
	}
	return done
}

// manyWays says whether the host was given a downtime for each way that leads to it.
func manyWays(d *Difference) bool {
	propagates := func(s Second) bool { return strings.HasPrefix(s.Event, "SCHEDULE_AND_PROPAGATE_") }
	if !d.isHost() || !slices.ContainsFunc(d.nagios.Seconds[:d.step+1], propagates) {
		return false
	}
	n := len(d.Fields)
	for _, field := range []string{"downtime", "comments"} {
		if values, differ := d.Fields[field]; differ && values[0] > values[1] && values[1] != "" {
			d.frees(field)
		}
	}
	return len(d.Fields) < n
}

// meetingDowntimes says whether one downtime ends and another begins, and only one side has logged it.
func meetingDowntimes(d *Difference) bool {
	lines := slices.Concat(d.Missing, d.Extra)
	if !logs(lines, "downtime", d.Object, "STARTED") || !logs(lines, "downtime", d.Object, "STOPPED") || len(d.Fields) > 0 {
		return false
	}
	meets := func(line string) bool {
		return strings.HasPrefix(line, "downtime ") || strings.Contains(line, " DOWNTIMESTART(") || strings.Contains(line, " DOWNTIMEEND(")
	}
	d.Missing, d.Extra = slices.DeleteFunc(d.Missing, meets), slices.DeleteFunc(d.Extra, meets)
	return true
}

func flexibleHost(d *Difference) bool {
	if !d.isHost() || !logs(d.nagios.Seconds[d.step].Log, "downtime", d.Object, "STARTED") {
		return false
	}
	told := d.dropMissing(func(words []string) bool { return words[0] == "told" && !strings.Contains(words[3], "(") })
	return told && d.part()
}
