package arbiter_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/arbiter"
	"github.com/onbu/onbu/internal/realpeer"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// golden compares with a file of testdata.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: %s", path, diff)
	}
}

// native stands for the modules: it remembers the lines that it was asked about.
type native struct{ lines []string }

func (n *native) of(line string) arbiter.Way {
	n.lines = append(n.lines, line)
	switch {
	case strings.Contains(line, "-6"):
		return arbiter.Way{Module: "exec", Why: "option -6 is not supported"}
	case strings.HasPrefix(line, "check_snmp_booster "):
		way := arbiter.Way{Module: "booster", Each: true, Doubtful: []string{"f.ini:1: doubtful"}}
		if strings.Contains(line, "bad") {
			way.Wrong = []string{"f.ini:2: wrong"}
		}
		return way
	case strings.Contains(line, "/check_icmp "):
		return arbiter.Way{Module: "icmp"}
	case strings.Contains(line, "/check_tcp "):
		return arbiter.Way{Module: "tcp"}
	}
	return arbiter.Way{Module: "exec", Why: "no native module for " + filepath.Base(strings.Fields(line)[0])}
}

func TestVerifySaysHowEachCommandRuns(t *testing.T) {
	var n native
	s := arbiter.Verify("testdata/small.cfg", 4, n.of, nil, nil)
	if !s.OK {
		t.Fatalf("not fit to run: %v", s.Errors)
	}
	want := []arbiter.CommandUse{
		{Command: "own", Module: "exec", Checks: 2, Why: "no native module for check_own", Example: "alone"},
		{Command: "ping", Module: "icmp", Checks: 2, Example: "gateway"},
		{Command: "tcp", Module: "tcp", Checks: 2, Example: "gateway/port"},
		{Command: "tcp", Module: "exec", Checks: 1, Why: "option -6 is not supported", Example: "web/port by IPv6"},
	}
	if diff := cmp.Diff(want, s.Commands); diff != "" {
		t.Error(diff)
	}
	if s.Native != 4 || s.Forked != 3 {
		t.Errorf("%d native and %d forked, want 4 and 3", s.Native, s.Forked)
	}
	// Each form is asked about once, with the values of the first object that uses it.
	lines := []string{
		"/usr/lib/nagios/plugins/check_icmp -H 127.0.0.2",
		"/opt/check_own s3cret",
		"/usr/lib/nagios/plugins/check_tcp -H 127.0.0.2 -p 22 ",
		"/usr/lib/nagios/plugins/check_tcp -H 127.0.0.3 -p 80 -6",
	}
	if diff := cmp.Diff(lines, n.lines); diff != "" {
		t.Error(diff)
	}
	if s.Packs != 2 || s.Heaviest != 6 {
		t.Errorf("%d packs, the heaviest with %d; want 2, and web and gateway with their services together", s.Packs, s.Heaviest)
	}
}

// In Shinken the module says where its files are, and a command's module_type whose it is: pollers learn both by the line.
func TestTheLinesOfSNMPBoosterAreWholeAndEachIsLookedAt(t *testing.T) {
	var n native
	s := arbiter.Verify("testdata/booster.cfg", 4, n.of, nil, nil)
	lines := []string{
		"check_snmp_booster --datasource '/etc/shinken/it'\\''s' -H sw1 -t chassis -i $_SERVICEINST$",
		"check_snmp_booster --datasource '/etc/shinken/it'\\''s' -H sw1 -t bad -i 7",
		"/x/check_snmp_booster -H sw1 -t own --datasource /own",
	}
	if diff := cmp.Diff(lines, n.lines); diff != "" {
		t.Error(diff)
	}
	if want := []string{"f.ini:2: wrong (check_command poll of sw1/port)"}; s.OK || !s.Runs || !slices.Equal(s.Errors, want) {
		t.Errorf("ok %v, runs %v with the errors %q, want %q and that it runs", s.OK, s.Runs, s.Errors, want)
	}
	var said strings.Builder
	s.Print(&said)
	if want := "onbu run takes it, but what the errors name does not work\n"; !strings.HasSuffix(said.String(), want) {
		t.Errorf("says %q, want it to end with %q", said.String(), want)
	}
	c, _ := arbiter.Load("testdata/booster.cfg")
	if got := arbiter.Broken(c, n.of, nil, nil); !slices.Equal(got, s.Errors) {
		t.Errorf("broken is %q, and verify says %q", got, s.Errors)
	}
	if want := []string{"f.ini:1: doubtful"}; !slices.Equal(s.Warnings, want) {
		t.Errorf("warnings %q, want %q", s.Warnings, want)
	}
	for _, later := range s.Later {
		if later.Directive == "module" || later.Directive == "module_type" {
			t.Errorf("%+v is acted on", later)
		}
	}
}

