package command_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/command"
)

const now = monitor.Time(1_800_000_000_500_000_000)

func TestParseReadsWholeCommands(t *testing.T) {
	web1 := monitor.Ref{Host: "web1"}
	disk := monitor.Ref{Host: "web1", Service: "disk /"}
	at := monitor.Time(1_700_000_000e9)
	for line, want := range map[string]command.Request{
		"[1700000000] ENABLE_HOST_CHECK;web1\n": {Time: at, Name: "ENABLE_HOST_CHECK", Ref: web1, Args: []string{}},
		"enable_host_check;web1":                {Time: now, Name: "ENABLE_HOST_CHECK", Ref: web1, Args: []string{}},
		"[1700000000]ENABLE_SVC_CHECK;web1;disk /": {
			Time: at, Name: "ENABLE_SVC_CHECK", Ref: disk, Args: []string{},
		},
		"[1700000000] ACKNOWLEDGE_SVC_PROBLEM;web1;disk /;2;1;0;ada;new one ordered; comes on monday": {
			Time: at, Name: "ACKNOWLEDGE_SVC_PROBLEM", Ref: disk,
			Args: []string{"2", "1", "0", "ada", "new one ordered; comes on monday"},
		},
		"SCHEDULE_HOST_DOWNTIME;web1;1700000000;1700003600;1;0;3600;ada;": {
			Time: now, Name: "SCHEDULE_HOST_DOWNTIME", Ref: web1,
			Args: []string{"1700000000", "1700003600", "1", "0", "3600", "ada", ""},
		},
		"PROCESS_HOST_CHECK_RESULT;web1;1":   {Time: now, Name: "PROCESS_HOST_CHECK_RESULT", Ref: web1, Args: []string{"1", ""}},
		"DEL_DOWNTIME_BY_HOST_NAME;web1":     {Time: now, Name: "DEL_DOWNTIME_BY_HOST_NAME", Args: []string{"web1", "", "", ""}},
		"DEL_DOWNTIME_BY_HOST_NAME;;;;a;b":   {Time: now, Name: "DEL_DOWNTIME_BY_HOST_NAME", Args: []string{"", "", "", "a;b"}},
		"RESTART_PROCESS":                    {Time: now, Name: "RESTART_PROGRAM", Args: []string{}},
		"RESTART_PROGRAM;":                   {Time: now, Name: "RESTART_PROGRAM", Args: []string{}},
		"ADD_SIMPLE_HOST_DEPENDENCY;web1;gw": {Time: now, Name: "ADD_SIMPLE_HOST_DEPENDENCY", Ref: web1, Args: []string{"gw"}},
		"CHANGE_NORMAL_HOST_CHECK_INTERVAL;web1;0.5": {
			Time: now, Name: "CHANGE_NORMAL_HOST_CHECK_INTERVAL", Ref: web1, Args: []string{"0.5"},
		},
		"LOG;caf\xe9; \u2713": {Time: now, Name: "LOG", Args: []string{"caf\uFFFD; \u2713"}},
	} {
		got, err := command.Parse(line, now)
		if err != nil {
			t.Errorf("Parse(%q): %v", line, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", line, diff)
		}
	}
}

// The table is the manual of refusals.
func TestRefusalsSayWhatIsWrongAndWhatToWrite(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"", `external command: the line is empty; expected NAME;argument;…`},
		{"[17000000x] LOG;a", `external command: the time "17000000x" is not a number of seconds since 1970, 0 to 9223372036`},
		{"[1700000000 LOG;a", `external command: the "[" before the time is never closed; write "[1767225600] NAME;…", or no time at all`},
		{"ENABLE_HOSTCHECK;a", `external command "ENABLE_HOSTCHECK": there is no such command; did you mean ENABLE_HOST_CHECK;host?`},
		{"FORMAT_DISK;a", `external command "FORMAT_DISK": there is no such command`},
		{"_MINE;a", `external command "_MINE": names with an underscore in front are for modules, and no module takes them`},
		{"ENABLE_HOST_CHECK", `external command ENABLE_HOST_CHECK: argument 1 (host) is missing; usage: ENABLE_HOST_CHECK;host`},
		{"ENABLE_HOST_CHECK;", `external command ENABLE_HOST_CHECK: argument 1 (host): it is empty; usage: ENABLE_HOST_CHECK;host`},
		{"ENABLE_HOST_CHECK;a;b", `external command ENABLE_HOST_CHECK: "b" is too much: there are only 1 arguments; usage: ENABLE_HOST_CHECK;host`},
		{"ENABLE_HOST_CHECK;a\tb", `external command ENABLE_HOST_CHECK: argument 1 (host): "a\tb" holds the control character '\t'; usage: ENABLE_HOST_CHECK;host`},
		{"ENABLE_HOST_CHECK;a\xff", `external command ENABLE_HOST_CHECK: argument 1 (host): "a\xff" is not UTF-8; usage: ENABLE_HOST_CHECK;host`},
		{"ADD_HOST_COMMENT;a;1;ada", `external command ADD_HOST_COMMENT: argument 4 (comment) is missing; usage: ADD_HOST_COMMENT;host;persistent;author;comment`},
		{"ADD_HOST_COMMENT;a;yes;ada;x", `external command ADD_HOST_COMMENT: argument 2 (persistent): "yes" is not 0 or 1; usage: ADD_HOST_COMMENT;host;persistent;author;comment`},
		{"ADD_HOST_COMMENT;a;1;ada;x\nLOG;y", `external command ADD_HOST_COMMENT: argument 4 (comment): "x\nLOG;y" holds the control character '\n'; usage: ADD_HOST_COMMENT;host;persistent;author;comment`},
		{"SCHEDULE_HOST_CHECK;a;tomorrow", `external command SCHEDULE_HOST_CHECK: argument 2 (time): "tomorrow" is not a Unix time in seconds; usage: SCHEDULE_HOST_CHECK;host;time`},
		{"SCHEDULE_HOST_CHECK;a;99999999999", `external command SCHEDULE_HOST_CHECK: argument 2 (time): "99999999999" is not a Unix time in seconds; usage: SCHEDULE_HOST_CHECK;host;time`},
		{"CHANGE_MAX_HOST_CHECK_ATTEMPTS;a;0", `external command CHANGE_MAX_HOST_CHECK_ATTEMPTS: argument 2 (attempts): "0" is not a whole number from 1 to 65535; usage: CHANGE_MAX_HOST_CHECK_ATTEMPTS;host;attempts`},
		{"CHANGE_RETRY_HOST_CHECK_INTERVAL;a;NaN", `external command CHANGE_RETRY_HOST_CHECK_INTERVAL: argument 2 (interval): "NaN" is not a number from 0 to 2147483647; usage: CHANGE_RETRY_HOST_CHECK_INTERVAL;host;interval`},
		{"PROCESS_HOST_CHECK_RESULT;a;3;x", `external command PROCESS_HOST_CHECK_RESULT: argument 2 (status): "3" is not a whole number from 0 to 2; usage: PROCESS_HOST_CHECK_RESULT;host;status;[output]`},
	} {
		_, err := command.Parse(test.line, now)
		if err == nil || err.Error() != test.want {
			t.Errorf("Parse(%q)\n got %v\nwant %s", test.line, err, test.want)
		}
	}
}

