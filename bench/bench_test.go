package bench_test

import (
	"context"
	"encoding/json"
	"math"
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
	if p := r.CPU.Parts; p == nil || p.Poller <= 0 || p.Core <= 0 || p.Bus <= 0 {
		t.Errorf("parts %+v", p)
	} else if sum := p.Core + p.Bus + p.Poller + p.Result + p.Broks + p.GC + p.Other; math.Abs(sum-r.CPU.Engine) > 0.01*sum {
		t.Errorf("the parts make %.1f µs, the engine %.1f", sum, r.CPU.Engine)
	}
	if left := leftovers(t); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestAPeerGetsTheSameChecks(t *testing.T) {
	realpeer.Program(t, "check_tcp", "monitoring-plugins-basic")
	for peer, where := range map[string]string{"nagios4": "nagios4-core", "icinga2": "icinga2-bin"} {
		t.Run(peer, func(t *testing.T) {
			realpeer.Program(t, peer, where)
			o := small(t, "tcp")
			o.Services, o.Window, o.Peer = 20, 2*time.Second, peer
			r, err := bench.Run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if r.Peer.CompletedPerS <= 0 || r.Peer.Errors != 0 || r.Peer.CPU.Forked <= 0 {
				t.Errorf("%s: %+v", peer, *r.Peer)
			}
			if r.Ratio <= 0 || r.CPURatio <= 0 {
				t.Errorf("ratio %v, CPU ratio %v", r.Ratio, r.CPURatio)
			}
			if left := leftovers(t); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
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
	r, err := bench.Run(ctx, o)
	if err != nil || !r.Stopped || r.Seconds < 1 || r.CompletedPerS <= 0 {
		t.Errorf("error %v, report %+v; want what was measured until then", err, r)
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

func TestTheJSONHasFlatFigures(t *testing.T) {
	b, err := json.Marshal(bench.Report{Figures: bench.Figures{Name: "onbu", CompletedPerS: 5, CPU: bench.CPU{Parts: &bench.Parts{Core: 1}}}})
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
