package main_test

import (
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/realpeer"
)

func TestProbeMakesTheCheckOfACommandLine(t *testing.T) {
	tests := []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"--", "check_dummy", "1", "two  words, $x"}, 1, []string{"module    dummy\n", "state     WARNING\n", "output    WARNING: two  words, $x\n", "time "}},
		{[]string{"--", `check_dummy 0 'fine | a=1'`}, 0, []string{"state     OK\n", "output    OK: fine\n", "perfdata  a=1\n"}},
		{[]string{"--", `echo "one
two | b=2"; exit 2`}, 2, []string{"module    exec, because: ", "state     CRITICAL\n", "output    one\n          two\n"}},
		{[]string{"--fork", "check_dummy", "--", "check_dummy", "0"}, 2, []string{"module    exec, because: check_dummy is to be forked"}},
		{[]string{"--limit", "50ms", "--", "sleep 60"}, 2, []string{"timed out after 0."}},
		{[]string{"--"}, 2, []string{"needs icmp and a host, or -- and a command line"}},
		{[]string{"icmp"}, 2, []string{"needs icmp and a host"}},
		{[]string{"icmp", "a", "b"}, 2, []string{"needs icmp and a host"}},
		{[]string{"icmp", "127.0.0.1", "--size", "3"}, 2, []string{"--size is from 24"}},
		{[]string{"icmp", "127.0.0.1", "-4", "-6"}, 2, []string{"exclude each other"}},
		{[]string{"icmp", "name.invalid"}, 3, []string{"name.invalid: "}},
	}
	for _, tt := range tests {
		out, code := call(t, append([]string{"probe"}, tt.args...)...)
		for _, want := range tt.want {
			if code != tt.code || !strings.Contains(out, want) {
				t.Errorf("probe %q: exit status %d, want %d with %q:\n%s", tt.args, code, tt.code, want, out)
			}
		}
	}
}

func TestProbePingsLikePing(t *testing.T) {
	realpeer.Root(t, "raw ICMP sockets")
	for _, host := range []string{"127.0.0.1", "::1"} {
		out, code := call(t, "probe", "icmp", host, "--count", "3", "--interval", "10ms")
		for _, want := range []string{"PING " + host + " (" + host + "): 56 bytes", "CAP_NET_RAW", "seq=2 ttl=", "3 sent, 3 received, 0% lost", "rtt min/avg/max/mdev = "} {
			if code != 0 || !strings.Contains(strings.ReplaceAll(out, "ping_group_range", "CAP_NET_RAW"), want) {
				t.Errorf("probe icmp %s: exit status %d, want 0 with %q:\n%s", host, code, want, out)
			}
		}
	}
}
