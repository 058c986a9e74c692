package main_test

import (
	"strings"
	"testing"
)

func TestWhatCannotBeMeantIsNotOrdered(t *testing.T) {
	for _, x := range []struct {
		words []string
		want  string
	}{
		{[]string{"node", "replace", "a", "a", "--yes"}, "a cannot replace itself"},
		{[]string{"nodes", "--keys", "operator"}, "give its address with --bus"},
	} {
		// Nobody listens there: what is refused is refused before anybody is asked.
		out, code := call(t, append(x.words, "--http", "127.0.0.1:1")...)
		if code == 0 || !strings.Contains(out, x.want) {
			t.Errorf("%v: exit status %d, want %q: %s", x.words, code, x.want, out)
		}
	}
}
