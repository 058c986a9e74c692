package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onbu/onbu/arbiter"
)

// small is a configuration with one service, whose check is as asked for.
func small(t *testing.T, check string, more ...string) string {
	c := newConfig(t)
	c.Command("fine", "/usr/lib/nagios/plugins/check_dummy 0 fine")
	c.host("web1")
	c.service("web1", "a", check, more...)
	return c.write()
}

func TestVerifyReadsTheUsersFileThatABrokerWouldRead(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	if err := os.WriteFile(filepath.Join(state, "users"), []byte("ada:boss:*\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, code := call(t, "verify", "--state", state, small(t, "fine"))
	if code != 0 || !strings.Contains(out, "0 errors, 1 warning") || !strings.Contains(out, filepath.Join(state, "users")+":1: ") {
		t.Errorf("exit status %d:\n%s", code, out)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	good, broken := small(t, "fine"), small(t, "fien")
	where := placeOf(t, broken, "check_command fien")
	tests := []struct {
		name string
		args []string
		code int
		says string
	}{
		{"a good configuration", []string{good}, 0, "0 errors, 0 warnings"},
		{"a broken one", []string{broken}, 1, where},
		{"a near miss", []string{broken}, 1, `"fine"`},
		{"no file of that name", []string{good + ".not"}, 1, good + ".not"},
		{"no configuration named", nil, 2, "usage: onbu verify CONFIG"},
		{"an unknown flag", []string{"--jsno", good}, 2, "jsno"},
		{"a flag behind the name", []string{good, "--shards", "4"}, 0, "in 4 shards"},
		{"the default number of shards", []string{good, "--shards", "0"}, 0, "in 16 shards"},
		{"as many shards as there may be", []string{good, "--shards", "1024"}, 0, "in 1024 shards"},
		{"too many shards", []string{good, "--shards", "1025"}, 2, "takes 1 to 1024"},
		{"too few shards", []string{good, "--shards=-1"}, 2, "takes 1 to 1024"},
		{"shards that are no number", []string{good, "--shards", "many"}, 2, "takes 1 to 1024"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, code := call(t, append([]string{"verify"}, tt.args...)...)
			if code != tt.code || !strings.Contains(out, tt.says) {
				t.Errorf("exit status %d, want %d, with %q in:\n%s", code, tt.code, tt.says, out)
			}
		})
	}
	t.Run("json", func(t *testing.T) {
		s, code := verifyJSON(t, good)
		if code != 0 || !s.OK || len(s.Errors) != 0 || s.Native != 1 {
			t.Errorf("exit status %d and %+v for a good one", code, s)
		}
		s, code = verifyJSON(t, broken)
		if code != 1 || s.OK || len(s.Errors) != 1 || !strings.HasPrefix(s.Errors[0], where) {
			t.Errorf("exit status %d and %+v for a broken one", code, s)
		}
	})
}

func verifyJSON(t *testing.T, path string) (s arbiter.Summary, code int) {
	t.Helper()
	var out bytes.Buffer
	code = callTo(t, &out, os.Stderr, "verify", "--json", path)
	if err := json.Unmarshal(out.Bytes(), &s); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	return s, code
}

// placeOf gives FILE:LINE: of the first line of the objects that holds text.
func placeOf(t *testing.T, main, text string) string {
	t.Helper()
	path := filepath.Join(filepath.Dir(main), "objects.cfg")
	objects, err := os.ReadFile(path)
	before, _, found := strings.Cut(string(objects), text)
	if err != nil || !found {
		t.Fatalf("no %q in %s: %v", text, path, err)
	}
	return fmt.Sprintf("%s:%d: ", path, 1+strings.Count(before, "\n"))
}

// A configuration that is broken is not run, and the places of its mistakes are said.
func TestBrokenConfigurationIsNotRun(t *testing.T) {
	t.Parallel()
	broken := small(t, "fine", "max_chek_attempts 1")
	where := placeOf(t, broken, "max_chek_attempts")
	for _, verb := range []string{"run", "arbiter"} {
		out, code := call(t, verb, broken, "--state", t.TempDir(), "--http", "127.0.0.1:0")
		if code != 1 || !strings.Contains(out, where) || !strings.Contains(out, "onbu verify") {
			t.Errorf("onbu %s: exit status %d, want 1 and %s in: %s", verb, code, where, out)
		}
	}
}

func TestShardsAreBoundedForWhoeverTakesThem(t *testing.T) {
	for _, verb := range []string{"run", "arbiter"} {
		if out, code := call(t, verb, "--shards", "65536", "nagios.cfg"); code != 2 || !strings.Contains(out, "takes 1 to 1024") {
			t.Errorf("onbu %s: exit status %d: %s", verb, code, out)
		}
	}
}
