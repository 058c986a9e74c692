package simulate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/scheduler/simulate"
)

// TestMistakesAreAllSaidAtOnce holds the texts of all mistakes: what is wrong, and what to write.
func TestMistakesAreAllSaidAtOnce(t *testing.T) {
	const (
		host     = " (expected: at TIME host HOST down|up|unreachable [for TIME])"
		service  = ` (expected: at TIME service HOST/SERVICE OK|WARNING|CRITICAL|UNKNOWN [for TIME] ["TEXT | PERFDATA"])`
		result   = ` (expected: at TIME result HOST[/SERVICE] STATE ["TEXT | PERFDATA"])`
		downtime = ` (expected: at TIME downtime HOST[/SERVICE] for TIME ["COMMENT"])`
	)
	tests := []struct{ line, want string }{
		{"at 1h hots core-1 down", `nothing is called "hots"; did you mean "host"?`},
		{"at 1h explode core-1", `nothing is called "explode"; there are ack, command, downtime, host, passive, result, service`},
		{"a 1h host core-1 down", `"a": a line begins with at, start, until or #; did you mean "at"?`},
		{"host core-1 down", `"host": a line begins with at, start, until or #; write "at TIME host …"`},
		{"whenever", `"whenever": a line begins with at, start, until or #`},
		{"at", "a time is missing"},
		{"at 1h", "nothing is said to happen then"},
		{"at 1x host core-1 down", `"1x" is no time: write it like 90s, 10m, 1h30m, 1d or 2w`},
		{"at -1h host core-1 down", `"-1h" is no time: write it like 90s, 10m, 1h30m, 1d or 2w`},
		{"at 25:00 host core-1 down", `"25:00" is no time of day: write it like 14:30`},
		{"at 9999999d host core-1 down", `"9999999d" is too long: a script may speak of ten years`},
		{"at 2026-01-01 10:00 host db1 down", "2026-01-01 10:00 is before the script begins, at 2026-01-05 00:00:00"},
		{"at 2026-01-06 host db1 down", `"2026-01-06 host" is no beginning: write it like 2026-01-05 08:00, between 1971 and 2200`},
		{"at 1h host cor-1 down", `there is no host "cor-1"; did you mean "core-1"?`},
		{"at 1h host mainframe down", `there is no host "mainframe"`},
		{"at 1h host", "the name of a host is missing" + host},
		{"at 1h host core-1", `"": a host is down, up or unreachable` + host},
		{"at 1h host core-1 dwon for 10m", `"dwon": a host is down, up or unreachable` + host},
		{"at 1h host core-1 down for", `a time is missing behind "for"` + host},
		{"at 1h host core-1 down for 0", `"0" is no time at all` + host},
		{"at 1h host core-1 up for 10m", `"for" goes with "down": a host that is up stays so` + host},
		{"at 1h host core-1 down 10m", `"10m" is too much` + host},
		{"at 1h service shop-1/htp CRITICAL", `host shop-1 has no service "htp"; did you mean "http"?`},
		{"at 1h service shop-1 CRITICAL", `shop-1 is a host: name one of its services, like shop-1/NAME, or write "host shop-1 down"`},
		{"at 1h service shop-1/ CRITICAL", `the service of shop-1 is missing: write it like shop-1/NAME`},
		{"at 1h service shop-9/http CRITICAL", `there is no host "shop-9"; did you mean "shop-1"?`},
		{"at 1h service shop-1/http DOWN", `"DOWN": a service is OK, WARNING, CRITICAL or UNKNOWN` + service},
		{`at 1h service "shop-1/http CRITICAL`, "a quote is opened and never closed" + service},
		{`at 1h service shop-1/http CRITICAL "slow" for 10m`, `"for" is too much` + service},
		{`at 1h service "shop-1/http"CRITICAL`, `a blank is missing behind "shop-1/http"` + service},
		{"at 1h result db1 WARNING", `"WARNING": a host is UP, DOWN or UNREACHABLE` + result},
		{"at 1h downtime db1", `how long it lasts is missing: "for 2h"` + downtime},
		{"at 1h command ACKNOWLEDGE_HOST_PROBLEM;db1", "external command ACKNOWLEDGE_HOST_PROBLEM: argument 2 (sticky) is missing; " +
			"usage: ACKNOWLEDGE_HOST_PROBLEM;host;sticky;notify;persistent;author;comment"},
		{"at 1h command SCHEDULE_FORCED_HOST_CHECK;db2;@2h", `there is no host "db2"; did you mean "db1"?`},
		{"at 1h command RESTART_PROGRAM", "RESTART_PROGRAM is for the engine as a whole: there is none here, only its core"},
		{"until 1d", ""},
		{"until 2d", "the script has two ends"},
		{"until", "a time is missing"},
	}
	var text strings.Builder
	var want []string
	for i, tt := range tests {
		text.WriteString(tt.line + "\n")
		if tt.want != "" {
			want = append(want, fmt.Sprintf("%d: %s", i+1, tt.want))
		}
	}
	s, problems := simulate.Parse(text.String(), simulate.Frame{Inventory: inventory(t, site), Zone: time.UTC})
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%d: %s", p.Line, p.Text))
	}
	if diff := cmp.Diff(want, got); diff != "" || s != nil {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatTheEndComesBeforeIsAMistake(t *testing.T) {
	inv, text := inventory(t, site), "at 2h host core-1 down for 1h\nat 30m host db1 down for 2h\nuntil 1h"
	_, problems := simulate.Parse(text, simulate.Frame{Inventory: inv, Zone: time.UTC})
	want := []simulate.Problem{{Line: 1, Text: "this never happens: the script ends before, at its line until"}}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Error(diff)
	}
	if _, problems = simulate.Parse(text, simulate.Frame{Inventory: inv, Zone: time.UTC, Lasts: time.Hour}); len(problems) > 0 {
		t.Errorf("with an end that was asked for: %v", problems)
	}
}

