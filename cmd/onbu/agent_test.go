package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAgentCAMakesCertificatesOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "agent")
	if out, code := call(t, "agent", "ca", "--tls-state", dir, "--site", "north"); code != 0 || !strings.Contains(out, "site north") {
		t.Errorf("%d %s", code, out)
	}
	if info, err := os.Stat(filepath.Join(dir, "ca.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v %v", info, err)
	}
	if out, code := call(t, "agent", "ca", "--tls-state", dir); code == 0 {
		t.Errorf("the certificates that agents know were replaced: %s", out)
	}
}

func TestAgentReceiverSaysWhatItLacks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	users := filepath.Join(dir, "users")
	if err := os.WriteFile(users, []byte("registrar:secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(dir, "bad")
	if err := os.WriteFile(bad, []byte("# who\nregistrar\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--tls-state", dir}, "--users"},
		{[]string{"--tls-state", dir, "--users", bad}, "bad:2: not NAME:PASSWORD"},
		{[]string{"--tls-state", dir, "--users", users}, "onbu agent ca makes them"},
	} {
		out, code := call(t, append([]string{"agent", "receiver"}, c.args...)...)
		if code == 0 || !strings.Contains(out, c.want) {
			t.Errorf("%v: %d %s", c.args, code, out)
		}
	}
}
