package perfdata_test

import (
	"math"
	"testing"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/perfdata"
)

// The first six rows are the examples of the Monitoring Plugins Development Guidelines, "Threshold and Ranges".
func TestRangesAlertAsTheGuidelinesSay(t *testing.T) {
	for _, test := range []struct {
		text      string
		good, bad []float64
	}{
		{"10", []float64{0, 5, 10}, []float64{-0.1, 10.1}},
		{"10:", []float64{10, 1e9}, []float64{9.9, -5}},
		{"~:10", []float64{-1e9, 10}, []float64{10.1}},
		{"10:20", []float64{10, 15, 20}, []float64{9, 21}},
		{"@10:20", []float64{9, 21}, []float64{10, 15, 20}},
		{"@10", []float64{-1, 11}, []float64{0, 10}},
		{":10", []float64{0, 10}, []float64{-1, 11}},
		{"~:", []float64{-1e300, 0, 1e300}, nil},
		{"-20:-10", []float64{-20, -15, -10}, []float64{-21, -9}},
		{"0.5:1e2", []float64{0.5, 100}, []float64{0.4, 101}},
		{"0", []float64{0}, []float64{1, -1}},
	} {
		r, err := perfdata.ParseRange(test.text)
		if err != nil {
			t.Errorf("ParseRange(%q): %v", test.text, err)
			continue
		}
		for _, v := range test.good {
			if r.Alert(v) {
				t.Errorf("%s alerts for %v", test.text, v)
			}
		}
		for _, v := range append(test.bad, math.NaN()) {
			if !r.Alert(v) {
				t.Errorf("%s does not alert for %v", test.text, v)
			}
		}
	}
	if (perfdata.Range{}).Alert(math.NaN()) {
		t.Error("a range that is not set alerts")
	}
}

func TestBadRangesAreRefusedWithAHint(t *testing.T) {
	for text, want := range map[string]string{
		"":      `range "": no number; write one as 10, 10:, ~:10, 10:20 or @10:20`,
		"@":     `range "@": no number; write one as 10, 10:, ~:10, 10:20 or @10:20`,
		"x":     `range "x": end "x" is not a number`,
		"x:1":   `range "x:1": start "x" is not a number or ~`,
		"20:10": `range "20:10": start is above end; if below 10 is bad, write "10:"`,
		"-5":    `range "-5": start is above end; if below -5 is bad, write "-5:"`,
		"1:2:3": `range "1:2:3": end "2:3" is not a number`,
		"~":     `range "~": end "~" is not a number`,
		"1e999": `range "1e999": end "1e999" is not a number`,
		"0x1":   `range "0x1": end "0x1" is not a number`,
	} {
		if _, err := perfdata.ParseRange(text); err == nil || err.Error() != want {
			t.Errorf("ParseRange(%q)\n got %v\nwant %s", text, err, want)
		}
	}
}

func TestStateIsTheWorstThatApplies(t *testing.T) {
	warn, _ := perfdata.ParseRange("80")
	crit, _ := perfdata.ParseRange("90")
	for v, want := range map[float64]monitor.State{50: monitor.OK, 80: monitor.OK, 85: monitor.Warning, 95: monitor.Critical, -1: monitor.Critical} {
		if got := perfdata.State(v, warn, crit); got != want {
			t.Errorf("State(%v) = %v, want %v", v, got.ServiceName(), want.ServiceName())
		}
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"10", "10:", "~:10", "@10:20", ":", "@~:", "-1:1e9", "1::2"} {
		f.Add(s, 5.0)
	}
	f.Fuzz(func(t *testing.T, s string, v float64) {
		r, err := perfdata.ParseRange(s)
		if err != nil {
			return
		}
		again, err := perfdata.ParseRange(r.String())
		if err != nil || again != r {
			t.Fatalf("%q is written %q, which is read as %+v, %v; want %+v", s, r, again, err, r)
		}
		if again.Alert(v) != r.Alert(v) {
			t.Errorf("%q and %q differ for %v", s, r, v)
		}
	})
}
