package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAServerOfTheBusIsAskedForItsAddressesByTheFlag(t *testing.T) {
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca")
	if out, code := call(t, "keys", "init", ca); code != 0 {
		t.Fatal(out)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"token", "--name", "beta", "--role", "bus"}, "beta (bus) needs --addr HOST,IP"},
		{[]string{"token", "--name", "beta", "--role", "bus,poller"}, "needs --addr HOST,IP"},
		{[]string{"server", "beta", "--out", filepath.Join(dir, "beta")}, "beta (bus) needs --addr HOST,IP"},
		{[]string{"token", "--name", "p1", "--role", "poller", "--addr", "p1"}, "--addr is for a server of the bus (--role bus)"},
	} {
		out, code := call(t, append([]string{"keys"}, append(tt.args, "--ca", ca)...)...)
		if code == 0 || !strings.Contains(out, tt.want) {
			t.Errorf("onbu keys %v: exit status %d: %s", tt.args, code, out)
		}
	}
	if out, code := call(t, "keys", "token", "--name", "beta", "--role", "bus", "--addr", "beta,192.0.2.2", "--ca", ca); code != 0 {
		t.Errorf("with --addr: %s", out)
	}
}

func TestACertificateCountsForADayAtLeast(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca, out := filepath.Join(dir, "ca"), filepath.Join(dir, "out")
	if said, code := call(t, "keys", "init", ca); code != 0 {
		t.Fatal(code, said)
	}
	for _, args := range [][]string{{"daemon", "p1", "--role", "poller"}, {"server", "bus1", "--addr", "127.0.0.1"}} {
		for _, days := range []string{"0", "-1", "1826", "1000000"} {
			said, code := call(t, append(append([]string{"keys"}, args...), "--ca", ca, "--out", out, "--days", days)...)
			if code != 2 || !strings.Contains(said, "--days "+days+": a certificate counts for 1 to 1825 days") {
				t.Errorf("a %s for %s days: exit status %d: %s", args[0], days, code, said)
			}
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("there is a folder for the %s all the same", args[0])
		}
	}
	if said, code := call(t, "keys", "daemon", "p1", "--role", "poller", "--ca", ca, "--out", out, "--days", "1"); code != 0 {
		t.Errorf("a day: exit status %d: %s", code, said)
	}
}
