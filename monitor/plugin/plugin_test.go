package plugin_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin"
)

type parts struct{ Output, Long, Perf string }

func split(raw string, limit int) parts {
	output, long, perf := plugin.Output([]byte(raw), limit)
	return parts{output, long, perf}
}

// The first row is the example of the Nagios Plugin API, "Plugin Output Examples", case 3.
func TestOutputIsTakenApart(t *testing.T) {
	for raw, want := range map[string]parts{
		"DISK OK - free space: / 3326 MB (56%); | /=2643MB;5948;5958;0;5968\n" +
			"/ 15272 MB (77%);\n/boot 68 MB (69%);\n/home 69357 MB (27%);\n/var/log 819 MB (84%); | " +
			"/boot=68MB;88;93;0;98\n/home=69357MB;253404;253409;0;253414\n/var/log=818MB;970;975;0;980\n": {
			"DISK OK - free space: / 3326 MB (56%):",
			"/ 15272 MB (77%);\n/boot 68 MB (69%);\n/home 69357 MB (27%);\n/var/log 819 MB (84%);",
			"/=2643MB;5948;5958;0;5968 /boot=68MB;88;93;0;98 /home=69357MB;253404;253409;0;253414 /var/log=818MB;970;975;0;980",
		},
		"PING ok":                 {Output: "PING ok"},
		"PING ok\r\n":             {Output: "PING ok"},
		" PING ok |rta=1ms  \n":   {Output: "PING ok", Perf: "rta=1ms"},
		"":                        {Output: plugin.NoOutput},
		"\n":                      {Output: plugin.NoOutput},
		"|a=1":                    {Output: plugin.NoOutput, Perf: "a=1"},
		"\nsecond":                {Output: plugin.NoOutput, Long: "second"},
		"ok|a=1|b=2":              {Output: "ok", Perf: "a=1 b=2"},
		"ok\nlong|a=1\nb=2|c=3":   {Output: "ok", Long: "long", Perf: "a=1 b=2 c=3"},
		"ok\n  indented\n\nlast":  {Output: "ok", Long: "  indented\n\nlast"},
		"ok\x00\x07bell":          {Output: "ok  bell"},
		"\x1b[1;31mred\x1b[0m ok": {Output: "red ok"},
		"\x1b]0;title":            {Output: "]0:title"},
		"caf\xe9 \u2713\u0085":    {Output: "caf\uFFFD \u2713"},
		"a\u202egnp.exe":          {Output: "a gnp.exe"},
		"one\rtwo":                {Output: "one", Long: "two"},
		"a\tb":                    {Output: "a\tb"},
	} {
		if diff := cmp.Diff(want, split(raw, 0)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", raw, diff)
		}
	}
}

func TestTooMuchOutputLosesItsEndButNoDigits(t *testing.T) {
	for _, test := range []struct {
		raw   string
		limit int
		want  parts
	}{
		{"a long line", 6, parts{Output: "a long"}},
		{"ok|a=1 load=123", 13, parts{Output: "ok", Perf: "a=1"}},
		{"ok|load=123", 10, parts{Output: "ok"}},
		{"ok|a=1\nlong|b=2\nc=345", 18, parts{Output: "ok", Long: "long", Perf: "a=1 b=2"}},
		{"ok|a=1\nlong text", 11, parts{Output: "ok", Long: "long", Perf: "a=1"}},
		{"caf\u00e9", 4, parts{Output: "caf\uFFFD"}},
	} {
		if diff := cmp.Diff(test.want, split(test.raw, test.limit)); diff != "" {
			t.Errorf("%q cut to %d bytes (-want +got):\n%s", test.raw, test.limit, diff)
		}
	}
	if got := split(strings.Repeat("x", 2*plugin.DefaultLimit), 0); len(got.Output) != plugin.DefaultLimit {
		t.Errorf("got %d bytes without a limit, want %d", len(got.Output), plugin.DefaultLimit)
	}
}

