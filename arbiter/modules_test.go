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
	s := Verify(main, 1, nil, nil, func(m *monitor.Module) (v monitor.ModuleVerdict) {
		v.Hosted = m.Type == "known"
		if m.Type == "pickle_retention" {
			v.Instead = "not needed"
		}
		if len(m.Settings) > 0 {
			v.Wrong = []string{fmt.Sprintf("%s:%d: module %s: settings %v", m.File, m.Settings[0].Line, m.Name, m.Settings)}
			v.Doubtful = []string{"a doubt about " + m.Name}
		}
		return v
	})
	want := []ModuleUse{{Name: "in", Type: "known", Where: objects + ":1", Daemons: []string{"r1"}}, {Name: "other", Type: "pickle_retention", Where: objects + ":10", Instead: "not needed"}}
	if diff := cmp.Diff(want, s.Modules); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if all := strings.Join(s.Errors, "\n"); !strings.Contains(all, objects+":4: module in: settings [{port 1 4}]") {
		t.Errorf("errors: %s", all)
	}
	if all := strings.Join(s.Warnings, "\n"); !strings.Contains(all, objects+":6: module out (known) is attached to no daemon") || !strings.Contains(all, "a doubt about in") || strings.Contains(all, "other") {
		t.Errorf("warnings: %s", all)
	}
	for _, l := range s.Later {
		if l.Directive == "module" {
			t.Errorf("a module is called not acted on: %+v", l)
		}
	}
	var printed strings.Builder
	s.Print(&printed)
	if !strings.Contains(printed.String(), "\n  in     known             hosted by r1\n  other  pickle_retention  not needed\n") {
		t.Errorf("printed: %s", printed.String())
	}
}

func TestTwoModulesAtOnePortAreSaid(t *testing.T) {
	module := func(line uint32, name string, daemons ...string) *monitor.Module {
		return &monitor.Module{Name: name, File: "m.cfg", Line: line, Daemons: daemons}
	}
	for _, test := range []struct {
		first, second   string
		daemons         []string
		taken, doubtful int
	}{
		{"tcp 127.0.0.1:5667", "tcp 127.0.0.1:5667", nil, 1, 0},
		{"tcp localhost:5667", "tcp 127.0.0.1:5667", nil, 1, 0},
		{"tcp :5667", "tcp 10.0.0.1:5667", []string{"r1"}, 1, 0},
		{"tcp 10.0.0.1:5667", "tcp 0.0.0.0:5667", []string{"r2", "r1"}, 1, 0},
		{"tcp [::]:5667", "tcp [::1]:5667", nil, 1, 0},
		{"unix /run/live", "unix /run/live", nil, 1, 0},
		{"tcp 127.0.0.1:5667", "tcp 127.0.0.1:5667", []string{"r2"}, 0, 1},
		{"tcp 127.0.0.1:5667", "tcp 127.0.0.1:5668", nil, 0, 0},
		{"tcp 127.0.0.1:5667", "tcp 127.0.0.2:5667", nil, 0, 0},
		{"tcp 127.0.0.1:5667", "udp 127.0.0.1:5667", nil, 0, 0},
		{"unix /run/live", "unix /run/live2", nil, 0, 0},
	} {
		var p ports
		p.add(module(1, "a", "r1"), []string{test.first})
		p.add(module(9, "b", test.daemons...), []string{test.second})
		if len(p.taken) != test.taken || len(p.doubtful) != test.doubtful {
			t.Errorf("%s and %s: %q, %q", test.first, test.second, p.taken, p.doubtful)
		}
		for _, text := range append(p.taken, p.doubtful...) {
			if !strings.HasPrefix(text, "m.cfg:9: module b would listen at "+test.second+", where module a does (m.cfg:1, ") {
				t.Error(text)
			}
		}
	}
}
