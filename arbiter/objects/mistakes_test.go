package objects_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/arbiter/objects"
	"github.com/onbu/onbu/internal/realpeer"
	"github.com/onbu/onbu/monitor/calendar"
)

var update = flag.Bool("update", false, "write what comes out to testdata/mistakes/*.want")

// Every file in testdata/mistakes shows one mistake; what is said of it stands beside it in a *.want file. The files
// that begin with "# main" are main files, the others object files that are read after testdata/base.cfg.
func TestEveryMistakeIsReported(t *testing.T) {
	for _, path := range examples(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			_, r := objects.Load(mainFor(t, path, t.TempDir()), objects.Opts{CheckPeriod: calendar.Check, DoubtPeriod: calendar.Doubts})
			got := say(r)
			wantPath := strings.TrimSuffix(path, ".cfg") + ".want"
			if *update {
				if err := os.WriteFile(wantPath, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(wantPath)
			if err != nil {
				t.Fatalf("%v (go test -update writes it)", err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if got == "" {
				t.Error("nothing was found wrong")
			}
		})
	}
}

func examples(t *testing.T) []string {
	t.Helper()
	list, err := filepath.Glob("testdata/mistakes/*.cfg")
	if err != nil || len(list) < 25 {
		t.Fatalf("%d examples, %v", len(list), err)
	}
	return list
}

// mainFor gives the main file that an example is read with.
func mainFor(t *testing.T, path, dir string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(string(text), "# main") {
		return path
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return realpeer.File(t, dir, "nagios.cfg", fmt.Sprintf("log_file=%[2]s/log\ncheck_result_path=%[2]s\ntemp_path=%[2]s\n"+
		"illegal_object_name_chars=`~!$%%^&*|'\"<>?,()=\nillegal_macro_output_chars=`~$&|'\"<>\n"+
		"cfg_file=%[1]s/testdata/base.cfg\ncfg_file=%[1]s/%[3]s\n", here, dir, path))
}

// say writes a report as `verify` does, with the base names of files.
func say(r *objects.Report) string {
	var b strings.Builder
	for _, p := range r.Problems {
		p.File = filepath.Base(p.File)
		p.Text = folder.ReplaceAllString(p.Text, "")
		fmt.Fprintln(&b, p)
	}
	return b.String()
}

// folder is the folder part of a path in an example's report.
var folder = regexp.MustCompile(`[^ ]*(testdata|TestEveryMistake)[^ ]*/`)

// What nagios4 refuses is an error here, and what it starts with is none.
func TestErrorsAreWhatNagiosRefuses(t *testing.T) {
	program := realpeer.Program(t, "nagios4", "nagios4")
	dir := realpeer.Dir(t)
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, path := range examples(t) {
		name := strings.TrimSuffix(filepath.Base(path), ".cfg")
		main := mainFor(t, path, dir)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// A { on the next line is how Shinken's users write; Nagios 4 takes it for a directive.
		if main == path || shinkens(string(text)) || name == "brace_on_next_line" {
			continue
		}
		_, r := objects.Load(main, objects.Opts{CheckPeriod: calendar.Check})
		out, err := exec.Command(program, "-v", main).CombinedOutput()
		if refuses := err != nil; refuses != !r.OK() {
			t.Errorf("%s: nagios4 refuses: %v, we: %v\n%s%s", name, refuses, !r.OK(), say(r), out)
		}
	}
}

// shinkens says whether a text has something that only Shinken knows.
func shinkens(text string) bool {
	for _, word := range []string{"realm", "poller", "module", "broker", "resultmodulation", "piggyback_", "dynamic_host_rule"} {
		if strings.Contains(text, "define "+word) {
			return true
		}
	}
	return strings.Contains(text, "bp_rule") || strings.Contains(text, "snapshot_enabled")
}
