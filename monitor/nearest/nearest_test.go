package nearest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor/nearest"
)

func TestTheNearestNameIsGuessed(t *testing.T) {
	names := []string{"monday", "tuesday", "wednesday", "day", strings.Repeat("x", 200)}
	for word, want := range map[string]string{
		"mondya":                  "monday",
		"teusday":                 "tuesday",
		"wendsday":                "wednesday",
		"monday":                  "monday",
		"dayy":                    "day",
		"":                        "",
		"feiertag":                "",
		strings.Repeat("x", 80):   "",
		strings.Repeat("x", 3000): "",
	} {
		if got := nearest.Of(word, slices.Values(names)); got != want {
			t.Errorf("Of(%.20q) = %q, want %q", word, got, want)
		}
	}
}
