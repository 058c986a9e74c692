package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
