package bench_test

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onbu/onbu/bench"
	"github.com/onbu/onbu/internal/realpeer"
)

// small is a load for any machine.
func small(t testing.TB, scenario string) bench.Options {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return bench.Options{
		Scenario: scenario, Services: 200, Interval: time.Second, Window: 3 * time.Second, Program: self,
		Progress: func(line string) { t.Log(line) },
	}
}

func TestAWholeRunCountsEveryCheck(t *testing.T) {
	t.Parallel()
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
	if p := r.CPU.Parts; p == nil {
		t.Error("no profile was taken")
	} else if sum := p.Core + p.Bus + p.Poller + p.Result + p.Broks + p.GC + p.Other; math.Abs(sum-r.CPU.Engine) > 0.01*sum {
		t.Errorf("the parts make %.1f µs, the engine %.1f", sum, r.CPU.Engine)
	}
}

// sideBySide runs some at a time: they mostly wait.
func sideBySide(t *testing.T, names []string, run func(name string) error) {
	t.Helper()
	var wait sync.WaitGroup
	places := make(chan struct{}, 6)
	for _, name := range names {
		wait.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			if err := run(name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	wait.Wait()
}

func TestAPeerGetsTheSameChecks(t *testing.T) {
	t.Parallel()
	realpeer.Program(t, "check_tcp", "monitoring-plugins-basic")
	realpeer.Program(t, "nagios4", "nagios4-core")
	realpeer.Program(t, "icinga2", "icinga2-bin")
	sideBySide(t, bench.Peers(), func(peer string) error {
		o := small(t, "tcp")
		o.Services, o.Window, o.Peer = 20, 2*time.Second, peer
		r, err := bench.Run(t.Context(), o)
		if err != nil {
			return err
		}
		if r.Peer.CompletedPerS <= 0 || r.Peer.Errors != 0 || r.Peer.CPU.Forked <= 0 {
			t.Errorf("%s: %+v", peer, *r.Peer)
		}
		if r.Ratio <= 0 || r.CPURatio <= 0 {
			t.Errorf("%s: ratio %v, CPU ratio %v", peer, r.Ratio, r.CPURatio)
		}
		return nil
	})
}

func TestEveryScenarioRuns(t *testing.T) {
	t.Parallel()
	var names []string
	for _, s := range bench.Scenarios() {
		names = append(names, s[0])
	}
	sideBySide(t, names, func(name string) error {
		o := small(t, name)
		o.Services, o.Interval, o.Window = 90, 2*time.Second, 3*time.Second
		r, err := bench.Run(t.Context(), o)
		if err != nil {
			return err
		}
		if r.CompletedPerS <= 0 || r.RSS <= 0 {
			t.Errorf("%s: %+v", name, r.Figures)
		}
		if r.Errors != 0 {
			t.Errorf("%s: %d services were not OK, or results are missing; %q", name, r.Errors, r.Notes)
		}
		looksAtWhatItIsFor(t, r)
		return r.Write(io.Discard)
	})
}

// looksAtWhatItIsFor looks at what only some scenarios have.
func looksAtWhatItIsFor(t *testing.T, r *bench.Report) {
	t.Helper()
	switch r.Scenario {
	case "hang", "dead":
		if r.Without == nil || r.Without.InFlight >= r.InFlight {
			t.Errorf("%s: %d in flight beside the dead, without: %+v", r.Scenario, r.InFlight, r.Without)
		}
	case "soak":
		if a := r.Account; a == nil || a.Scheduled == 0 || a.Missing != 0 || len(r.Trends) != 3 {
			t.Errorf("soak: account %+v, trends %+v", a, r.Trends)
		}
	case "piggyback":
		if p := r.Piggyback; p == nil || p.Hosts != 45 || len(p.Rounds) == 0 || len(p.Processes) != 6 || p.BusBytes <= 0 || p.Whole <= 0 || p.PerS <= 0 {
			t.Errorf("piggyback: %+v", p)
		}
	case "reload", "passive", "agent":
		if len(r.Notes) != 1 {
			t.Errorf("%s: %q", r.Scenario, r.Notes)
		}
	}
}

func TestExecForksTheUsersPlugin(t *testing.T) {
	t.Parallel()
	o := small(t, "exec")
	o.Services, o.Plugin = 20, "/bin/false"
	r, err := bench.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Errors == 0 {
		t.Error("every service is OK: another plugin ran")
	}
}

func TestAnEndedContextEndsEverything(t *testing.T) {
	t.Parallel()
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
}

func TestAnEngineThatDoesNotStartIsQuoted(t *testing.T) {
	t.Parallel()
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
		"exec does":                      {Scenario: "tcp", Plugin: "/bin/false"},
		"put it into a script":           {Scenario: "exec", Plugin: "/bin/echo a; /bin/false"},
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
