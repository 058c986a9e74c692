package cmdline_test

import (
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

func TestTheProgramOfALine(t *testing.T) {
	for line, want := range map[string]string{
		"/usr/lib/nagios/plugins/check_disk -w 5": "/usr/lib/nagios/plugins/check_disk",
		"perl -w /x/check_oracle.pl --sid A":      "/x/check_oracle.pl",
		"/usr/bin/sudo -n /x/check_raid":          "/x/check_raid",
		"env LANG=C PATH=/bin /x/check_raid -v":   "/x/check_raid",
		"sh -c /x/check_a|grep":                   "sh",
		"bash -c \"$(dirname":                     "bash",
		"/usr/bin/python3 check.py":               "check.py",
		"perl":                                    "perl",
		"sh -c":                                   "sh",
		"":                                        "",
	} {
		if got := cmdline.Program(strings.Fields(line)); got != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
	if got := cmdline.Program([]string{"/bin/sh", "-c", "/x/check_a -w 1 | grep b"}); got != "/x/check_a" {
		t.Errorf("a line for the shell: got %q", got)
	}
}
