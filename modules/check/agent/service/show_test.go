package service

import (
	"math"
	"testing"
)

func TestFiguresAreShownWithUnitsThatFit(t *testing.T) {
	for _, c := range []struct {
		show func(float64) string
		v    float64
		want string
	}{
		{showBytes, 0, "0 B"},
		{showBytes, 1023, "1023 B"},
		{showBytes, 1024, "1.00 KiB"},
		{showBytes, 1.23 * (1 << 30), "1.23 GiB"},
		{showBytes, 1<<20 - 1, "1.00 MiB"},
		{showBytes, -1536, "-1.50 KiB"},
		{showBytes, 1e30, "867361737988.40 EiB"},
		{showPercent, 45.674, "45.67%"},
		{showCount, 4.4, "4"},
		{showSpan, 0, "0 s"},
		{showSpan, 12e-6, "12 µs"},
		{showSpan, 0.0015, "1.50 ms"},
		{showSpan, 1.5, "1.5 s"},
		{showSpan, 60, "1 min 0 s"},
		{showSpan, 3599, "59 min 59 s"},
		{showSpan, 3600, "1 h 0 min"},
		{showSpan, 274921, "3 d 4 h"},
		{showSpan, -274921, "-3 d 4 h"},
		{showSpan, 1e12, "1000000000000 s"},
		{showSpan, math.Inf(1), "+Inf s"},
	} {
		if got := c.show(c.v); got != c.want {
			t.Errorf("%v: got %q, want %q", c.v, got, c.want)
		}
	}
}
