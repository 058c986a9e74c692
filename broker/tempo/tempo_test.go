package tempo_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/broker/tempo"
	"github.com/onbu/onbu/monitor"
)

func check(module, poller string, latency, execution time.Duration) monitor.Check {
	return monitor.Check{Module: module, Poller: poller, Latency: latency, Execution: execution}
}

// at is a moment in seconds, at the beginning of a slot for multiples of five.
func at(seconds int) monitor.Time {
	return monitor.Time(1e18) + monitor.Time(seconds)*monitor.Time(time.Second)
}

func TestRatesAreOfTheLastFullSlots(t *testing.T) {
	var p tempo.Tempo
	for s := range 30 {
		p.Add(at(s), []monitor.Check{check("icmp", "a", 0, 0), check("icmp", "b", 0, 0), check("snmp", "a", 0, 0)})
	}
	r := p.Report(at(32))
	if len(r.Modules) != 2 || r.Modules[0].Rate != 2 || r.Modules[1].Rate != 1 || r.All.Rate != 3 {
		t.Errorf("modules %+v, all %v", r.Modules, r.All.Rate)
	}
	if diff := cmp.Diff([]tempo.Poller{{Name: "a", Rate: 2}, {Name: "b", Rate: 1}}, r.Pollers); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]uint32{10, 10, 10, 10, 10, 10}, r.Modules[0].Slots); diff != "" {
		t.Error(diff)
	}
	if r := p.Report(at(60)); r.All.Rate != 0 || len(r.Modules) != 2 {
		t.Errorf("half a minute without a check: %+v", r)
	}
	if r := p.Report(at(400)); len(r.Modules) != 0 || len(r.Pollers) != 0 || len(r.All.Slots) != 0 {
		t.Errorf("after five minutes without a check: %+v", r)
	}
}

func TestTimesAreOfTheLastMinute(t *testing.T) {
	var p tempo.Tempo
	p.Add(at(0), []monitor.Check{check("exec", "a", time.Hour, time.Hour)})
	for i := range 1000 {
		p.Add(at(65), []monitor.Check{check("exec", "a", time.Duration(i)*time.Millisecond, 20*time.Millisecond)})
	}
	got := p.Report(at(70)).Modules[0]
	for _, x := range []struct {
		what      string
		got, want float64
	}{
		{"p50 of latency", got.Latency.P50, .5},
		{"p99 of latency", got.Latency.P99, .99},
		{"the largest latency", got.Latency.Max, .999},
		{"p50 of execution", got.Execution.P50, .02},
		{"p99 of execution", got.Execution.P99, .02},
	} {
		if math.Abs(x.got-x.want) > x.want/8 {
			t.Errorf("%s is %v, want %v to within an eighth", x.what, x.got, x.want)
		}
	}
}

func TestWhatIsOddIsCountedToo(t *testing.T) {
	var p tempo.Tempo
	passive := check("", "", 0, 0)
	passive.CheckType = monitor.Passive
	p.Add(at(0), []monitor.Check{passive, check("icmp", "a", -time.Second, 1e6*time.Hour), check("icmp", "a", 3*time.Microsecond, 4*time.Microsecond)})
	r := p.Report(at(5))
	if len(r.Modules) != 2 || r.Modules[1].Name != tempo.Passive || r.All.Slots[0] != 2 {
		t.Errorf("%+v", r)
	}
	if e := r.Modules[0].Execution; e.P50 < 4e-6 || e.P50 > 5e-6 || e.Max < 40000 {
		t.Errorf("execution: %+v", e)
	}
}

func TestNoNumberOfNamesTakesMoreRoom(t *testing.T) {
	var p tempo.Tempo
	for i := range 1000 {
		p.Add(at(0), []monitor.Check{check(fmt.Sprint("m", i), fmt.Sprint("p", i), 0, 0)})
	}
	r := p.Report(at(5))
	if len(r.Modules) != 65 || len(r.Pollers) != 65 || r.Modules[0].Name != tempo.Others || r.Modules[0].Slots[0] != 936 {
		t.Errorf("%d modules, %d pollers, first %+v", len(r.Modules), len(r.Pollers), r.Modules[0])
	}
}

// What it costs to count a check, beside folding it into the view (BenchmarkApplyACheck of package view).
func BenchmarkAdd(b *testing.B) {
	var p tempo.Tempo
	checks := make([]monitor.Check, 512)
	for i := range checks {
		checks[i] = check([]string{"icmp", "snmp", "nrpe"}[i/100%3], []string{"one", "two"}[i%2], time.Duration(i)*time.Millisecond, time.Millisecond)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p.Add(at(i/100), checks)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(checks)), "ns/check")
}
