package service

import (
	"math"
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor"
)

func TestLevelsAreReadWithTheirUnits(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		warn, crit string
		want       Levels
	}{
		{"", "", None()},
		{"80", "90", Upper(80, 90)},
		{"80%", "90%", Levels{Warn: Bounds{nan, 80}, Crit: Bounds{nan, 90}, Percent: true}},
		{"10:", "5:", Lower(10, 5)},
		{"10:20", "", Levels{Warn: Bounds{10, 20}, Crit: Bounds{nan, nan}}},
		{"~:20", ":30", Upper(20, 30)},
		{"1G", "1.5GiB", Levels{Warn: Bounds{nan, 1 << 30}, Crit: Bounds{nan, 1.5 * (1 << 30)}, Size: true}},
		{"10K:", "4096B:", Levels{Warn: Bounds{10240, nan}, Crit: Bounds{4096, nan}, Size: true}},
		{"5m", "2h", Upper(300, 7200)},
		{"200ms", "1.5s", Upper(0.2, 1.5)},
		{"1d", "1w", Upper(86400, 604800)},
		{"-5:5", "-10:10", Levels{Warn: Bounds{-5, 5}, Crit: Bounds{-10, 10}}},
	} {
		got, err := ParseLevels(c.warn, c.crit)
		if err != nil || !same(got, c.want) {
			t.Errorf("-w %q -c %q: got %+v, %v, want %+v", c.warn, c.crit, got, err, c.want)
		}
	}
}

// same compares levels with NaN equal to NaN.
func same(a, b Levels) bool {
	eq := func(x, y float64) bool { return x == y || math.IsNaN(x) && math.IsNaN(y) }
	return a.Percent == b.Percent && a.Size == b.Size && eq(a.Warn.Lower, b.Warn.Lower) && eq(a.Warn.Upper, b.Warn.Upper) &&
		eq(a.Crit.Lower, b.Crit.Lower) && eq(a.Crit.Upper, b.Crit.Upper)
}

func TestWrongLevelsAreRefusedWithTheReason(t *testing.T) {
	for _, c := range []struct{ warn, crit, want string }{
		{"eighty", "", `-w eighty: "eighty" is no number`},
		{"", "5X", `-c 5X: "5X" is no number`},
		{"nan", "", "is no number"},
		{"1e999", "", "is no number"},
		{"80%", "10G", "do not fit together"},
		{"80%", "90", "do not fit together"},
		{"10:20K", "", "do not fit together"},
		{"20:10", "", `if values below it are bad, write "20:"`},
		{"5KKB", "", "is no number"},
	} {
		got, err := ParseLevels(c.warn, c.crit)
		if err == nil || !strings.Contains(err.Error(), c.want) || !got.Empty() {
			t.Errorf("-w %q -c %q: got %+v, %v, want an error with %q", c.warn, c.crit, got, err, c.want)
		}
	}
}

func TestAnUpperLevelIsReachedByItsValueAndALowerOneIsNot(t *testing.T) {
	both, err := ParseLevels("10:20", "5:30")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		v    float64
		want monitor.State
	}{{4.9, monitor.Critical}, {5, monitor.Warning}, {9.9, monitor.Warning}, {10, monitor.OK}, {19.9, monitor.OK}, {20, monitor.Warning}, {30, monitor.Critical}} {
		if got := both.State(c.v); got != c.want {
			t.Errorf("%v: got %v, want %v", c.v, got, c.want)
		}
	}
	if got := None().State(1e300); got != monitor.OK {
		t.Errorf("no levels: got %v, want OK", got)
	}
}

func TestLevelsInPercentBecomeAmounts(t *testing.T) {
	percent, _ := ParseLevels("80%", "90%")
	plain, _ := ParseLevels("80", "90")
	size, _ := ParseLevels("1K", "2K")
	if got := percent.Of(1000, false); got.Warn.Upper != 800 || got.Crit.Upper != 900 {
		t.Errorf("percents: got %+v", got)
	}
	if got := plain.Of(1000, true); got.Warn.Upper != 800 {
		t.Errorf("plain numbers as percents: got %+v", got)
	}
	if got := plain.Of(1000, false); got.Warn.Upper != 80 {
		t.Errorf("plain numbers as amounts: got %+v", got)
	}
	if got := size.Of(1000, true); got.Warn.Upper != 1024 {
		t.Errorf("sizes: got %+v", got)
	}
}