func TestAnUnusableBeginningIsSaidWithItsLine(t *testing.T) {
	_, problems := simulate.Parse("\nstart tomorrow\nat 1h host core-1 down", simulate.Frame{Inventory: inventory(t, site), Zone: time.UTC})
	want := []simulate.Problem{{Line: 2, Text: `"tomorrow" is no beginning: write it like 2026-01-05 08:00, between 1971 and 2200`}}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Error(diff)
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "90s": 90 * time.Second, "10m": 10 * time.Minute, "1h30m": 90 * time.Minute, "1.5h": 90 * time.Minute,
		"1d": 24 * time.Hour, "2w": 14 * 24 * time.Hour, "1d12h": 36 * time.Hour, "250ms": 250 * time.Millisecond,
	} {
		if got, err := simulate.Duration(text); got != want || err != nil {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "h", "1", "1y", "1.2.3h", "-1h", "1h-", "1e9h", "99999999999999999999d", "9w9w9999w"} {
		if got, err := simulate.Duration(text); err == nil {
			t.Errorf("%q is %v, want an error", text, got)
		}
	}
}

func TestWhenAScriptBeginsAndEnds(t *testing.T) {
	inv := inventory(t, site)
	given := simulate.Frame{Start: time.Date(2026, 7, 1, 6, 0, 0, 0, time.UTC), Lasts: time.Hour}
	tests := []struct {
		name, script, start, end string
		frame                    simulate.Frame
	}{
		{"an empty script lasts an hour", "", "2026-01-05 00:00", "2026-01-05 01:00", simulate.Frame{}},
		{"an hour after the last event", "at 2h host db1 down", "2026-01-05 00:00", "2026-01-05 03:00", simulate.Frame{}},
		{"an hour after the end of the last", "at 2h host db1 down for 3h", "2026-01-05 00:00", "2026-01-05 06:00", simulate.Frame{}},
		{"an hour after a downtime", "at 2h downtime db1 for 3h", "2026-01-05 00:00", "2026-01-05 06:00", simulate.Frame{}},
		{"as the script says", "until 1d\nstart 2026-02-01 08:00", "2026-02-01 08:00", "2026-02-02 08:00", simulate.Frame{}},
		{"a day alone is its midnight", "start 2026-02-01", "2026-02-01 00:00", "2026-02-01 01:00", simulate.Frame{}},
		{"a time of day is the next", "start 2026-02-01 08:00\nat 07:30 host db1 down", "2026-02-01 08:00", "2026-02-02 08:30", simulate.Frame{}},
		{"or today's", "start 2026-02-01 08:00\nuntil 17:00", "2026-02-01 08:00", "2026-02-01 17:00", simulate.Frame{}},
		{"a date", "at 2026-01-07 12:00 host db1 down # noon", "2026-01-05 00:00", "2026-01-07 13:00", simulate.Frame{}},
		{"the frame goes before the script", "start 2026-02-01\nuntil 1d", "2026-07-01 06:00", "2026-07-01 07:00", given},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.frame.Inventory, tt.frame.Zone = inv, time.UTC
			s, problems := simulate.Parse(tt.script, tt.frame)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			const layout = "2006-01-02 15:04"
			if start, end := s.Start().Format(layout), s.End().Format(layout); start != tt.start || end != tt.end {
				t.Errorf("from %s to %s, want from %s to %s", start, end, tt.start, tt.end)
			}
		})
	}
}

// FuzzParse looks for scripts that are understood and then cannot be, and for texts that end the reader.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"# a comment\nstart 2026-01-05 00:00\nuntil 1d\n",
		"at 10m host core-1 down for 45m",
		`at 1h result shop-1/http CRITICAL "text \" | perf=1;2;3"`,
		"at 5m service shop-1/http WARNING for 20m slow # comment",
		"at 2h command ACKNOWLEDGE_HOST_PROBLEM;db1;1;1;0;ann;so be it",
		"at 2h command SCHEDULE_SVC_DOWNTIME;db1;mysql;@3h;@4h;1;0;0;ann;move",
		"at 14:30 passive db1/backup OK\r\nat 2026-01-06 10:00 ack db1 yes\nat 1h downtime db1 for 2h kernel",
	} {
		f.Add(seed)
	}
	inv := inventory(f, site)
	f.Fuzz(func(t *testing.T, text string) {
		s, problems := simulate.Parse(text, simulate.Frame{Inventory: inv, Zone: time.UTC})
		if (s == nil) == (len(problems) == 0) {
			t.Fatalf("script %v and problems %v", s, problems)
		}
		last := 1
		for _, p := range problems {
			if p.Line < last || p.Line > 1+strings.Count(text, "\n") || p.Text == "" {
				t.Fatalf("%+v after line %d", p, last)
			}
			last = p.Line
		}
		if s != nil && s.End().Before(s.Start()) {
			t.Fatalf("from %v to %v", s.Start(), s.End())
		}
	})
}
