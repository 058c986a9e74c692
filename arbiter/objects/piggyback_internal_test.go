package objects

import (
	"slices"
	"testing"
	"time"
)

func TestParseSpan(t *testing.T) {
	for s, want := range map[string]time.Duration{"0": 0, "90": 90 * time.Second, "90s": 90 * time.Second, "1h30m": 90 * time.Minute, "7d": 168 * time.Hour, "1w 1": 7*24*time.Hour + time.Second} {
		if got, ok := parseSpan(s); !ok || got != want {
			t.Errorf("%q is %v, %v; want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{"x", "1x", "-1", "1.5h", "h", "99999999999999999999", "9999999w", "90 min"} {
		if got, ok := parseSpan(s); ok {
			t.Errorf("%q is %v, want a mistake", s, got)
		}
	}
}

func TestExprWords(t *testing.T) {
	if got, want := exprWords(` a{1,2} , (b,c)[,]\,, ,d\`), []string{"a{1,2}", `(b,c)[,]\,`, `d\`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
