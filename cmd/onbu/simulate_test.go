package main_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/internal/realpeer"
)

var rewrite = flag.Bool("rewrite", false, "write what the examples of docs/simulate.md print into it")

// site is the example that docs/simulate.md speaks of.
const (
	site   = "../../deploy/examples/site/nagios.cfg"
	outage = "../../deploy/examples/site/outage.txt" // the script that it shows
)

func TestSimulate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broken := small(t, "fien")
	script := realpeer.File(t, dir, "outage.txt", "at 10m host core-1 down for 45m\n")
	mistakes := realpeer.File(t, dir, "mistakes.txt", "# two mistakes\nat 10m hots core-1 down\n\nat 10m host cor-1 down\n")
	refused := realpeer.File(t, dir, "refused.txt", "at 10m ack core-1\n")
	tests := []struct {
		name string
		args []string
		code int
		says []string
	}{
		{"a script", []string{site, script}, 0, []string{"PROBLEM", "core-1", "mail, page", "noc: told twice (1 PROBLEM, 1 RECOVERY)"}},
		{"the other example", []string{site, filepath.Join(filepath.Dir(site), "night.txt")}, 0, []string{"ACKNOWLEDGEMENT", "Played 12h from Friday 2026-01-09 22:00 CET", "Sat 09:00:53"}},
		{"what if a host died", []string{site, "--what-if", "core-1"}, 0, []string{"core-1", "PROBLEM", "noc: told"}},
		{"what if a service broke", []string{"--what-if", "db1/mysql", site}, 0, []string{"db1/mysql", "CRITICAL"}},
		{"mistakes in the script", []string{site, mistakes}, 1, []string{
			mistakes + `:2: nothing is called "hots"; did you mean "host"?`, mistakes + `:4: there is no host "cor-1"; did you mean "core-1"?`,
		}},
		{"a command that the engine refuses", []string{site, refused}, 0, []string{"! line 1, 10m: ack core-1", "no problem"}},
		{"a configuration with mistakes", []string{broken, script}, 1, []string{"fien", "onbu verify " + broken}},
		{"a host that is not there", []string{site, "--what-if", "core-2"}, 1, []string{`there is no host "core-2"; did you mean "core-1"?`}},
		{"a script that is not there", []string{site, script + ".not"}, 1, []string{"script: open " + script + ".not"}},
		{"a script that is none", []string{site, binary}, 1, []string{"is no text"}},
		{"no script", []string{site}, 2, []string{"--what-if HOST", "usage: onbu simulate CONFIG SCRIPT"}},
		{"a script and what if", []string{site, script, "--what-if", "core-1"}, 2, []string{"takes the place of the script"}},
		{"a beginning that is none", []string{site, script, "--start", "noon"}, 2, []string{`--start: "noon" is no beginning`}},
		{"an end that is none", []string{site, script, "--until", "0"}, 2, []string{"--until takes a time such as"}},
		{"another beginning and end", []string{site, script, "--start", "2026-03-29 01:00", "--until", "30m"}, 0, []string{"Played 30m from Sunday 2026-03-29 01:00 CET"}},
		{"help", []string{"--help"}, 0, []string{"onbu simulate /etc/nagios4/nagios.cfg outage.txt", "--what-if core-1", "-json"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, code := call(t, append([]string{"simulate"}, tt.args...)...)
			if code != tt.code {
				t.Errorf("exit status %d, want %d: %s", code, tt.code, out)
			}
			for _, says := range tt.says {
				if !strings.Contains(out, says) {
					t.Errorf("does not say %q:\n%s", says, out)
				}
			}
		})
	}
}

// A warning does not hold a configuration up, but it is not kept from who only runs it.
func TestWarningsAreCountedWhereAConfigurationIsUsed(t *testing.T) {
	t.Parallel()
	c := newConfig(t)
	c.host("web1")
	c.host("web2")
	c.service("web1", "http", "look")
	c.Command("look", "/bin/true")
	c.objects.WriteString("define hostdependency {\n    host_name            web1\n    dependent_host_name  web2\n}\n")
	main := c.write()
	out, code := call(t, "simulate", main, "--what-if", "web1")
	if says := "(warnings: 1); onbu verify " + main; code != 0 || !strings.Contains(out, says) {
		t.Errorf("exit status %d, does not say %q:\n%s", code, says, out)
	}
}

// The shape of the JSON is a promise to scripts: these keys and no others.
func TestSimulateJSON(t *testing.T) {
	t.Parallel()
	var out, again, stderr bytes.Buffer
	for _, to := range []*bytes.Buffer{&out, &again} {
		if code := callTo(t, to, &stderr, "simulate", "--json", site, outage); code != 0 || stderr.Len() > 0 {
			t.Fatalf("exit status %d: %s", code, stderr.String())
		}
	}
	if !bytes.Equal(out.Bytes(), again.Bytes()) {
		t.Error("two runs differ")
	}
	var got map[string][]map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{
		"notifications": "at contact host number service state type",
		"states":        "at host service state state_type",
		"roots":         "from host impacts service to",
	}
	if len(got) != len(keys) {
		t.Errorf("%d lists", len(got))
	}
	for list, want := range keys {
		if got[list] == nil {
			t.Errorf("%s is null or missing", list)
		}
		for _, one := range got[list] {
			if names := strings.Join(slices.Sorted(maps.Keys(one)), " "); names != want {
				t.Errorf("%s have %s, want %s", list, names, want)
			}
		}
	}
	if len(got["notifications"]) == 0 || len(got["states"]) == 0 {
		t.Errorf("%d notifications and %d states of a day of outages", len(got["notifications"]), len(got["states"]))
	}
}

func TestSimulateReadsAScriptFromStandardInput(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(binary, "simulate", site, "-")
	cmd.Stdin = strings.NewReader("at 10m hots core-1 down\n")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "-:1: nothing is called") {
		t.Errorf("%v: %s", err, out)
	}
}

// What docs/simulate.md shows is what is printed: each block that begins with "$ onbu simulate" is run.
func TestTheExamplesInTheDocsAreTrue(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "simulate.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(outage)
	if err != nil || !strings.Contains(string(text), "```\n"+string(script)+"```\n") {
		t.Errorf("%s does not show %s as it is (%v)", path, outage, err)
	}
	blocks := strings.Split(string(text), "```\n")
	ran := 0
	for i, block := range blocks {
		command, _, found := strings.Cut(block, "\n")
		args, is := strings.CutPrefix(command, "$ onbu ")
		if !found || !is {
			continue
		}
		cmd := exec.Command(binary, strings.Fields(args)...)
		cmd.Dir = filepath.Join("..", "..")
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("%s: %v", command, err)
		}
		blocks[i] = command + "\n" + string(out)
		ran++
	}
	if ran < 2 {
		t.Errorf("%d examples found in %s", ran, path)
	}
	got := strings.Join(blocks, "```\n")
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(string(text), got); diff != "" {
		t.Errorf("run with -rewrite and read the difference (-want +got):\n%s", diff)
	}
}
