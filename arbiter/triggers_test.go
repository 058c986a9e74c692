package arbiter_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/arbiter"
	"github.com/onbu/onbu/arbiter/compile"
	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/monitor"
)

// triggerSite writes a configuration with the hosts a, b and c, a service load on each, and what is given besides.
func triggerSite(t *testing.T, service string, scripts map[string]string) (main string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range scripts {
		path := filepath.Join(dir, "triggers.d", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		realpeer.File(t, filepath.Dir(path), filepath.Base(path), text)
	}
	text := "define command {\n  command_name check\n  command_line /bin/true\n}\n"
	for _, h := range []string{"a", "b", "c"} {
		text += "define host {\n  host_name " + h + "\n  max_check_attempts 1\n}\n"
	}
	text += "define service {\n  host_name a,b,c\n  service_description load\n  check_command check\n  max_check_attempts 1\n}\n"
	realpeer.File(t, dir, "objects.cfg", text+service)
	return realpeer.File(t, dir, "shinken.cfg", "cfg_file=objects.cfg\ntriggers_dir=triggers.d\n")
}

func TestTriggersAreReadFromFilesDefinitionsAndObjects(t *testing.T) {
	main := triggerSite(t, `define trigger {
  trigger_name defined
  code_src if True:\n\tok(self, 'fine')
}
define service {
  host_name a
  service_description all
  max_check_attempts 1
  trigger warning(self, "inline")
  trigger_name defined,sub
}
define service {
  host_name b
  service_description all
  max_check_attempts 1
  trigger warning(self, "inline")
}
`, map[string]string{"sub/sub.trig": "ok(self)\n", "unused.star": "x = 1\n", ".hidden.star": "(", "notes.txt": "("})
	c, report := arbiter.Load(main)
	for _, p := range report.Problems {
		t.Error(p)
	}
	inv := compile.Compile(c, 1, 1, nil).Inventories[0]
	got := map[string][]string{}
	for _, one := range inv.Triggered {
		for _, n := range one.Triggers {
			name := inv.Ref(one.Object).String()
			got[name] = append(got[name], inv.Triggers[n].Name+": "+inv.Triggers[n].Source)
		}
	}
	want := map[string][]string{
		"a/all": {"inline: warning(self, \"inline\")\n", "defined: if True:\n\tok(self, 'fine')\n", "sub: ok(self)\n"},
		"b/all": {"inline: warning(self, \"inline\")\n"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if n := len(inv.Triggers); n != 3 {
		t.Errorf("the inventory has %d triggers, want the three in use, each once", n)
	}
}

func TestMistakesInTriggersAreSaidWithTheirPlace(t *testing.T) {
	main := triggerSite(t, `define service {
  host_name a
  service_description all
  max_check_attempts 1
  trigger critical(selff, "x")
  trigger_name loud
}
`, map[string]string{
		"bad.star":   "x = 1\nif x > 0\n  pass\n",
		"loud.trig":  "x = perf('a/laod', 'x') + perf('d', 'x') + perf('a/load', 'x')\nwhile x: pass\n",
		"names.star": "perf('b/lod', 'x')\nget_object('e*')\n",
	})
	dir := filepath.Dir(main) + "/"
	s := arbiter.Verify(main, 1, func(string) arbiter.Way { return arbiter.Way{} }, nil, nil)
	cut := func(lines []string) (all []string) {
		for _, line := range lines {
			all = append(all, strings.ReplaceAll(line, dir, ""))
		}
		return all
	}
	if diff := cmp.Diff([]string{
		"objects.cfg:27: trigger \"inline\", line 1 of the script, column 10: undefined: selff",
		"triggers.d/bad.star:3: trigger \"bad\", column 1: got newline, want ':'",
		"triggers.d/loud.trig:2: trigger \"loud\", column 1: this Starlark dialect does not support while loops: write for i in range(n)",
	}, cut(s.Errors)); diff != "" {
		t.Errorf("errors: -want +got\n%s", diff)
	}
	if diff := cmp.Diff([]string{
		"triggers.d/loud.trig:1: trigger \"loud\" asks for \"a/laod\", which is not defined; did you mean \"load\"?",
		"triggers.d/loud.trig:1: trigger \"loud\" asks for \"d\", which is not defined; did you mean \"a\"?",
		"triggers.d/names.star:1: trigger \"names\" asks for \"b/lod\", which is not defined; did you mean \"load\"?",
	}, cut(s.Warnings)); diff != "" {
		t.Errorf("warnings: -want +got\n%s", diff)
	}
}

func TestATriggerNameThatIsNotThereIsAnError(t *testing.T) {
	main := triggerSite(t, "define service {\n  host_name a\n  service_description all\n  max_check_attempts 1\n  trigger_name avg_htpp\n}\n",
		map[string]string{"avg_http.star": "x = 1\n"})
	_, report := arbiter.Load(main)
	const want = `trigger_name names trigger "avg_htpp", which is neither defined nor a file in triggers_dir; did you mean "avg_http"?`
	if len(report.Problems) != 1 || report.Problems[0].Text != want {
		t.Errorf("got %v, want %q", report.Problems, want)
	}
}

// What a trigger names lies in the shard of its object, however many there are; what has a * in it does not have to.
func TestNamesInATriggerTieHostsTogether(t *testing.T) {
	const service = "define service {\n  host_name a\n  service_description all\n  max_check_attempts 1\n  trigger_name t\n}\n"
	for name, tt := range map[string]struct {
		script string
		packs  int
	}{
		"none":           {"ok(self)", 3},
		"asked for":      {"ok(self, str(perf('b/load', 'x', 0)))", 2},
		"in a list":      {"ok(self, str([get_object(n) for n in ['b/load', 'c/load']]))", 1},
		"a host":         {"get_object('c')", 2},
		"another string": {"ok(self, 'c')", 3},
		"wildcards":      {"perfs('*/load', 'x')", 3},
	} {
		t.Run(name, func(t *testing.T) {
			c, report := arbiter.Load(triggerSite(t, service, map[string]string{"t.star": tt.script + "\n"}))
			if !report.OK() {
				t.Fatal(report.Problems)
			}
			plan := compile.Plan(c, 16, nil)
			if plan.Packs != tt.packs {
				t.Errorf("%d packs, want %d", plan.Packs, tt.packs)
			}
			r := compile.Compile(c, 16, 1, nil)
			i := slices.IndexFunc(r.Inventories, func(inv *monitor.Inventory) bool { return len(inv.Triggered) > 0 })
			if i < 0 || r.Directory.Hosts["a"] != monitor.Shard(i) {
				t.Errorf("the trigger lies in shard %d, host a in %d", i, r.Directory.Hosts["a"])
			}
		})
	}
}

// Where hosts are made of payloads the files are read again from memory: the scripts are among them.
func TestScriptsAreKeptWithTheTextsOfTheFiles(t *testing.T) {
	main := triggerSite(t, "define service {\n  host_name a\n  service_description all\n  max_check_attempts 1\n  trigger_name t\n}\n",
		map[string]string{"t.star": "ok(self)\n"})
	first, report := objects.Load(main, objects.Opts{Keep: true})
	if !report.OK() {
		t.Fatal(report.Problems)
	}
	if err := os.RemoveAll(filepath.Dir(main)); err != nil {
		t.Fatal(err)
	}
	again, report := objects.Load(main, objects.Opts{Texts: first.Texts})
	if !report.OK() || len(again.Triggers) != 1 || again.Triggers[0].Source != "ok(self)\n" || again.Triggers[0].File != first.Triggers[0].File {
		t.Errorf("got %+v and %v, want the trigger t", again.Triggers, report.Problems)
	}
}

// A pattern gives what lies in the shard: where that can be less than what it fits, verify says so.
func TestPatternsThatSeeTooLittle(t *testing.T) {
	const service = "define service {\n  host_name a\n  service_description all\n  max_check_attempts 1\n  trigger_name t\n}\n"
	native := func(string) arbiter.Way { return arbiter.Way{} }
	for name, tt := range map[string]struct{ script, want string }{
		"two are elsewhere": {"perfs('*/load', 'x')", `a/all asks for "*/load", which fits 3 objects; 2 of them are on hosts`},
		"one is elsewhere":  {"get_object('b')\nget_objects('*')", `a/all asks for "*", which fits 3 objects; 1 of them`},
		"its own host":      {"perfs('a/*', 'x')", ""},
		"all are named":     {"get_object('b')\nget_object('c')\nperfs('*/load', 'x')", ""},
		"no pattern":        {"log('*')", ""},
	} {
		t.Run(name, func(t *testing.T) {
			main := triggerSite(t, service, map[string]string{"t.star": tt.script + "\n"})
			got := strings.Join(arbiter.Verify(main, 16, native, nil, nil).Warnings, "\n")
			if !strings.Contains(got, tt.want) || strings.Contains(got, "asks for") != (tt.want != "") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if one := strings.Join(arbiter.Verify(main, 1, native, nil, nil).Warnings, "\n"); strings.Contains(one, "asks for") {
				t.Errorf("with one shard: %q", one)
			}
		})
	}
}
