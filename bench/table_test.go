package bench_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/bench"
)

func sample() bench.Report {
	return bench.Report{
		Scenario: "tcp", About: "check_tcp on a target that accepts", Machine: 2, LoadAverage: 0.5, Services: 20000, Interval: 10, Seconds: 120,
		Figures: bench.Figures{
			Name: "onbu", OfferedPerS: 2000, CompletedPerS: 1999.6, Lateness: bench.Lateness{P50: 1, P99: 4, Max: 30}, InFlight: 12,
			CPU: bench.CPU{
				Parts:  &bench.Parts{Core: 1, Bus: 8, Poller: 60, Result: 5, Broks: 6, GC: 10, Other: 10},
				Engine: 100, Total: 100,
			},
			Cores: 0.2, TargetCores: 0.1, RSS: 150e6, PeakRSS: 160e6, BytesPerService: 7500,
		},
	}
}

func TestTheReportReadsWell(t *testing.T) {
	r := sample()
	r.Peer = &bench.Figures{Name: "nagios4", OfferedPerS: 2000, CompletedPerS: 1000, CPU: bench.CPU{Engine: 50, Forked: 1950, Total: 2000}, Cores: 2}
	r.Ratio, r.CPURatio, r.OtherCores, r.Stopped = 2, 20, 0.5, true
	want := `tcp: check_tcp on a target that accepts
20,000 services every 10 s, measured for 120 s; 2 cores, load average before 0.5

           offered/s  completed/s  late p50  p99  max ms  µs CPU/check  cores  RSS MB  not OK
     onbu      2,000        2,000       1.0  4.0    30.0         100.0   0.20     150       0
  nagios4      2,000        1,000       0.0  0.0     0.0        2000.0   2.00       0       0

CPU µs: core 1.0, bus 8.0, poller 60.0, result 5.0, broks 6.0, gc 10.0, other 10.0, forked 0.0
7,500 bytes a service, all in; 160 MB at the peak; at most 12 checks under way
cores: the engine 0.20, the fake targets 0.10, everything else on this machine 0.50
The machine was busy with something else: measure again on a quiet one.

onbu completed 2.0 times the checks of nagios4, for which a check costs 20.0 times the CPU.

Stopped early: the figures are of what was measured until then.
`
	compare(t, &r, want)
}

func TestTheReportOfASearchShowsItsSteps(t *testing.T) {
	r := sample()
	r.Search = []bench.Step{
		{Services: 20000, OfferedPerS: 2000, CompletedPerS: 2000, Lateness: bench.Lateness{P99: 4, Max: 30}, Cores: 0.2, Held: true},
		{Services: 1200000, OfferedPerS: 120000, CompletedPerS: 90000, Lateness: bench.Lateness{P99: 4000, Max: 5000}, Cores: 1.9, Why: "late"},
	}
	r.CPU.Parts = nil
	want := `tcp: check_tcp on a target that accepts
20,000 services every 10 s, measured for 120 s; 2 cores, load average before 0.5

The search for the most that onbu holds (p99 of lateness under 1000 ms, all OK):

   services  offered/s  completed/s  late p99  max ms  cores  not OK
     20,000      2,000        2,000       4.0    30.0   0.20       0  held
  1,200,000    120,000       90,000    4000.0  5000.0   1.90       0  late

        offered/s  completed/s  late p50  p99  max ms  µs CPU/check  cores  RSS MB  not OK
  onbu      2,000        2,000       1.0  4.0    30.0         100.0   0.20     150       0

7,500 bytes a service, all in; 160 MB at the peak; at most 12 checks under way
cores: the engine 0.20, the fake targets 0.10, everything else on this machine 0.00
`
	compare(t, &r, want)
}

func compare(t *testing.T, r *bench.Report, want string) {
	t.Helper()
	var out bytes.Buffer
	if err := r.Write(&out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(line); n > 100 {
			t.Errorf("a line of %d characters: %s", n, line)
		}
	}
}

func TestTheReportOfNSCAHasALineForEachSender(t *testing.T) {
	r := sample()
	r.Scenario, r.About = "nsca", "passive results by NSCA"
	r.Senders = []*bench.NSCASender{
		{Engine: "onbu", About: "1 connection", Sent: 200_000, Accepted: 200_000, Applied: 199_999, Sending: 2, Applying: 2.5, CPU: 14.25, RSS: 300e6},
		{Engine: "onbu", About: "8 connections", Sent: 100},
		{Engine: "nagios4", About: "1 connection", Sent: 50_000, Accepted: 50_000, Applied: 50_000, Sending: 1, Applying: 1, CPU: 40, RSS: 44e6},
	}
	want := `nsca: passive results by NSCA
20,000 services; 2 cores, load average before 0.5

onbu
                    sent  accepted/s  applied/s  missing  µs CPU/result  RSS MB
   1 connection  200,000     100,000     80,000        1           14.2     300
  8 connections      100           0          0      100            0.0       0

nagios4
                  sent  accepted/s  applied/s  missing  µs CPU/result  RSS MB
  1 connection  50,000      50,000     50,000        0           40.0      44

Missing are those that made no state, of those that the sender gave to the kernel.
CPU and memory are of the engine with its NSCA server.
`
	compare(t, &r, want)
}
