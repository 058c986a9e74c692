package modules_test

import (
	"strings"
	"testing"

	"github.com/onbu/onbu/modules"
)

func TestGlobsFitWholeNames(t *testing.T) {
	for _, c := range []struct {
		patterns []string
		name     string
		want     bool
	}{
		{nil, "any", true},
		{[]string{"web"}, "web", true},
		{[]string{"web"}, "web1", false},
		{[]string{"web*"}, "web1", true},
		{[]string{"*.example.org"}, "a.b.example.org", true},
		{[]string{"*.example.org"}, "example.org", false},
		{[]string{"db-??"}, "db-01", true},
		{[]string{"db-??"}, "db-1", false},
		{[]string{"k?he"}, "kühe", true},
		{[]string{"a*b*c"}, "axxbxxbxc", true},
		{[]string{"a*b*c"}, "axxbxx", false},
		{[]string{"x", "*"}, "", true},
		{[]string{"[a]"}, "a", false},
		{[]string{strings.Repeat("*a", 50)}, strings.Repeat("a", 1000) + "b", false},
	} {
		if got := modules.Globs(c.patterns).Fit(c.name); got != c.want {
			t.Errorf("%q and %q: got %t", c.patterns, c.name, got)
		}
	}
}
