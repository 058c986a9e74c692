package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// said gives the text of a file.
func said(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// matching gives the files of some patterns.
func matching(t *testing.T, patterns ...string) (all []string) {
	t.Helper()
	for _, p := range patterns {
		found, err := filepath.Glob(p)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %q, %v", p, found, err)
		}
		all = append(all, found...)
	}
	slices.Sort(all)
	return all
}

// TestExamplesOfAClusterLetTheBusBeAsked: when no broker answers, people ask the bus, which has to listen for them, with keys.
func TestExamplesOfAClusterLetTheBusBeAsked(t *testing.T) {
	options := regexp.MustCompile(`(?m)^#?ONBU_OPTIONS="(.*--cluster.*)"$`)
	for _, path := range []string{"default/onbu", "three-servers/onbu.default"} {
		found := options.FindStringSubmatch(said(t, path))
		if found == nil || !strings.Contains(found[1], "--listen alpha:4222") || !strings.Contains(found[1], "--keys ") {
			t.Errorf("%s has no cluster with keys that listens: %q", path, found)
		}
	}
}

// TestNoExampleOpensTheAPI: it has no password. Examples are copied, so those that are commented out count as well.
func TestNoExampleOpensTheAPI(t *testing.T) {
	address := regexp.MustCompile(`--http[ =]+([^\s"]+)`)
	for _, path := range matching(t, "default/*", "three-servers/*", "systemd/*.service", "systemd/*/*.conf") {
		for _, found := range address.FindAllStringSubmatch(said(t, path), -1) {
			if at := found[1]; !strings.HasPrefix(at, "127.0.0.1:") && !strings.HasPrefix(at, "$") && strings.Contains(at, ":") {
				t.Errorf("%s lets whoever reaches %s command without a password", path, at)
			}
		}
	}
}
