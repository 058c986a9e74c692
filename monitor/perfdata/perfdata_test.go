package perfdata_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/onbu/onbu/monitor/perfdata"
)

var of = perfdata.Of

func upTo(end float64) perfdata.Range { return perfdata.Range{End: end, Set: true} }

func TestParseReadsWhatPluginsPrint(t *testing.T) {
	for in, want := range map[string][]perfdata.Metric{
		"":                                    nil,
		" \t":                                 nil,
		"time=0.002722s;;;0.000000;10.000000": {{Label: "time", Value: of(0.002722), Unit: "s", Min: of(0), Max: of(10)}},
		"load1=0.1;15;30;0 load5=0.2;10;25;0": {
			{Label: "load1", Value: of(0.1), Warn: upTo(15), Crit: upTo(30), Min: of(0)},
			{Label: "load5", Value: of(0.2), Warn: upTo(10), Crit: upTo(25), Min: of(0)},
		},
		"/=2643MB;5948;5958;0;5968": {{Label: "/", Value: of(2643), Unit: "MB", Warn: upTo(5948), Crit: upTo(5958), Min: of(0), Max: of(5968)}},
		"'C: used space'=5%":        {{Label: "C: used space", Value: of(5), Unit: "%"}},
		"'it''s = a'=1c":            {{Label: "it's = a", Value: of(1), Unit: "c"}},
		"users=U;3":                 {{Label: "users", Warn: upTo(3)}},
		"a=1e3B b=-.5E-2 c=3eV":     {{Label: "a", Value: of(1000), Unit: "B"}, {Label: "b", Value: of(-.005)}, {Label: "c", Value: of(3), Unit: "eV"}},
		"a=1;@10:20;~:5;x;y":        {{Label: "a", Value: of(1), Warn: perfdata.Range{Start: 10, End: 20, Inside: true, Set: true}, Crit: perfdata.Range{Start: math.Inf(-1), End: 5, Set: true}}},
		"a=1;80%;90%":               {{Label: "a", Value: of(1)}},
		"a=1\tb=2\n c=3":            {{Label: "a", Value: of(1)}, {Label: "b", Value: of(2)}, {Label: "c", Value: of(3)}},
	} {
		got, err := perfdata.Parse(in)
		if err != nil {
			t.Errorf("Parse(%q): %v", in, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", in, diff)
		}
	}
}

func TestOneBadEntryCostsOnlyItself(t *testing.T) {
	for bad, want := range map[string]string{
		"nothing":  `perfdata "nothing": no equals sign; a label with blanks stands in single quotes`,
		"=5":       `perfdata "=5": the label is empty`,
		"''=5":     `perfdata "''=5": the label is empty`,
		"'a'5":     `perfdata "'a'5": no equals sign after the quoted label`,
		"a=":       `perfdata "a=": no value; a value that is not known is written U`,
		"a=;1;2":   `perfdata "a=;1;2": no value; a value that is not known is written U`,
		"a=NaN":    `perfdata "a=NaN": the value is not a finite number`,
		"a=Inf":    `perfdata "a=Inf": the value is not a finite number`,
		"a=1e400":  `perfdata "a=1e400": the value is not a finite number`,
		"a=0x10":   `perfdata "a=0x10": "x10" is not a unit of measurement`,
		"a=0,5":    `perfdata "a=0,5": ",5" is not a unit of measurement`,
		"a=1-2":    `perfdata "a=1-2": the value is not a finite number`,
		"a=b=5":    `perfdata "a=b=5": the value is not a finite number`,
		"a=1;2;3'": "",
	} {
		got, err := perfdata.Parse("x=1 " + bad + " y=2")
		if want == "" {
			if err != nil {
				t.Errorf("%q: %v, want no error", bad, err)
			}
			continue
		}
		if err == nil || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", bad, err, want)
		}
		if len(got) != 2 || got[0].Label != "x" || got[1].Label != "y" {
			t.Errorf("%q: got %v, want x and y", bad, got)
		}
	}
}

func TestAQuoteThatIsNeverClosedDoesNotHideTheRest(t *testing.T) {
	got, err := perfdata.Parse("'a=1 b=2")
	if err == nil || len(got) != 1 || got[0].Label != "b" {
		t.Errorf("got %v, %v; want b and an error", got, err)
	}
}

func TestListsAreBounded(t *testing.T) {
	got, err := perfdata.Parse(strings.Repeat("a=1 ", perfdata.MaxMetrics+5))
	if err == nil || len(got) != perfdata.MaxMetrics {
		t.Errorf("got %d metrics and %v, want %d and an error", len(got), err, perfdata.MaxMetrics)
	}
	if _, err := perfdata.Parse(strings.Repeat("x", perfdata.MaxLabel+1) + "=1"); err == nil || len(err.Error()) > 300 {
		t.Errorf("long label: got %v, want a short error", err)
	}
	if _, err := perfdata.Parse("a=1" + strings.Repeat("x", perfdata.MaxUnit+1)); err == nil {
		t.Error("long unit: no error")
	}
}

func TestStringIsShortAndPlain(t *testing.T) {
	for in, want := range map[string]string{
		"time=0.002722s;;;0.000000;10.000000": "time=0.002722s;;;0;10",
		"'plain'=1":                           "plain=1",
		"'it''s'=U":                           "'it''s'=U",
		"a=1;0:10;10:;~:;@5":                  "a=1;10;10:",
		"a=1e20;;;;5":                         "a=1e+20;;;;5",
		"a=-0.000001":                         "a=-0.000001",
	} {
		got, _ := perfdata.Parse(in)
		if len(got) != 1 || got[0].String() != want {
			t.Errorf("%q: got %v, want %s", in, got, want)
		}
	}
}

func TestReadingAllocatesNothing(t *testing.T) {
	const s = "rta=0.05ms;100.000;500.000;0; pl=0%;20;60;; 'round trip max'=0.09ms;@1:2;~:5;; U=U"
	var sum float64
	if n := testing.AllocsPerRun(100, func() {
		for m, err := range perfdata.All(s) {
			if err == nil {
				sum += m.Value.Value
			}
		}
	}); n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}

func FuzzAll(f *testing.F) {
	for _, s := range []string{
		"load1=0.1;15;30;0 load5=0.2;10;25;0", "'it''s = a'=1c;@1:2;~:;-1;1e9", "''''=U", "'a", "a=1e400 b=2", "=", "a==1;;;;;;",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for m, err := range perfdata.All(s) {
			if err != nil {
				continue
			}
			again, err := perfdata.Parse(m.String())
			if err != nil || len(again) != 1 {
				t.Fatalf("%+v written as %q and read again: %v, %v", m, m.String(), again, err)
			}
			if diff := cmp.Diff(m, again[0]); diff != "" {
				t.Errorf("%q written and read again:\n%s", m.String(), diff)
			}
			for _, r := range []perfdata.Range{m.Warn, m.Crit} {
				if r.Set && r.Start > r.End {
					t.Errorf("%q: range %v is the wrong way round", s, r)
				}
			}
		}
	})
}

func BenchmarkAll(b *testing.B) {
	const s = "rta=0.05ms;100.000;500.000;0; pl=0%;20;60;; rtmax=0.09ms;;;; rtmin=0.03ms;;;;"
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for range perfdata.All(s) {
			n++
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/metric")
}
