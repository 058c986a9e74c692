package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/onbu/onbu/bench"
	"github.com/onbu/onbu/internal/realpeer"
)

// small is a load for any machine.
func small(t testing.TB, scenario string) bench.Options {
	t.Helper()
	t.Setenv("TMPDIR", realpeer.Dir(t)) // where nagios4 may go, unlike t.TempDir
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return bench.Options{
		Scenario: scenario, Services: 200, Interval: time.Second, Window: 3 * time.Second, Program: self,
		Progress: func(line string) { t.Log(line) },
	}
}

// leftovers gives the processes that this one started and that still are, and the files left in the temporary folder.
func leftovers(t *testing.T) []string {
	t.Helper()
	var out []string
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		b, _ := os.ReadFile(path) // it may have ended
		_, rest, _ := strings.Cut(string(b), ") ")
		if f := strings.Fields(rest); len(f) > 1 && f[1] == strconv.Itoa(os.Getpid()) {
			out = append(out, string(b))
		}
	}
	files, err := filepath.Glob(filepath.Join(os.TempDir(), "onbu-bench-*"))
	if err != nil {
		t.Fatal(err)
	}
	return append(out, files...)
}

func TestAWholeRunCountsEveryCheckAndLeavesNothingBehind(t *testing.T) {
	r, err := bench.Run(t.Context(), small(t, "tcp"))
	if err != nil {
		t.Fatal(err)
	}
	if r.OfferedPerS != 200 {
		t.Errorf("offered %v/s, want 200", r.OfferedPerS)
	}
	if r.CompletedPerS < 50 {
		t.Errorf("completed %v/s of 200 offered", r.CompletedPerS)
	}
	if r.Errors != 0 {
		t.Errorf("%d services were not OK", r.Errors)
	}
	if l := r.Lateness; l.P50 <= 0 || l.P99 < l.P50 || l.Max < l.P99 {
		t.Errorf("lateness %+v", l)
	}
	if r.CPU.Engine <= 0 || r.RSS <= 0 || r.PeakRSS < r.RSS {
		t.Errorf("CPU %+v, RSS %d, peak %d", r.CPU, r.RSS, r.PeakRSS)
	}
	if left := leftovers(t); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestNagiosGetsTheSameChecks(t *testing.T) {
	realpeer.Program(t, "nagios4", "nagios4-core")
	realpeer.Program(t, "check_dummy", "monitoring-plugins-basic")
	o := small(t, "dummy")
	o.Services, o.Peer = 20, "nagios4"
	r, err := bench.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Peer.CompletedPerS <= 0 || r.Peer.Errors != 0 || r.Peer.CPU.Forked <= 0 {
		t.Errorf("nagios4: %+v", *r.Peer)
	}
	if r.Ratio <= 0 || r.CPURatio <= 0 {
		t.Errorf("ratio %v, CPU ratio %v", r.Ratio, r.CPURatio)
	}
	if left := leftovers(t); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestHangingTargetsAreCountedApart(t *testing.T) {
	o := small(t, "hang")
	o.Services, o.Interval = 120, 2*time.Second // the hanging ones take half of it
	r, err := bench.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Without == nil || r.Without.InFlight >= 20 || r.InFlight < 20 {
		t.Errorf("in flight %d with 100 hanging targets, without: %+v", r.InFlight, r.Without)
	}
	if r.Errors != 0 {
		t.Errorf("%d healthy services were not OK", r.Errors)
	}
}

func TestAnEndedContextEndsEverything(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := small(t, "tcp")
	o.Window = time.Hour
	log := o.Progress
	o.Progress = func(line string) {
		log(line)
		if strings.Contains(line, "checks/s") {
			cancel()
		}
	}
	if _, err := bench.Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want canceled", err)
	}
	if left := leftovers(t); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestAnEngineThatDoesNotStartIsQuoted(t *testing.T) {
	o := small(t, "icmp")
	o.Program = realpeer.File(t, os.TempDir(), "broken", "#!/bin/sh\necho no room on the disk >&2; exit 3\n")
	if err := os.Chmod(o.Program, 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := bench.Run(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "no room on the disk") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("error %v does not say why", err)
	}
}

func TestImpossibleOptionsAreRefused(t *testing.T) {
	for want, o := range map[string]bench.Options{
		`no scenario is called "pigeon"`: {Scenario: "pigeon"},
		"whole seconds":                  {Scenario: "tcp", Interval: time.Second / 2},
		"-1 services":                    {Scenario: "tcp", Services: -1},
		`no peer is called "icinga9"`:    {Scenario: "tcp", Peer: "icinga9"},
		"leave --peer away":              {Scenario: "hang", Peer: "nagios4"},
		"must not be negative":           {Scenario: "tcp", Window: -1},
	} {
		if _, err := bench.Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", o, err, want)
		}
	}
}

func TestTheReportReadsWell(t *testing.T) {
	r := bench.Report{
		Scenario: "tcp", Machine: 2, LoadAverage: 0.5, Services: 20000, Interval: 10, Seconds: 120, OfferedPerS: 2000,
		Figures: bench.Figures{
			Name: "onbu", CompletedPerS: 2000, Lateness: bench.Lateness{P50: 1, P99: 4, Max: 30}, CPU: bench.CPU{Engine: 100, Total: 100},
			Cores: 0.2, RSS: 150e6, PeakRSS: 160e6, InFlight: 12,
		},
		Peer:  &bench.Figures{Name: "nagios4", CompletedPerS: 1000, CPU: bench.CPU{Engine: 50, Forked: 1950, Total: 2000}, Cores: 2},
		Ratio: 2, CPURatio: 20,
	}
	var out bytes.Buffer
	if err := r.Write(&out); err != nil {
		t.Fatal(err)
	}
	want := `tcp: 20000 services every 10 s, measured for 120 s; 2 cores, load average before 0.5

           offered/s  completed/s  late p50  p99  max ms  in flight  µs CPU/check  forked  cores  target  other  RSS MB  peak  not OK
     onbu       2000         2000       1.0  4.0    30.0         12         100.0     0.0   0.20    0.00   0.00     150   160       0
  nagios4       2000         1000       0.0  0.0     0.0          0        2000.0  1950.0   2.00    0.00   0.00       0     0       0

onbu completed 2.0 times the checks of nagios4, for which a check costs 20.0 times the CPU.
`
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTheJSONHasFlatFigures(t *testing.T) {
	b, err := json.Marshal(bench.Report{Figures: bench.Figures{Name: "onbu", CompletedPerS: 5}})
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"scenario", "seconds", "services", "offered_per_s", "completed_per_s", "lateness_ms", "cpu_us_per_check", "rss_bytes",
		"bytes_per_service", "errors",
	} {
		if _, ok := got[key]; !ok {
			t.Errorf("no %s in %s", key, b)
		}
	}
}

// BenchmarkTCP runs the whole engine once for each iteration, a second of it measured.
func BenchmarkTCP(b *testing.B) {
	o := small(b, "tcp")
	o.Window, o.Progress = time.Second, nil
	for b.Loop() {
		r, err := bench.Run(b.Context(), o)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(r.Lateness.P99, "late-p99-ms")
		b.ReportMetric(r.CPU.Total, "cpu-µs/check")
	}
}
