package objects_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/monitor"
)

func TestRulesAreReadFromAFileOfTheirOwn(t *testing.T) {
	dir := t.TempDir()
	realpeer.File(t, dir, "more.cfg", "define piggyback_policy {\n\tpiggyback never\n}\n")
	path := realpeer.File(t, dir, "rules.cfg", `
define host {
	host_name passed-over
}
define piggyback_translation {
	translation_name t
	source_name esx1
	case lower
}
include_file=more.cfg
`)
	p, report := objects.LoadRules(path, []string{"esx0", "esx1"}, objects.Opts{})
	if !report.OK() {
		t.Fatalf("%+v", report.Problems)
	}
	want := monitor.Piggyback{
		Translations: []monitor.PiggybackTranslation{{Name: "t", Sources: []monitor.Pattern{{Text: "esx1"}}, Case: monitor.CaseLower}},
		Policies:     []monitor.PiggybackPolicy{{Name: "#1", Use: monitor.UseNever}},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
}

func TestRulesAreReadFromAWholeConfiguration(t *testing.T) {
	dir := t.TempDir()
	main := realpeer.File(t, dir, "nagios.cfg", "cfg_file=rules.cfg\n")
	realpeer.File(t, dir, "rules.cfg", "define piggyback_translation {\n\ttranslation_name t\n\tcase upper\n}\n")
	p, _ := objects.LoadRules(main, nil, objects.Opts{})
	if len(p.Translations) != 1 || p.Translations[0].Case != monitor.CaseUpper {
		t.Errorf("%+v", p)
	}
}

func TestMistakesInRulesAreSaidWithTheirLine(t *testing.T) {
	dir := t.TempDir()
	path := realpeer.File(t, dir, "rules.cfg", "define piggyback_translation {\n\tsource_name esx9\n\tregex_1 ( => x\n}\n")
	_, report := objects.LoadRules(path, []string{"esx1"}, objects.Opts{})
	var lines []int
	for _, p := range report.Problems {
		if p.Severity == objects.Error {
			lines = append(lines, int(p.Line))
		}
	}
	if diff := cmp.Diff([]int{2, 3}, lines); diff != "" {
		t.Errorf("%+v", report.Problems)
	}
	if _, report := objects.LoadRules(path+"x", nil, objects.Opts{}); report.OK() || !strings.Contains(report.Problems[0].Text, "reading the rules") {
		t.Errorf("%+v", report.Problems)
	}
}

func TestATextOfRulesOpensNoFile(t *testing.T) {
	dir := t.TempDir()
	other := realpeer.File(t, dir, "other.cfg", "define piggyback_translation {\n\ttranslation_name other\n\tcase upper\n}\n")
	p, report := objects.ReadRules("text", "define piggyback_translation {\n\ttranslation_name t\n\tcase lower\n}\n", []string{"esx1"}, objects.Opts{})
	if !report.OK() || len(p.Translations) != 1 || p.Translations[0].Case != monitor.CaseLower {
		t.Errorf("%+v, %+v", p, report.Problems)
	}
	for _, line := range []string{"cfg_file=" + other, "cfg_dir=" + dir, "include_file=" + other, "include_dir=" + dir, "resource_file=" + other, "$USER1$=" + other} {
		p, report := objects.ReadRules("text", line+"\n", nil, objects.Opts{})
		if report.OK() || len(p.Translations) != 0 || report.Problems[0].Line != 1 {
			t.Errorf("%s: %+v, %+v", line, p, report.Problems)
		}
	}
}
