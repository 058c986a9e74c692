package main_test

import (
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