func TestParseRefusesWhatIsTooLong(t *testing.T) {
	for _, line := range []string{
		"LOG;" + strings.Repeat("x", command.MaxLine),
		"ENABLE_HOST_CHECK;" + strings.Repeat("x", command.MaxName+1),
	} {
		if _, err := command.Parse(line, now); err == nil || len(err.Error()) > 300 {
			t.Errorf("%d bytes: got %v, want a short error", len(line), err)
		}
	}
}

func TestAccessorsGiveTheArguments(t *testing.T) {
	r, err := command.Parse("SCHEDULE_SVC_DOWNTIME;web1;disk;1700000000;1700003600;1;7;90;ada;x;y", now)
	if err != nil {
		t.Fatal(err)
	}
	if r.Moment(0) != 1_700_000_000e9 || r.Moment(1) != 1_700_003_600e9 || !r.Bool(2) || r.Int(3) != 7 || r.Int(4) != 90 || r.Text(6) != "x;y" {
		t.Errorf("got %d %d %t %d %d %q", r.Moment(0), r.Moment(1), r.Bool(2), r.Int(3), r.Int(4), r.Text(6))
	}
	if r.Moment(99) != 0 || r.Bool(-1) || r.Int(99) != 0 || r.Int(5) != 0 || r.Text(99) != "" || r.Number(99) != 0 {
		t.Error("an argument that is not there is not zero")
	}
}

func TestScopes(t *testing.T) {
	for line, want := range map[string]command.Scope{
		"ENABLE_HOST_CHECK;a":                  command.ScopeHost,
		"ADD_SVC_COMMENT;a;b;1;c;d":            command.ScopeHost,
		"ENABLE_NOTIFICATIONS":                 command.ScopeAll,
		"DEL_HOST_DOWNTIME;7":                  command.ScopeAll,
		"DEL_DOWNTIME_BY_HOST_NAME;a":          command.ScopeAll,
		"ENABLE_HOSTGROUP_HOST_CHECKS;g":       command.ScopeAll,
		"ENABLE_CONTACT_SVC_NOTIFICATIONS;ada": command.ScopeAll,
		"PROCESS_SERVICE_CHECK_RESULT;a;b;0;c": command.ScopeResult,
		"PROCESS_FILE;/tmp/x;1":                command.ScopeEngine,
		"SHUTDOWN_PROCESS":                     command.ScopeEngine,
	} {
		r, err := command.Parse(line, now)
		if err != nil {
			t.Errorf("Parse(%q): %v", line, err)
		} else if r.Scope() != want {
			t.Errorf("scope of %q: got %d, want %d", line, r.Scope(), want)
		}
	}
}

