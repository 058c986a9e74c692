package oracle

import (
	"fmt"
	"slices"
	"strings"
)

func periodEnds(d *Difference) bool {
	at, begin, end := d.second(), d.period(0), d.period(1)
	switch {
	case !slices.ContainsFunc(d.nagios.World, d.hasPeriod) && !slices.ContainsFunc(d.nagios.Seconds[:d.step], givesPeriod):
		return false
	case at == begin || at == end+1: // downtimes begin and end by Nagios' late clock
		downtime := func(line string) bool { return strings.Contains(line, " DOWNTIME") }
		n := len(d.Missing) + len(d.Extra)
		d.Missing, d.Extra = slices.DeleteFunc(d.Missing, downtime), slices.DeleteFunc(d.Extra, downtime)
		return len(d.Missing)+len(d.Extra) < n
	case at != end:
		return false
	}
	told := d.dropMissing(func(words []string) bool { return words[0] == "told" })
	return told && d.part()
}

// second gives the Unix time of the present step.
func (d *Difference) second() int64 { return d.nagios.Start + int64(d.nagios.Seconds[d.step].At) }

// period gives the Unix time at which p0 begins (0) or ends (1); 0 if there is none.
func (d *Difference) period(which int) int64 {
	for _, line := range d.nagios.World {
		var minute [2]int64
		if _, err := fmt.Sscanf(line, "timeperiod p0 minutes=%d-%d", &minute[0], &minute[1]); err == nil {
			return (d.nagios.Start/60 + minute[which]) * 60
		}
	}
	return 0
}

// hasPeriod says whether a line of the world gives a period to the object or to a contact.
func (d *Difference) hasPeriod(line string) bool {
	words := strings.Fields(line)
	return strings.Contains(line, "_period=p0") && (words[1] == d.Object || words[0] == "contact")
}

// givesPeriod says whether a command gave p0 to somebody.
func givesPeriod(s Second) bool { return strings.HasSuffix(s.Event, ";p0") }

func otherDependencies(d *Difference) bool {
	passed := func(line string) bool {
		return strings.Contains(line, "dependency ") && strings.Contains(line, "dependency_period=p0")
	}
	if at := d.second(); at >= d.period(0) && at < d.period(1) || !slices.ContainsFunc(d.nagios.World, passed) {
		return false
	}
	told := d.dropMissing(func(words []string) bool { return words[0] == "told" })
	return told && d.part()
}

func staleLater(d *Difference) bool {
	watched := func(line string) bool {
		return strings.HasPrefix(line, "service "+d.Object+" ") && strings.Contains(line, "check_freshness=1")
	}
	if d.step == 0 || d.step+1 >= len(d.nagios.Seconds) || !slices.ContainsFunc(d.nagios.World, watched) {
		return false
	}
	later, earlier := d.nagios.Seconds[d.step+1].Log, d.onbu.Seconds[d.step-1].Log
	if len(without(d.Extra, later))+len(without(d.Missing, earlier)) > 0 {
		return false
	}
	d.Missing, d.Extra = nil, nil
	for field := range d.Fields {
		d.frees(field)
	}
	return true
}

func lookedAtSooner(d *Difference) bool {
	switch {
	case !slices.Contains(d.nagios.Options, "active"):
		return false
	case d.isHost() && d.Fields["state"][0] == "UP" && d.Fields["state"][1] != "":
		return d.part()
	}
	return d.behind() && d.part()
}

// behind says whether the object's host, or one of its parents, differs because Onbu looked at it sooner.
func (d *Difference) behind() bool {
	if d.apart[d.host()] {
		return true
	}
	return slices.ContainsFunc(d.nagios.World, func(line string) bool {
		_, parents, ok := strings.Cut(line, " parents=")
		parents, _, _ = strings.Cut(parents, " ")
		differs := func(parent string) bool { return d.apart[parent] }
		return ok && strings.HasPrefix(line, "host "+d.host()+" ") && slices.ContainsFunc(strings.Split(parents, ","), differs)
	})
}
