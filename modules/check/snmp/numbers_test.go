package snmp

import (
	"math"
	"testing"
)

func TestNumbersEndWhereStrtodEndsThem(t *testing.T) {
	for s, want := range map[string]struct {
		v float64
		n int
	}{
		"": {0, 0}, "x": {0, 0}, "12": {12, 2}, " \t-12.50 kB": {-12.5, 8}, "+.5.5": {.5, 3}, ".": {0, 0}, "-": {0, 0},
		"5.": {5, 2}, "1e5": {1e5, 3}, "1e": {1, 1}, "1e+": {1, 1}, "1E-2z": {.01, 4}, "0x1F": {31, 4}, "0x": {0, 1},
		"0x.8p1": {1, 6}, "0xg": {0, 1}, "-0x10": {-16, 5}, "infinite": {math.Inf(1), 3}, "-INFINITY": {math.Inf(-1), 9},
		"1e999": {math.Inf(1), 5}, "00 11": {0, 2}, "1_0": {1, 1}, "iso.3": {0, 0}, "0x1p": {1, 3}, "1.2.3": {1.2, 3},
	} {
		if v, n := leadingFloat(s); v != want.v || n != want.n {
			t.Errorf("%q: got %v, %d, want %v, %d", s, v, n, want.v, want.n)
		}
	}
	if v, n := leadingFloat("nano"); !math.IsNaN(v) || n != 3 {
		t.Errorf("nano: got %v, %d", v, n)
	}
}
