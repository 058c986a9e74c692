package oracle

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

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

func otherHistory(d *Difference) bool {
	_, differs := d.Fields["flapping"]
	return differs && d.free[d.Object]["change"] && d.part()
}

func volatileWithHost(d *Difference) bool {
	host := d.want[d.host()]
	if d.isHost() || host["state"] == "UP" || host["type"] != "SOFT" {
		return false
	}
	told := d.dropMissing(func(words []string) bool { return words[0] == "told" && !strings.Contains(words[3], "(") })
	return told && d.part()
}

func attemptWithin(d *Difference) bool {
	if attempt, _ := strconv.Atoi(d.want[d.Object]["attempt"]); attempt <= d.allowed() {
		return false
	}
	n := len(d.Missing) + len(d.Fields)
	d.sameButAttempt()
	if _, ok := d.Fields["attempt"]; ok {
		d.frees("attempt")
	}
	return len(d.Missing)+len(d.Fields) < n
}

// allowed gives how many attempts a command has allowed the object last; as many as there can be if none has.
func (d *Difference) allowed() int {
	words := ";" + strings.ReplaceAll(d.Object, "/", ";") + ";"
	for i := d.step; i >= 0; i-- {
		command, number, ok := strings.Cut(d.nagios.Seconds[i].Event, words)
		if n, err := strconv.Atoi(number); ok && err == nil && strings.HasPrefix(command, "CHANGE_MAX_") {
			return n
		}
	}
	return math.MaxInt
}

func dependsOnApart(d *Difference) bool {
	depends := func(line string) bool {
		words := strings.Fields(line)
		if !strings.HasSuffix(words[0], "dependency") || words[1] != d.Object && words[1] != d.host() {
			return false
		}
		return d.apart[strings.TrimPrefix(words[2], "on=")]
	}
	other := func(line string) bool { return !strings.HasPrefix(line, "told ") }
	if slices.ContainsFunc(slices.Concat(d.Missing, d.Extra), other) {
		return false
	}
	return slices.ContainsFunc(d.nagios.World, depends) && d.part()
}