func TestNoSecretIsPrinted(t *testing.T) {
	s := arbiter.Verify("testdata/small.cfg", 4, new(native).of, nil, nil)
	var printed bytes.Buffer
	s.Print(&printed)
	if err := json.NewEncoder(&printed).Encode(s); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(printed.String(), "s3cret") {
		t.Errorf("the value of a $USERn$ is shown:\n%s", printed.String())
	}
}

func TestTheSummaryForPeople(t *testing.T) {
	for _, name := range []string{"small", "broken"} {
		s := arbiter.Verify("testdata/"+name+".cfg", 4, new(native).of, nil, nil)
		var out bytes.Buffer
		s.Print(&out)
		golden(t, name+".txt", out.String())
	}
}

func TestTheSummaryForPrograms(t *testing.T) {
	for _, name := range []string{"small", "broken"} {
		s := arbiter.Verify("testdata/"+name+".cfg", 4, new(native).of, nil, nil)
		out, err := json.MarshalIndent(s, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(out, []byte("null")) {
			t.Errorf("%s: a list is null", name)
		}
		golden(t, name+".json", string(out)+"\n")
	}
}

func TestAFileThatIsMissingIsAMistakeLikeOthers(t *testing.T) {
	s := arbiter.Verify("testdata/nowhere.cfg", 4, new(native).of, nil, nil)
	if s.OK || len(s.Errors) != 1 || !strings.Contains(s.Errors[0], "testdata/nowhere.cfg") {
		t.Errorf("ok %v, errors %q", s.OK, s.Errors)
	}
}

// 20:00-06:00 never holds in Nagios either: whoever wrote it is not told at night.
func TestARangeThatNeverHoldsIsAWarning(t *testing.T) {
	s := arbiter.Verify("testdata/doubt.cfg", 4, new(native).of, nil, nil)
	want := []string{`testdata/doubt/objects.cfg:9: timeperiod night: line "monday           20:00-06:00": 20:00-06:00 ends before it begins ` +
		`and so never holds, as in Nagios; for a night write 20:00-24:00 here and 00:00-06:00 on the day after`}
	if diff := cmp.Diff(want, s.Warnings); !s.OK || diff != "" {
		t.Errorf("ok %v, %s", s.OK, diff)
	}
}

func TestNothingIsWrongWithDebiansConfiguration(t *testing.T) {
	const path = "/etc/nagios4/nagios.cfg"
	if _, err := os.Stat(path); err != nil {
		realpeer.Skip(t, path+" is not here: apt-get install nagios4")
	}
	s := arbiter.Verify(path, 4, new(native).of, nil, nil)
	if !s.OK || len(s.Warnings) > 0 {
		t.Errorf("ok %v, errors %q, warnings %q", s.OK, s.Errors, s.Warnings)
	}
}

func TestWhatIsMootIsOneParagraph(t *testing.T) {
	s := arbiter.Summary{Later: []arbiter.NotActedOn{
		{Kind: "define", Directive: "poller", Effect: arbiter.Moot, Times: 2, First: "x.cfg:1"},
		{Kind: "host", Directive: "event_handler", Effect: arbiter.Missed, Times: 3, First: "x.cfg:2"},
		{Kind: "host", Directive: "obsess", Effect: arbiter.Moot, Times: 4, First: "x.cfg:3"},
		{Kind: "service", Directive: "obsess", Effect: arbiter.Moot, Times: 4, First: "x.cfg:4"},
	}}
	for range 40 {
		s.Later = append(s.Later, arbiter.NotActedOn{Directive: "some_option_" + strings.Repeat("x", len(s.Later)), Effect: arbiter.Moot})
	}
	var out bytes.Buffer
	s.Print(&out)
	_, list, _ := strings.Cut(out.String(), "not acted on yet:\n")
	missed, moot, _ := strings.Cut(list, "\n\n")
	if want := "  host  event_handler  3 times  first at x.cfg:2"; missed != want {
		t.Errorf("missed: got %q, want %q", missed, want)
	}
	if !strings.Contains(moot, "\n  define poller, obsess, some_option_xxxx, ") || strings.Count(moot, "obsess") != 1 {
		t.Errorf("each name once, in order:\n%s", moot)
	}
	for line := range strings.Lines(out.String()) {
		if len(line) > 101 || strings.HasSuffix(line, " \n") {
			t.Errorf("%d bytes: %q", len(line), line)
		}
	}
}

// A module would only say that an option needs a value: the cause is named, once for each command.
func TestCustomVariablesThatAreMissingAreNamed(t *testing.T) {
	s := arbiter.Verify("testdata/undefined.cfg", 4, new(native).of, nil, nil)
	want := []string{
		"testdata/undefined/objects.cfg:14: $_SERVICEPORT$ is not defined for service gateway/has it not, and its check_command open asks for it: " +
			"add a line _PORT, here or in a template",
		"testdata/small/objects.cfg:61: $_HOSTUSER$ is not defined for host alone, and check_command open of its service nor this asks for it: " +
			"add a line _USER, here or in a template",
		"testdata/undefined/objects.cfg:28: $PLUGINSDIR$ is not defined, and command ours asks for it: " +
			"add a line $PLUGINSDIR$=… to a resource file; for a dollar sign write $$",
	}
	slices.Sort(want)
	slices.Sort(s.Warnings)
	if diff := cmp.Diff(want, s.Warnings); !s.OK || diff != "" {
		t.Errorf("ok %v, errors %q, warnings %s", s.OK, s.Errors, diff)
	}
	if s.Counts["warnings"] != 3 {
		t.Errorf("%d warnings are counted, want 3", s.Counts["warnings"])
	}
}

func TestOneIsNotPlural(t *testing.T) {
	s := arbiter.Summary{
		OK: true, Runs: true, Main: "x.cfg", Files: 1, Objects: []arbiter.Count{{Type: "hosts", N: 1}, {Type: "dependencies", N: 1}, {Type: "services", N: 2}},
		Packs: 1, Heaviest: 1, Shards: []uint64{1}, Native: 1, Forked: 1, Commands: []arbiter.CommandUse{{}}, Counts: map[string]int{"warnings": 1},
	}
	var out bytes.Buffer
	s.Print(&out)
	for _, want := range []string{
		"x.cfg: 1 file\n", "1 host\n", "1 dependency\n", "2 services\n", "1 pack with 1 check, in 1 shard\n",
		"1 runs natively, 1 forks a plugin\n", "0 errors, 1 warning: ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

// A module's program is no file: what the module cannot send nobody can.
func TestANotificationThatNoModuleCanSendIsAnError(t *testing.T) {
	sends := func(string) (string, error) { return "mail", nil }
	s := arbiter.Verify("testdata/small.cfg", 4, new(native).of, sends, nil)
	if !s.OK || len(s.Notifications) == 0 || s.Notifications[0].Module != "mail" || s.Notifications[0].Contacts == 0 {
		t.Errorf("ok %v, notifications %+v", s.OK, s.Notifications)
	}
	refuse := func(string) (string, error) { return "", errors.New("no such server") }
	s = arbiter.Verify("testdata/small.cfg", 4, new(native).of, refuse, nil)
	if s.OK || len(s.Errors) == 0 || !strings.Contains(s.Errors[0], "no such server") || !strings.Contains(s.Errors[0], ".cfg:") {
		t.Errorf("ok %v, errors %q", s.OK, s.Errors)
	}
}
