package objects_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/onbu/onbu/arbiter/objects"
)

// Each of these is small as a file and must stay small in work: depth, width and repetition are bounded.
func TestHostileTextsEndWithAMessage(t *testing.T) {
	repeat := func(n int, format string, a, b int) string {
		var s strings.Builder
		for i := range n {
			fmt.Fprintf(&s, format, i, i+a, i+b)
		}
		return s.String()
	}
	for _, x := range []struct{ name, text, want string }{
		{
			"templates that each use the next two",
			repeat(2000, "define host {\n name t%d\n use t%d,t%d\n register 0\n}\n", 1, 2) + "define host {\n host_name x\n use t0\n}\n",
			"templates use one another in a row",
		},
		{
			"groups in groups in groups",
			repeat(2000, "define hostgroup {\n hostgroup_name g%d\n hostgroup_members g%d,g%d\n}\n", 1, 2),
			"hostgroups lie in one another",
		},
		{
			"a circle of parents",
			repeat(2000, "define host {\n use h\n host_name p%d\n parents p%d\n notes %d\n}\n", 1, 0) + "define host {\n use h\n host_name p2000\n parents p0\n}\n",
			"p9 -> (1982 more) -> p1992",
		},
		{
			"mistakes without end",
			"define host {\n" + repeat(20000, "colour%d %d %d\n", 0, 0) + "}\n",
			"more than 10000 mistakes in this file",
		},
		{
			"a list that makes a billion services",
			realms + "define host {\n use h\n host_name a\n _d x[1-99999][1-99999]\n}\ndefine service {\n use s\n host_name a\n service_description $KEY$\n duplicate_foreach _d\n}\n",
			"makes more than 100000 services",
		},
	} {
		t.Run(x.name, func(t *testing.T) {
			_, r := load(t, "", x.text)
			if !mentions(r, x.want) {
				t.Errorf("nothing says %q among %d errors, first %v", x.want, r.Errors, r.Problems[:min(3, len(r.Problems))])
			}
		})
	}
}

func mentions(r *objects.Report, text string) bool {
	for _, p := range r.Problems {
		if strings.Contains(p.Text, text) {
			return true
		}
	}
	return false
}
