package oracle

import (
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
		Name:     "the end of a host's problem is told to those who were told of the problem",
		Why:      "Nagios asks that only of services; contacts of a host learn that something is over of which they never heard.",
		explains: endForThoseTold,
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
		same := func(other string) bool { return slices.Equal(strings.Fields(other)[:4], words[:4]) }
		if i := slices.IndexFunc(d.Extra, same); i >= 0 {
			d.Extra = slices.Delete(d.Extra, i, i+1)
			d.Missing = without(d.Missing, []string{line})
		}
	}
}

func endForThoseTold(d *Difference) bool {
	n := len(d.Missing)
	d.Missing = slices.DeleteFunc(d.Missing, func(line string) bool {
		words := strings.Fields(line)
		return d.isHost() && words[0] == "told" && words[3] == "UP" && !d.wasTold(words[1])
	})
	return len(d.Missing) < n
}

// wasTold says whether a contact was told of the problem that has just ended.
func (d *Difference) wasTold(contact string) bool {
	for i := d.step - 1; i >= 0; i-- {
		for _, line := range d.nagios.Seconds[i].Log {
			words := strings.Fields(line)
			switch {
			case len(words) == 4 && words[0] == "told" && words[1] == contact && words[2] == d.Object && (words[3] == "DOWN" || words[3] == "UNREACHABLE"):
				return true
			case words[0] == "alert" && words[1] == d.Object && words[2] == "UP" && words[3] == "HARD":
				return false
			}
		}
	}
	return false
}
