package console_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/scheduler/simulate"
)

func TestSimulation(t *testing.T) {
	minutes := func(n int) simulate.Offset { return simulate.Offset(time.Duration(n) * time.Minute) }
	start := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	over := minutes(55)
	full := simulate.Report{
		Start: start, End: start.Add(36 * time.Hour), Checks: 4711, Problems: 80,
		Notifications: []simulate.Notification{
			{At: minutes(12), Type: "PROBLEM", Host: "core-1", State: "DOWN", Contact: "noc", Number: 1, Commands: []string{"mail", "page"}},
			{At: minutes(30), Type: "CUSTOM", Host: "web 1", Service: "http", State: "CRITICAL", Contact: "ann", Number: 1, Commands: []string{"mail"}},
			{At: minutes(55), Type: "RECOVERY", Host: "core-1", State: "UP", Contact: "noc", Number: 2, Commands: []string{"mail", "page"}},
		},
		Roots:    []simulate.Root{{Host: "core-1", From: minutes(12), To: &over, Impacts: 57}, {Host: "web 1", Service: "http", From: minutes(1500)}},
		Handlers: []simulate.Handler{{At: minutes(12), Ref: monitor.Ref{Host: "core-1"}, Kind: monitor.ActionSnapshot, Name: "look", Line: "/bin/look core-1", State: "DOWN"}},
		Refused:  []simulate.Refusal{{At: minutes(40), Line: 7, What: "ack core-9", Why: "core-9 is UP: there is no problem to acknowledge"}},
	}
	for i := range 70 {
		full.States = append(full.States, simulate.Change{At: minutes(i), Host: fmt.Sprint("host", i), State: "UNREACHABLE", Type: "HARD", Output: strings.Repeat("no answer ", 9)})
	}
	full.States[0].Soft, full.States[0].Type = true, "SOFT"
	for i := range 12 {
		full.Silent = append(full.Silent, simulate.Silent{Why: fmt.Sprintf("reason %d\x1b[2J", i), Problems: 12 - i, Examples: []monitor.Ref{{Host: "a"}, {Host: "b", Service: "c"}}})
	}
	quiet := simulate.Report{Start: start, End: start.Add(90 * time.Minute), Checks: 1}
	untold := simulate.Report{Start: start, End: start.Add(4 * time.Hour), Problems: 1, Silent: []simulate.Silent{{Why: "it has no contacts", Problems: 1, Examples: []monitor.Ref{{Host: "a"}}}}}
	night := untold
	night.Silent = []simulate.Silent{{Why: "it is outside of the notification period workhours", Problems: 1, Examples: []monitor.Ref{{Host: "a"}}}}
	weeks := simulate.Report{Start: start, End: start.Add(24 * time.Hour), Problems: 1}
	for i := range 103 {
		weeks.Notifications = append(weeks.Notifications, simulate.Notification{At: minutes(i), Type: "PROBLEM", Host: "a", State: "DOWN", Contact: "ann", Number: uint32(i), Commands: []string{"mail"}})
	}
	for file, c := range map[string]struct {
		r    simulate.Report
		show console.Simulated
	}{
		"simulation.txt":         {full, console.Simulated{Style: console.Style{Width: 70}}},
		"simulation-verbose.txt": {full, console.Simulated{Style: console.Style{Width: 120, Colour: true}, Verbose: true, Soft: true}},
		"simulation-quiet.txt":   {quiet, console.Simulated{}},
		"simulation-what-if.txt": {untold, console.Simulated{WhatIf: "a"}},
		"simulation-night.txt":   {night, console.Simulated{WhatIf: "a"}},
		"simulation-weeks.txt":   {weeks, console.Simulated{}},
	} {
		var out bytes.Buffer
		console.Simulation(&out, &c.r, c.show)
		golden(t, file, out.String())
	}
}
