package service

import (
	"fmt"
	"regexp"
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
	disks := regexp.MustCompile(`\[(\d{1,6})/(\d{1,6})\]`)
	progress := regexp.MustCompile(`(recovery|resync|reshape|check)\s*=\s*([0-9.]+%|PENDING|DELAYED)`)
	var all []array
	for _, columns := range s.Rows() {
		line := strings.Join(columns, " ")
		if len(columns) >= 3 && columns[1] == ":" && strings.HasPrefix(columns[0], "md") {
			all = append(all, newArray(columns))
			continue
		}
		if len(all) == 0 || columns[0] == "unused" {
			continue
		}
		a := &all[len(all)-1]
		if m := disks.FindStringSubmatch(line); m != nil && a.wanted == 0 {
			fmt.Sscan(m[1], &a.wanted)
			fmt.Sscan(m[2], &a.working)
			if last := columns[len(columns)-1]; strings.Trim(last, "[]U_") == "" {
				a.marks = last
			}
		}
		if m := progress.FindStringSubmatch(line); m != nil {
			a.action, a.percent = m[1], m[2]
			for _, c := range columns {
				if v, ok := strings.CutPrefix(c, "finish="); ok {
					a.finish = v
				}
				if v, ok := strings.CutPrefix(c, "speed="); ok {
					a.speed = v
				}
			}
		}
	}
	return all
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
