package arbiter

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/monitor"
)

func TestVerifyAsksAboutModulesAndNamesThoseThatNobodyHosts(t *testing.T) {
	dir := t.TempDir()
	main, objects := filepath.Join(dir, "main.cfg"), filepath.Join(dir, "modules.cfg")
	text := `define module {
    module_name in
    module_type known
    port 1
}
define module {
    module_name out
    module_type known
}
define module {
    module_name other
    module_type pickle_retention
}
define receiver {
    receiver_name r1
    modules in
}
define scheduler {
    scheduler_name s1
    modules other
}
`
	if err := errors.Join(os.WriteFile(objects, []byte(text), 0o600), os.WriteFile(main, []byte("cfg_file=modules.cfg\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	hosts := func(m *monitor.Module) (bool, error) {
		if m.Type != "known" {
			return false, nil
		}
		return true, fmt.Errorf("%s:%d: module %s: settings %v", m.File, m.Settings[0].Line, m.Name, m.Settings)
	}
	s := Verify(main, 1, nil, nil, func(m *monitor.Module) (bool, error) {
		if len(m.Settings) == 0 {
			return m.Type == "known", nil
		}
		return hosts(m)
	})
	want := []ModuleUse{{Name: "in", Type: "known", Where: objects + ":1", Daemons: []string{"r1"}}}
	if diff := cmp.Diff(want, s.Modules); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if all := strings.Join(s.Errors, "\n"); !strings.Contains(all, objects+":4: module in: settings [{port 1 4}]") {
		t.Errorf("errors: %s", all)
	}
	if all := strings.Join(s.Warnings, "\n"); !strings.Contains(all, objects+":6: module out (known) is attached to no daemon") || strings.Contains(all, "other") {
		t.Errorf("warnings: %s", all)
	}
}