func TestPassiveResultsBecomeSubmissions(t *testing.T) {
	for line, want := range map[string]monitor.Submission{
		`[1700000000] PROCESS_SERVICE_CHECK_RESULT;web1;disk;1;DISK; 80% full|/=80%\nline two`: {
			Ref: monitor.Ref{Host: "web1", Service: "disk"}, Time: 1_700_000_000e9,
			Outcome: monitor.Outcome{State: monitor.Warning, Output: "DISK: 80% full", LongOutput: "line two", Perfdata: "/=80%"},
		},
		"[1700000000] PROCESS_SERVICE_CHECK_RESULT;web1;disk;-5;\x1b[31mred": {
			Ref: monitor.Ref{Host: "web1", Service: "disk"}, Time: 1_700_000_000e9,
			Outcome: monitor.Outcome{State: monitor.Unknown, Output: "red"},
		},
		"PROCESS_HOST_CHECK_RESULT;web1;2": {
			Ref: monitor.Ref{Host: "web1"}, Time: now,
			Outcome: monitor.Outcome{State: monitor.Unreachable, Output: "(No output returned from plugin)"},
		},
	} {
		r, err := command.Parse(line, now)
		if err != nil {
			t.Errorf("Parse(%q): %v", line, err)
			continue
		}
		got, ok := r.Submission()
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("%q (-want +got):\n%s", line, diff)
		}
	}
	for _, line := range []string{"LOG;a", "PROCESS_HOST_OUTPUT;a;b"} {
		r, err := command.Parse(line, now)
		if _, ok := r.Submission(); err != nil || ok {
			t.Errorf("%q: got a submission or %v, want neither", line, err)
		}
	}
}

// Each name of the grammar has a usage that Parse takes once values stand in the places of the arguments.
func TestUsageOfEachCommandCanBeParsed(t *testing.T) {
	count := 0
	for name := range command.Names() {
		count++
		usage, ok := command.Usage(name)
		if !ok {
			t.Errorf("%s has no usage", name)
			continue
		}
		fields := strings.Split(usage, ";")
		c, _ := command.Lookup(name)
		for i, a := range c.Arguments {
			switch a.Kind {
			case command.Time, command.Int, command.Number, command.Bool:
				fields[i+1] = "1"
			}
		}
		if _, err := command.Parse(strings.Join(fields, ";"), now); err != nil {
			t.Errorf("%s: %v", usage, err)
		}
	}
	if count != 182 {
		t.Errorf("got %d names, want the 182 of Nagios, Naemon and Shinken", count)
	}
	if _, ok := command.Usage("NONSENSE"); ok {
		t.Error("NONSENSE has a usage")
	}
	if got := slices.Sorted(command.Names()); !slices.Equal(got, slices.Collect(command.Names())) {
		t.Error("the names are not in order")
	}
}

func FuzzParse(f *testing.F) {
	for _, line := range []string{
		"[1700000000] ACKNOWLEDGE_SVC_PROBLEM;web1;disk;2;1;0;ada;a;b",
		"PROCESS_SERVICE_CHECK_RESULT;a;b;0;x|y=1\\n", "DEL_DOWNTIME_BY_HOST_NAME;;;5;", "[", "[1]", ";", "LOG;\xff\x1b[0m",
		"CHANGE_NORMAL_SVC_CHECK_INTERVAL;a;b;1e3", "ADD_SIMPLE_POLLER;a;b;c;1",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		r, err := command.Parse(line, now)
		if err != nil {
			return
		}
		if r.Scope() == 0 {
			t.Errorf("%q has no scope", line)
		}
		if strings.ContainsAny(r.String(), "\n\r\x00") {
			t.Errorf("%q is written with a line end: %q", line, r.String())
		}
		again, err := command.Parse(r.String(), 0)
		r.Time -= r.Time % 1e9
		if diff := cmp.Diff(r, again); err != nil || diff != "" {
			t.Errorf("%q written and read again: %v\n%s", line, err, diff)
		}
		r.Submission()
	})
}

func BenchmarkParseResult(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := command.Parse("[1700000000] PROCESS_SERVICE_CHECK_RESULT;web1;disk;0;DISK OK|/=10%;80;90", now); err != nil {
			b.Fatal(err)
		}
	}
}
