package arbiter_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/arbiter"
)

// heavyTree is a configuration with a tree of hosts below core, of which some depend on each other.
func heavyTree(t *testing.T, dependent int) (main string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("define command {\n command_name check\n command_line /bin/true\n}\n")
	host := func(name, parent string) {
		fmt.Fprintf(&b, "define host {\n host_name %s\n address 10.0.0.1\n max_check_attempts 1\n contacts ann\n%s}\n", name, parent)
	}
	b.WriteString("define contact {\n contact_name ann\n host_notification_commands check\n service_notification_commands check\n}\n")
	host("core", "")
	for i := range 200 {
		host(fmt.Sprint("web", i), " parents core\n")
		if i > 0 && i < dependent {
			fmt.Fprintf(&b, "define hostdependency {\n host_name web0\n dependent_host_name web%d\n notification_failure_criteria d\n}\n", i)
		}
	}
	b.WriteString("define service {\n host_name core\n service_description ping\n check_command check\n max_check_attempts 1\n contacts ann\n}\n")
	dir := t.TempDir()
	main = filepath.Join(dir, "main.cfg")
	for path, text := range map[string]string{main: "cfg_file=objects.cfg\nheavy_pack=50\n", filepath.Join(dir, "objects.cfg"): b.String()} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return main
}

func TestVerifySaysWherePacksAreCutAndWhy(t *testing.T) {
	native := func(string) arbiter.Way { return arbiter.Way{Module: "exec", Why: "a test"} }
	s := arbiter.Verify(heavyTree(t, 0), 16, native, nil, nil)
	want := []arbiter.PackCut{{Top: "core", Hosts: 201, Checks: 202, Limit: 50, Shards: 16, Border: 1}}
	if diff := cmp.Diff(want, s.Cuts); diff != "" {
		t.Fatalf("(-want +got)\n%s\n%v", diff, s.Errors)
	}
	var out strings.Builder
	s.Print(&out)
	for _, part := range []string{
		"the pack behind core is cut: its 202 checks are more than the 50 that one shard may have of a pack (heavy_pack, cut_packs)",
		"it lies in 16 shards; 1 host has children in other shards, whose owners are told how these are",
	} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("it does not say %q:\n%s", part, out.String())
		}
	}
	for _, w := range arbiter.Verify(heavyTree(t, 100), 16, native, nil, nil).Warnings {
		if strings.Contains(w, "tie 100 hosts and services around host web0 together, more than the 50") {
			return
		}
	}
	t.Error("no warning says that what depends on web0 is too heavy")
}
