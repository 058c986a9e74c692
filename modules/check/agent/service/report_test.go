package service

import (
	"math"
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/perfdata"
)

func TestTheWorstStateCountsAndTextsAreMarked(t *testing.T) {
	var r Report
	r.OK("fine")
	r.Judge("Load", 7, Upper(5, 10), showCount)
	r.Notice(monitor.OK, "only in the long output")
	r.Watch("Swap", 95, Upper(80, 90), showPercent)
	r.Say(monitor.Unknown, "odd")
	o := r.Outcome()
	if o.State != monitor.Critical {
		t.Errorf("got %v, want CRITICAL before UNKNOWN", o.State)
	}
	want := "fine, Load: 7 (warn/crit at 5/10)(!), Swap: 95.00% (warn/crit at 80.00%/90.00%)(!!), odd(?)"
	if o.Output != want {
		t.Errorf("got %q, want %q", o.Output, want)
	}
	if want := "only in the long output\nSwap: 95.00% (warn/crit at 80.00%/90.00%)(!!)"; o.LongOutput != want {
		t.Errorf("long output: got %q, want %q", o.LongOutput, want)
	}
}

func TestALowerLevelIsNamedAsSuch(t *testing.T) {
	var r Report
	r.Judge("Free", 3, Lower(10, math.NaN()), showCount)
	if got, want := r.Outcome().Output, "Free: 3 (warn/crit below 10/never)(!)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPerformanceDataAreWrittenAsPluginsWriteThem(t *testing.T) {
	var r Report
	r.Metric(Measured("a", 1.5, "s"))
	r.Metric(Measured("/mnt/my disk", 1<<40, "B").By(Upper(10, 20)).Within(0, 100))
	r.Metric(Measured("free", 5, "%").By(Lower(10, 5)).Within(0, math.NaN()))
	r.Metric(Measured("both", -0.0000123, "").By(Levels{Warn: Bounds{1, 2}, Crit: Bounds{math.NaN(), 3}}))
	r.Metric(Measured("left out", math.NaN(), ""))
	r.Metric(Measured("inf", math.Inf(1), ""))
	r.Metric(Measured("", 1, ""))
	r.Metric(Measured("top", 4, "").Within(math.NaN(), 9))
	want := "a=1.5s '/mnt/my disk'=1099511627776B;10;20;0;100 free=5%;10:;5:;0 both=-0.0000123;1:2;3 top=4;;;;9"
	if got := r.Outcome().Perfdata; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestNumbersHaveNoExponent(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 1e15: "1000000000000000", 123456789.123: "123456789", 1234.5678: "1234.57", 0.1: "0.1", 1e-9: "0.000000001",
		1e-20: "0", 1e16: "10000000000000000", -2.5: "-2.5", 99999.95: "99999.9", 0.30000000000000004: "0.3",
	} {
		if got := string(appendNumber(nil, v)); got != want {
			t.Errorf("%v: got %s, want %s", v, got, want)
		}
	}
}

func TestTextsOfAgentsComeOutClean(t *testing.T) {
	var r Report
	r.OK("a\x00b\tc\nd;e\x1b[31m \xff f")
	r.Detail("one\rtwo")
	r.Metric(Measured("a|b='c'\n\xff", 1, ""))
	o := r.Outcome()
	if want := "ab c d:e[31m \uFFFD f"; o.Output != want {
		t.Errorf("got %q, want %q", o.Output, want)
	}
	if want := "one two"; o.LongOutput != want {
		t.Errorf("long output: got %q, want %q", o.LongOutput, want)
	}
	if metrics, err := perfdata.Parse(o.Perfdata); err != nil || len(metrics) != 1 {
		t.Errorf("performance data %q: got %v, %v", o.Perfdata, metrics, err)
	}
}

func TestOutputIsBoundedAndSaysWhatItLeftOut(t *testing.T) {
	var r Report
	long := strings.Repeat("x", 1000)
	for range 1000 {
		r.Notice(monitor.Warning, long)
		r.Metric(Measured(long, 1, ""))
	}
	o := r.Outcome()
	if len(o.Output) > mostTexts+100 || !strings.HasSuffix(o.Output, "and 992 more that there is no room for") {
		t.Errorf("first line: %d bytes, ends in %q", len(o.Output), o.Output[len(o.Output)-60:])
	}
	if len(o.LongOutput) > mostDetails+100 || len(o.Perfdata) > mostMetrics+1000 {
		t.Errorf("long output has %d bytes, performance data %d", len(o.LongOutput), len(o.Perfdata))
	}
	if o.State != monitor.Warning {
		t.Errorf("got %v, want WARNING", o.State)
	}
}
