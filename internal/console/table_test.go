package console_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/console"
	"github.com/onbu/onbu/monitor/api"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

func TestMain(m *testing.M) {
	time.Local = time.UTC // the golden files have times of day
	os.Exit(m.Run())
}

// golden compares with a file of testdata.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: %s", path, diff)
	}
}

var now = time.Unix(1_700_000_000, 0)

// before gives the Unix time so long before now.
func before(d time.Duration) float64 { return float64(now.Add(-d).Unix()) }

// up gives a host, or a service, without problems.
func up(host, service string) api.Object {
	o := api.Object{
		Host: host, Service: service, State: "UP", StateType: "HARD", Attempt: 1, MaxAttempts: 3, Output: "PING OK - rta 0.05 ms",
		LastCheck: before(10 * time.Second), NextCheck: before(-50 * time.Second), LastChange: before(26 * time.Hour),
		CheckType: "active", ActiveChecks: true,
	}
	if service != "" {
		o.State, o.Output = "OK", "HTTP OK: 200"
	}
	return o
}

func with(o api.Object, change func(*api.Object)) api.Object {
	change(&o)
	return o
}

// objects give one of each thing that the table shows.
func objects() (hosts, services []api.Object) {
	hosts = []api.Object{
		up("db", ""),
		with(up("gateway", ""), func(o *api.Object) {
			o.State, o.LastChange, o.Output = "DOWN", before(75*time.Second), "no answer from 127.0.0.2"
			o.Acknowledged, o.DowntimeDepth, o.Flapping = true, 1, true
		}),
		with(up("größe-東京", ""), func(o *api.Object) {
			o.State, o.StateType, o.Attempt, o.Output = "UNREACHABLE", "SOFT", 2, "東京からの応答がありません"
		}),
		{Host: "new", State: "PENDING", StateType: "HARD", ActiveChecks: true},
	}
	services = []api.Object{
		with(up("db", "backup"), func(o *api.Object) {
			o.State, o.ActiveChecks, o.LastCheck = "UNKNOWN", false, before(90*24*time.Hour)
		}),
		with(up("db", "disk"), func(o *api.Object) {
			o.State, o.StateType, o.Attempt = "WARNING", "SOFT", 1
			o.Output, o.NextCheck = "DISK WARNING - free space: / 1012 MiB (9% inode=91%); /var 20 GiB (43% inode=99%)", before(time.Second)
		}),
		up("db", "sql"),
		with(up("gateway", "ssh"), func(o *api.Object) { o.State, o.Acknowledged = "CRITICAL", true }),
		with(up("orphan", "x"), func(o *api.Object) { o.State = "CRITICAL" }),
	}
	return hosts, services
}

func TestTable(t *testing.T) {
	hosts, services := objects()
	for file, s := range map[string]console.Style{
		"table.txt":        {Now: now},
		"table-narrow.txt": {Now: now, Width: 80},
		"table-colour.txt": {Now: now, Width: 100, Colour: true},
	} {
		var out bytes.Buffer
		console.Table(&out, hosts, services, s)
		golden(t, file, out.String())
		if s.Width == 0 {
			continue
		}
		for line := range strings.Lines(out.String()) {
			for _, code := range []string{"\x1b[0m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[35m", "\x1b[90m"} {
				line = strings.ReplaceAll(line, code, "")
			}
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > s.Width {
				t.Errorf("%s: %d letters in a terminal of %d columns: %q", file, n, s.Width, line)
			}
		}
	}
}

func TestATableOfNothingIsItsHead(t *testing.T) {
	var out bytes.Buffer
	console.Table(&out, nil, nil, console.Style{Now: now})
	if got, want := out.String(), "NAME  STATE  SINCE  CHECKED  NEXT  OUTPUT\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestHeadline(t *testing.T) {
	sum := &api.Summary{Tally: api.Tally{
		Hosts:    map[string]int{"UP": 2, "DOWN": 1},
		Services: map[string]int{"CRITICAL": 1},
	}}
	if got, want := console.Headline(sum, console.Style{}), "3 hosts: 2 UP, 1 DOWN    1 service: 1 CRITICAL"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	sum = &api.Summary{Warnings: []string{"nobody \x1b[2Jlooks"}}
	if got, want := console.Headline(sum, console.Style{Colour: true}), "no hosts    no services\n\x1b[33m! nobody [2Jlooks\x1b[0m"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// hostile are texts that play with terminals, or pretend to be another line.
func hostile() []string {
	return []string{
		"\x1b[2J\x1b[31mred", "a\x07b\x08c\x7fd", "\u009b31mC1", "one\ntwo", "one\rtwo", "a\u202egnp.exe", "zero\u200bwidth", "bad \xff\xfe utf8",
		"\x1b]0;title\x07", "line\u2028separator", "tab\there", "\x00",
	}
}

func TestHostileTextsReachNoTerminal(t *testing.T) {
	for _, text := range hostile() {
		hosts := []api.Object{with(up("web"+text, ""), func(o *api.Object) { o.Output = text })}
		services := []api.Object{with(up("web"+text, text), func(o *api.Object) { o.Output = text })}
		var out bytes.Buffer
		console.Table(&out, hosts, services, console.Style{Now: now})
		if n := strings.Count(out.String(), "\n"); n != 3 {
			t.Errorf("%q makes a table of %d lines, want 3", text, n)
		}
		harmless(t, text, out.String())
		out.Reset()
		console.Explain(&out, &api.Explanation{
			Object: with(hosts[0], func(o *api.Object) { o.LongOutput, o.Perfdata = text, text }), Command: text, Line: text, Period: text,
			Checking: text, Why: []string{text}, Parents: []api.Neighbour{{Host: text}}, CommentList: []api.Comment{{Author: text, Text: text}},
			Downtimes: []api.Downtime{{Author: text, Comment: text}}, Told: []api.Telling{{Contact: text, Command: text}},
		}, console.Style{Now: now})
		harmless(t, text, out.String())
	}
}

func harmless(t *testing.T, text, drawn string) {
	t.Helper()
	for _, r := range drawn {
		if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r == 0x202e || r == 0x200b || r == 0x2028 || r == 0xfffd {
			t.Errorf("%q leaves %U in %q", text, r, drawn)
			return
		}
	}
}

func TestDurations(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "0s", time.Second: "1s", 59 * time.Second: "59s", 60 * time.Second: "1m00s", 61 * time.Second: "1m01s",
		59*time.Minute + 59*time.Second: "59m59s", time.Hour: "1h00m", 23*time.Hour + 59*time.Minute: "23h59m", 24 * time.Hour: "1d0h",
		49 * time.Hour: "2d1h", 1000 * 24 * time.Hour: "1000d0h",
	} {
		var out bytes.Buffer
		console.Table(&out, []api.Object{with(up("h", ""), func(o *api.Object) { o.LastCheck = before(d) })}, nil, console.Style{Now: now})
		if cells := strings.Fields(strings.Split(out.String(), "\n")[1]); cells[3] != want {
			t.Errorf("%s ago is shown as %q, want %q", d, cells[3], want)
		}
	}
}
