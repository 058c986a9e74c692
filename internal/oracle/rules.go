package oracle

import (
	"fmt"
	"slices"
	"strings"
)

// Rule is a difference from Nagios 4.4.6 that is known and wanted; docs/compatibility.md lists them.
type Rule struct {
	Name string
	// Why is the reason for the difference.
	Why string
	// explains takes what it explains out of a difference, and says whether there was anything.
	explains func(*Difference) bool
}

// Rules gives all rules.
func Rules() []Rule { return rules }

var rules = []Rule{
	{
		Name: "the end of a problem that became HARD with its host is HARD",
		Why: "Nagios 4.4 calls it SOFT when the host is UP again, tells nobody, and goes on counting notifications with the " +
			"next problem. Whoever was told of a problem is to be told of its end.",
		explains: hardEnd,
	},
	{
		Name: "a problem that became HARD with its host is confirmed when the host is UP",
		Why: "Nagios 4.4 keeps it HARD and tells at once: each host that comes back wakes people for the services that need " +
			"a minute longer. Nagios 3, Naemon and Onbu count attempts from 1.",
		explains: confirmedAgain,
	},
	{
		Name: "the attempt of a service stays where it is while the host is not UP",
		Why: "Nagios 4.4 sets it to the last one, except when the service was OK before. Nagios 3, Naemon and Onbu leave it: " +
			"nothing was tried.",
		explains: attemptWithHost,
	},
	{
		Name: "the end of a problem is told to those who were told of the problem",
		Why: "Nagios asks of services whether the contact's options have a state that somebody was told of, of hosts not even that: " +
			"people learn that something is over of which they never heard.",
		explains: endForThoseTold,
	},
	{
		Name:     "a flexible downtime that was never used ends without a word",
		Why:      "Nagios 4.4 tells its end, though nobody was told of a beginning.",
		explains: unusedDowntime,
	},
	{
		Name: "a downtime that was never used goes a second after its end",
		Why: "Nagios 4.4 looks for such downtimes when any of them is to go, so that one goes earlier when there are others; " +
			"the comment goes with it.",
		explains: goneEarly,
	},
	{
		Name:     "a downtime that is propagated is entered once for each host",
		Why:      "Nagios enters one for each way from the host to the other.",
		explains: manyWays,
	},
	{
		Name:     "a downtime that ends in the second in which another begins ends first",
		Why:      "In Nagios either may come first; where the next has begun already there is neither an end nor a beginning.",
		explains: meetingDowntimes,
	},
	{
		Name:     "the end of a problem that came while the object flapped is told when it is steady",
		Why:      "Nagios 4.4 has code for that, but has forgotten by then whom it told.",
		explains: endAfterFlapping,
	},
	{
		Name:     "flapping follows from what was recorded",
		Why:      "After a problem that was HARD on one side only, the next twenty results are compared with other ones.",
		explains: otherHistory,
	},
	{
		Name:     "a flexible downtime of a host is in effect when people would be told of the problem that begins it",
		Why:      "Nagios 4.4 begins it after the result was handled, and wakes people for a problem that was announced. For services it looks first.",
		explains: flexibleHost,
	},
	{
		Name:     "nobody is told of a volatile service while its host is not UP",
		Why:      "Nagios 4.4 lets it pass as long as the host's own problem is still SOFT.",
		explains: volatileWithHost,
	},
	{
		Name: "a time period holds from its first second on, and not at its end",
		Why: "In Nagios 09:00-17:00 still holds at 17:00:00, so that two periods that meet overlap; and what it does by itself at a " +
			"full second it does by a clock that is some milliseconds late.",
		explains: periodEnds,
	},
	{
		Name:     "a dependency outside of its period leaves the others in force",
		Why:      "Nagios takes the first dependency that is outside of its period for all of them, and tells.",
		explains: otherDependencies,
	},
	{
		Name: "a host is looked at as long as one of its services is being confirmed, and its parents when it falls",
		Why: "Nagios 4.4 looks at the host only when the state of the service changes, and of the parents at those that are not UP: " +
			"its code has the two cases the wrong way round. The root of a problem is to be found first.",
		explains: lookedAtSooner,
	},
	{
		Name:     "a result is stale in the first second after its time",
		Why:      "Nagios looks at the full second, by a clock that is some milliseconds late: it finds it a second later.",
		explains: staleLater,
	},
}

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

func hardEnd(d *Difference) bool {
	if d.isHost() || !logs(d.Missing, "alert", d.Object, "OK SOFT") || !logs(d.Extra, "alert", d.Object, "OK HARD") {
		return false
	}
	return d.part()
}

