package main_test

import (
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/realpeer"
)

func TestTryingTriggers(t *testing.T) {
	t.Parallel()
	c := newConfig(t)
	c.Command("fine", "/usr/lib/nagios/plugins/check_dummy 0 fine")
	c.host("web1")
	c.host("web2")
	c.service("web1", "load", "fine", "trigger_name load")
	c.service("web1", "plain", "fine")
	c.service("web2", "all", "fine", `trigger t = perfs("web1/*", "x")\nwarning(self, "%d: %s" % (len(t), get_object("web1/load").state))\nok("web1", "said so")\nlog("hello")`)
	realpeer.File(t, c.dir, "load.star", "if perf(self, 'load') > 5: critical(self, 'high')\n")
	main := c.write("triggers_dir=.")
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"too high", []string{"try", main, "web1/load", "--perfdata", "load=7"}, 0, "state     CRITICAL\noutput    high\nperfdata  load=7\n"},
		{"low", []string{"try", main, "web1/load", "--perfdata", "load=1", "--output", "it said", "--state", "1"}, 0, "state     WARNING (as it came: no trigger set it)\noutput    it said\n"},
		{"a mistake", []string{"try", main, "web1/load"}, 1, "trigger load: load.star:1: web1/load has no metric"},
		{"others", []string{"try", main, "web2/all", "--given", "web1/load=2 bad | x=1"}, 0, "log       hello\nstate     WARNING\noutput    1: CRITICAL\nalso      web1 UP: said so\n"},
		{"no trigger", []string{"try", main, "web1/plain"}, 1, "web1/plain has no trigger"},
		{"no such object", []string{"try", main, "web9"}, 1, "the configuration has no web9"},
		{"no such other", []string{"try", main, "web2/all", "--given", "web9=1"}, 1, "the configuration has no web9"},
		{"nothing given", []string{"try", main, "web2/all", "--given", "web9"}, 2, "write HOST/SERVICE=STATE OUTPUT | PERFDATA"},
		{"a state that there is not", []string{"try", main, "web1/load", "--state", "4"}, 2, "--state is 0, 1, 2 or 3"},
		{"no object", []string{"try", main}, 2, "usage: onbu trigger try CONFIG HOST[/SERVICE]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, code := call(t, append([]string{"trigger"}, tt.args...)...)
			if code != tt.code || !strings.Contains(out, tt.want) {
				t.Errorf("exit status %d, want %d, with %q in:\n%s", code, tt.code, tt.want, out)
			}
		})
	}
}
