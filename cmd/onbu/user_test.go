package main_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// typed runs a command line with something in standard input.
func typed(t *testing.T, in string, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.Command(binary, args...)
	var buf bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), &buf, &buf
	if _, ended := errors.AsType[*exec.ExitError](cmd.Run()); !ended && cmd.ProcessState == nil {
		t.Fatal("it did not run")
	}
	return buf.String(), cmd.ProcessState.ExitCode()
}

// Users are added, changed and removed; each answer says what comes next, and none shows a password.
func TestUsersAreKeptInAFile(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	path := filepath.Join(state, "users")
	for _, step := range []struct {
		in, args string
		code     int
		says     string
	}{
		{"", "user list", 0, "There is nobody in " + path + ". Add somebody: onbu user add NAME --role admin"},
		{"correct horse\nmore\n", "user add ada --role command", 0, "ada stands in " + path + ", with the role command."},
		{"correct horse\n", "user add ada", 1, "ada is there already"},
		{"short\n", "user add bob", 1, "fewer than 8 characters"},
		{"", "user add bob", 1, "its first line, which is to be the password, is empty"},
		{"", "user add a:b", 1, "colons"},
		{"correct horse\n", "user add bob --role root", 2, "write read, command, admin"},
		{"", "user add zoe --role admin --no-password", 0, "its pages, http://127.0.0.1:7770/ui/ unless --http"},
		{"another horse\r\n", "user passwd ada", 0, "ada has a new password."},
		{"another horse\n", "user passwd bob", 1, "there is no user bob"},
		{"", "user role ada admin", 0, "ada has the role admin"},
		{"", "user role ada", 2, "write: onbu user role NAME ROLE"},
		{"", "user list", 0, "ada   admin  yes\nzoe   admin  none: by a proxy\n"},
		{"", "user remove zoe", 0, "zoe is removed"},
		{"", "user remove zoe", 1, "there is no user zoe"},
		{"", "user", 2, "needs one of: add NAME"},
		{"", "user lst", 2, "did you mean onbu user list? It needs one of: add NAME"},
		{"", "user --help", 0, "onbu user passwd ada"},
	} {
		out, code := typed(t, step.in, append(strings.Fields(step.args), "--state", state)...)
		if code != step.code || !strings.Contains(out, step.says) || strings.Contains(out, "horse") || strings.Contains(out, "$argon2id$v") {
			t.Errorf("%s: exit %d, %s\nwant %d, %s", step.args, code, out, step.code, step.says)
		}
	}
	text, err := os.ReadFile(path)
	info, _ := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || !strings.HasPrefix(string(text), "ada:admin:$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("%v, %s: %s", err, info.Mode(), text)
	}
}