func TestStates(t *testing.T) {
	for code, want := range map[int]struct {
		state monitor.State
		note  string
	}{
		0: {monitor.OK, ""}, 1: {monitor.Warning, ""}, 2: {monitor.Critical, ""}, 3: {monitor.Unknown, ""},
		4:   {monitor.Critical, "(Return code of 4 is out of bounds)"},
		-1:  {monitor.Critical, "(Return code of -1 is out of bounds)"},
		126: {monitor.Critical, "(Return code of 126 is out of bounds. Check if plugin is executable)"},
		127: {monitor.Critical, "(Return code of 127 is out of bounds. Check if plugin exists)"},
		137: {monitor.Critical, "(Return code of 137 is out of bounds)"},
	} {
		if state, note := plugin.State(code); state != want.state || note != want.note {
			t.Errorf("State(%d) = %s, %q; want %s, %q", code, state.ServiceName(), note, want.state.ServiceName(), want.note)
		}
	}
}

func TestOutcomePutsItTogether(t *testing.T) {
	for _, test := range []struct {
		stdout, stderr string
		code           int
		want           monitor.Outcome
	}{
		{"ok|a=1\nmore", "noise", 0, monitor.Outcome{Output: "ok", LongOutput: "more", Perfdata: "a=1"}},
		{"", "", 2, monitor.Outcome{State: monitor.Critical, Output: "(No output returned from plugin)"}},
		{"", "broken | pipe\nline 2\n", 3, monitor.Outcome{State: monitor.Unknown, Output: "(No output on stdout) stderr: broken   pipe", LongOutput: "line 2"}},
		{"", "sh: 1: check_x: not found", 127, monitor.Outcome{
			State:  monitor.Critical,
			Output: "(Return code of 127 is out of bounds. Check if plugin exists) (No output on stdout) stderr: sh: 1: check_x: not found",
		}},
		{"usage", "", 64, monitor.Outcome{State: monitor.Critical, Output: "(Return code of 64 is out of bounds) usage"}},
		{"", "", 126, monitor.Outcome{State: monitor.Critical, Output: "(Return code of 126 is out of bounds. Check if plugin is executable)"}},
	} {
		got := plugin.Outcome([]byte(test.stdout), []byte(test.stderr), test.code, 0)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q, %q, %d (-want +got):\n%s", test.stdout, test.stderr, test.code, diff)
		}
	}
}

func TestUnescapeKnowsTheTwoEscapesOfPassiveResults(t *testing.T) {
	for in, want := range map[string]string{`a\nb`: "a\nb", `a\\nb`: `a\nb`, `c:\temp\`: `c:\temp\`, "": ""} {
		if got := plugin.Unescape(in); got != want {
			t.Errorf("Unescape(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzOutput(f *testing.F) {
	for _, raw := range []string{"ok|a=1\nlong|b=2\nc=3", "\x1b[31m|\r\n|\xff", "|||", "\x1b[", "a\u2028b\u0085"} {
		f.Add([]byte(raw), 7)
	}
	f.Fuzz(func(t *testing.T, raw []byte, limit int) {
		output, long, perf := plugin.Output(raw, limit)
		if output == "" || strings.ContainsAny(output, "\n|;") || strings.ContainsAny(perf, "\n|") || strings.Contains(long, "|") {
			t.Errorf("%q: got %q, %q, %q", raw, output, long, perf)
		}
		for _, text := range []string{output, long, perf} {
			if !utf8.ValidString(text) {
				t.Errorf("%q gave %q, which is not UTF-8", raw, text)
			}
			if i := strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }); i >= 0 {
				t.Errorf("%q gave %q with a control character", raw, text)
			}
		}
		if limit > 0 && len(output)+len(long)+len(perf) > 3*limit+len(plugin.NoOutput) {
			t.Errorf("%q cut to %d bytes gave %d", raw, limit, len(output)+len(long)+len(perf))
		}
	})
}

func BenchmarkOutput(b *testing.B) {
	raw := []byte("PING OK - Packet loss = 0%, RTA = 0.05 ms|rta=0.052000ms;100.000000;500.000000;0.000000 pl=0%;20;60;0\n")
	b.ReportAllocs()
	for b.Loop() {
		plugin.Output(raw, 0)
	}
}
