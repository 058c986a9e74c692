package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/onbu/onbu/internal/realpeer"
)

// purge does in a folder what dpkg does at the end of a purge, when the files that the package brought are gone, and gives what it says.
func purge(t *testing.T, root string) string {
	t.Helper()
	for _, found := range regexp.MustCompile(`(?m)^[^#\n]*?.{5}/(?:etc|var)/`).FindAllString(said(t, "deb/postrm"), -1) {
		if !strings.Contains(found, "$root/") && !strings.Contains(found, "echo ") {
			t.Fatalf("the script looks outside of the folder that dpkg names: %q", found) // and is not run: it would remove what is there
		}
	}
	script := exec.CommandContext(t.Context(), "/bin/sh", "deb/postrm", "purge")
	script.Env = append(os.Environ(), "DPKG_ROOT="+root)
	out, err := script.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

// made makes files in a folder as people do.
func made(t *testing.T, root string, files ...string) {
	t.Helper()
	for _, path := range files {
		whole := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(whole), 0o700); err != nil {
			t.Fatal(err)
		}
		realpeer.File(t, filepath.Dir(whole), filepath.Base(whole), "x")
	}
}

func TestAPurgeKeepsWhatPeopleMadeAndSaysSo(t *testing.T) {
	root := t.TempDir()
	mine := []string{"etc/onbu/ca/ca.key", "etc/onbu/ca/ca.pem", "etc/onbu/keys/key.pem", "etc/onbu/conf.d/mine.cfg"}
	made(t, root, append(mine, "var/lib/onbu/users")...)
	said := purge(t, root)
	for _, path := range mine {
		if _, err := os.Stat(filepath.Join(root, path)); err != nil {
			t.Errorf("it is gone: %v", err)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "var/lib/onbu")); err == nil {
		t.Error("the state is still there")
	}
	if !strings.Contains(said, "stays, with what the package did not bring: ca conf.d keys") || !strings.Contains(said, "/etc/onbu/ca is the authority") {
		t.Errorf("it says %q", said)
	}
}

func TestAPurgeOfWhatNobodyTouchedLeavesNothing(t *testing.T) {
	root := t.TempDir()
	made(t, root, "var/lib/onbu/users")
	if err := os.MkdirAll(filepath.Join(root, "etc/onbu/conf.d"), 0o750); err != nil { // dpkg has removed the files in it
		t.Fatal(err)
	}
	if said := purge(t, root); said != "" {
		t.Errorf("it says %q", said)
	}
	if _, err := os.Stat(filepath.Join(root, "etc/onbu")); err == nil {
		t.Error("an empty /etc/onbu is still there")
	}
}