func confirmedAgain(d *Difference) bool {
	if d.isHost() || d.want[d.host()]["state"] != "UP" || d.before[d.Object]["type"] != "HARD" {
		return false
	}
	if d.Fields["type"] != [2]string{"HARD", "SOFT"} || d.before[d.Object]["state"] == "OK" {
		return false
	}
	return d.part()
}

func attemptWithHost(d *Difference) bool {
	if d.isHost() || d.want[d.host()]["state"] == "UP" {
		return false
	}
	n := len(d.Missing) + len(d.Fields)
	d.sameButAttempt()
	if _, ok := d.Fields["attempt"]; ok {
		d.frees("attempt")
	}
	return len(d.Missing)+len(d.Fields) < n
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

func endForThoseTold(d *Difference) bool {
	return d.dropMissing(func(words []string) bool {
		return words[0] == "told" && (words[3] == "UP" || words[3] == "OK") && !d.wasTold(words[1])
	})
}

// wasTold says whether a contact was told of the problem that has just ended.
func (d *Difference) wasTold(contact string) bool {
	for i := d.step - 1; i >= 0; i-- {
		for _, line := range d.nagios.Seconds[i].Log {
			words := strings.Fields(line)
			if words[0] != "told" || words[2] != d.Object || strings.Contains(words[3], "(") {
				continue
			}
			if words[3] == "UP" || words[3] == "OK" {
				return false
			}
			if words[1] == contact {
				return true
			}
		}
	}
	return false
}

// dropMissing takes lines out that Nagios alone logged, and says whether there were any.
func (d *Difference) dropMissing(drop func(words []string) bool) bool {
	n := len(d.Missing)
	d.Missing = slices.DeleteFunc(d.Missing, func(line string) bool { return drop(strings.Fields(line)) })
	return len(d.Missing) < n
}

func unusedDowntime(d *Difference) bool {
	if logs(d.Missing, "downtime", d.Object, "STOPPED") {
		return false
	}
	return d.dropMissing(func(words []string) bool {
		return words[0] == "told" && strings.HasPrefix(words[3], "DOWNTIMEEND(")
	})
}

// goneEarly says whether a downtime that was never used has gone in the second in which it ends.
func goneEarly(d *Difference) bool {
	comments, differ := d.Fields["comments"]
	end := fmt.Sprintf(";@%d;", d.nagios.Seconds[d.step].At)
	ends := func(s Second) bool { return strings.Contains(s.Event, "_DOWNTIME;") && strings.Contains(s.Event, end) }
	if !differ || comments[0] > comments[1] || !slices.ContainsFunc(d.nagios.Seconds, ends) {
		return false
	}
	d.frees("comments")
	return true
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

// endAfterFlapping says whether contacts who were told of a problem are told of its end, which came while it flapped.
func endAfterFlapping(d *Difference) bool {
	n := len(d.Extra)
	d.Extra = slices.DeleteFunc(d.Extra, func(line string) bool {
		words := strings.Fields(line)
		return words[0] == "told" && (words[3] == "OK" || words[3] == "UP") && d.flapped(words[1])
	})
	if len(d.Extra) == n {
		return false
	}
	d.frees("told")
	return true
}

// flapped says whether the object flapped since the contact was told of a problem.
func (d *Difference) flapped(contact string) bool {
	flapped := false
	for i := d.step; i >= 0; i-- {
		for _, line := range d.nagios.Seconds[i].Log {
			words := strings.Fields(line)
			switch {
			case words[0] == "flapping" && words[1] == d.Object:
				flapped = true
			case words[0] == "told" && words[1] == contact && words[2] == d.Object && !strings.Contains(words[3], "("):
				return flapped && words[3] != "OK" && words[3] != "UP"
			}
		}
	}
	return false
}

func flexibleHost(d *Difference) bool {
	if !d.isHost() || !logs(d.nagios.Seconds[d.step].Log, "downtime", d.Object, "STARTED") {
		return false
	}
	told := d.dropMissing(func(words []string) bool { return words[0] == "told" && !strings.Contains(words[3], "(") })
	return told && d.part()
}

func volatileWithHost(d *Difference) bool {
	host := d.want[d.host()]
	if d.isHost() || host["state"] == "UP" || host["type"] != "SOFT" {
		return false
	}
	told := d.dropMissing(func(words []string) bool { return words[0] == "told" && !strings.Contains(words[3], "(") })
	return told && d.part()
}

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

func otherHistory(d *Difference) bool {
	_, differs := d.Fields["flapping"]
	return differs && d.free[d.Object]["change"] && d.part()
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
