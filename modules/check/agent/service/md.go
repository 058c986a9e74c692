package service

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor"
)

// mdKind is the software RAIDs of a Linux host, by /proc/mdstat.
func mdKind() Kind {
	return Kind{
		Name:     "md",
		Sections: []string{"md"},
		Discover: func(in *Input) []Found {
			var found []Found
			for _, a := range arraysOf(in.first("md")) {
				found = append(found, Found{Item: a.name, Description: "MD Softraid " + a.name})
			}
			return found
		},
		Check: checkMD,
		Takes: map[string]string{"sync": "STATE while it is recovered or reshaped (warning)"},
	}
}

// array is the lines of one RAID.
type array struct {
	name, state, level    string
	spare, failed, active int
	wanted, working       int    // of [2/1]; 0 if the array has no such thing
	marks                 string // of [U_]
	action, finish, speed string // recovery, resync, reshape or check
	percent               string
}

func arraysOf(s *section.Section) []array {
	var all []array
	for _, columns := range s.Rows() {
		switch {
		case len(columns) >= 3 && columns[1] == ":" && strings.HasPrefix(columns[0], "md"):
			all = append(all, newArray(columns))
		case len(all) > 0 && columns[0] != "unused":
			all[len(all)-1].more(columns)
		}
	}
	return all
}

// more reads a further line of an array: "… [2/1] [U_]", or "… recovery = 12.6% (…) finish=127.5min speed=33440K/sec".
func (a *array) more(columns []string) {
	for i, c := range columns {
		name, value, _ := strings.Cut(c, "=")
		switch name {
		case "recovery", "resync", "reshape", "check":
			if value == "" && i+2 < len(columns) && columns[i+1] == "=" {
				value = columns[i+2]
			}
			a.action, a.percent = name, value
		case "finish":
			a.finish = value
		case "speed":
			a.speed = value
		}
		wanted, working, ok := strings.Cut(strings.Trim(c, "[]"), "/")
		all, err1 := strconv.Atoi(wanted)
		alive, err2 := strconv.Atoi(working)
		if ok && c[0] == '[' && err1 == nil && err2 == nil && a.wanted == 0 {
			a.wanted, a.working = all, alive
			if last := columns[len(columns)-1]; strings.Trim(last, "[]U_") == "" {
				a.marks = last
			}
		}
	}
}

// newArray reads "md0 : active (auto-read-only) raid1 sda1[0] sdb1[1](F)".
func newArray(columns []string) array {
	a := array{name: columns[0], state: columns[2]}
	rest := columns[3:]
	for len(rest) > 0 && strings.HasPrefix(rest[0], "(") {
		a.state += " " + rest[0]
		rest = rest[1:]
	}
	if len(rest) > 0 && !strings.Contains(rest[0], "[") {
		a.level, rest = rest[0], rest[1:]
	}
	for _, disk := range rest {
		switch {
		case strings.HasSuffix(disk, "(F)"):
			a.failed++
		case strings.HasSuffix(disk, "(S)"):
			a.spare++
		default:
			a.active++
		}
	}
	return a
}

func checkMD(in *Input, r *Report) {
	a, ok := pick(in, r, "RAID", arraysOf(in.first("md")), func(a array) string { return a.name })
	if !ok {
		return
	}
	syncing := in.StateOf(r, "sync", monitor.Warning)
	state := monitor.Critical
	if a.state == "active" || a.state == "active (auto-read-only)" || a.state == "active(auto-read-only)" {
		state = monitor.OK
	}
	r.Say(state, "Status: "+a.state)
	state = monitor.OK
	if a.failed > 0 {
		state = monitor.Warning
	}
	r.Say(state, fmt.Sprintf("Spare: %d, Failed: %d, Active: %d", a.spare, a.failed, a.active))
	if a.wanted > 0 {
		state = monitor.OK
		if a.working < a.wanted {
			state = monitor.Critical
		}
		r.Say(state, strings.TrimSpace(fmt.Sprintf("%d of %d disks work %s", a.working, a.wanted, a.marks)))
	}
	if a.action != "" {
		sayProgress(r, a, syncing)
	}
}

// sayProgress says what is done to an array. A check of all disks is nothing to wake anybody for.
func sayProgress(r *Report, a array, syncing monitor.State) {
	if a.action == "check" || a.percent == "PENDING" || a.percent == "DELAYED" {
		syncing = monitor.OK
	}
	text := a.action + ": " + a.percent
	if a.finish != "" {
		text += ", finished in " + a.finish
	}
	if a.speed != "" {
		text += ", speed " + a.speed
	}
	r.Say(syncing, text)
}
