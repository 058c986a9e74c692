package macro_test

import (
	"strings"
	"testing"

	"github.com/onbu/onbu/monitor/macro"
	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

// lineValues answers as values does, but that names beginning with _HOSTSET are foreign and those with a colon lists.
type lineValues struct{ values }

func (v lineValues) AppendMacro(dst []byte, m macro.Macro) ([]byte, macro.Answer) {
	dst, answer := v.values.AppendMacro(dst, m)
	switch {
	case strings.HasPrefix(m.Name, "_HOSTSET"):
		return dst, macro.Foreign
	case len(m.Of) == 2:
		return dst, macro.List
	}
	return dst, answer
}

func line(t testing.TB, text string) macro.Template {
	t.Helper()
	template, err := macro.CompileLine(text)
	if err != nil {
		t.Fatal(err)
	}
	return template
}

func TestDataInCommandLinesIsQuotedAndTheAuthorsTextIsNot(t *testing.T) {
	v := lineValues{values{
		"HOSTNAME": "web1", "HOSTALIAS": "the web", "SERVICEOUTPUT": "$(id) 'x'", "SERVICESTATE": "", "HOSTSTATEID": "1",
		"ARG1": "-w 5 | tee $HOSTALIAS$", "ARG2": "'$SERVICEOUTPUT$'", "ARG3": "it's", "ARG4": "\"$ARG2$", "USER1": "/p q",
		"_HOSTOPTS": "-a -b", "_HOSTSET": "-a $USER1$", "CONTACTEMAIL": "a@x b@x", "HOSTNOTES": "see $HOSTALIAS$ & $NONE$",
		"HOSTALIAS:www:, ": "a b\x00c\x00", "HOSTSTATEID:www: ": "1\x000\x00",
	}}
	for text, want := range map[string]string{
		"check -H $HOSTNAME$":                   "check -H web1",
		"check $HOSTALIAS$ $HOSTSTATEID$":       "check 'the web' 1",
		"$USER1$/check $_HOSTOPTS$":             "/p q/check -a -b",
		"mail $CONTACTEMAIL$ '$SERVICEOUTPUT$'": `mail a@x b@x '$(id) '\''x'\'''`,
		`echo "$SERVICEOUTPUT$"`:                `echo "\$(id) 'x'"`,
		"check $ARG1$":                          "check -w 5 | tee 'the web'",
		"check $ARG2$":                          `check '$(id) '\''x'\'''`,
		"check '$ARG2$'":                        `check '''$(id) '\''x'\'''''`, // the author's quotes end each other, as in Nagios
		"check $ARG3$ $HOSTALIAS$'":             "check it's the web'",
		"check $ARG4$\" $HOSTALIAS$":            `check "'\$(id) 'x''" 'the web'`,
		"check $_HOSTSET$":                      "check '-a $USER1$'",
		"check $SERVICESTATE$ x$SERVICESTATE$":  "check '' x",
		"echo $HOSTNOTES$":                      "echo 'see the web & $NONE$'",
		"fping $HOSTALIAS:www:, $":              "fping 'a b', c",
		"x $HOSTSTATEID:www: $":                 "x 1 0",
		"sh -c 'echo $SERVICEOUTPUT$'":          "sh -c 'echo id x'",
		"echo $NONE$ $$":                        "echo $NONE$ $",
		"echo $$$HOSTALIAS$":                    `echo $\t'he web'`,
	} {
		if got := line(t, text).Text(v); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// Words are what native modules and programs that need no shell get.
func FuzzDataStaysOneWord(f *testing.F) {
	f.Add("$(id)", "-w 5", "a b")
	f.Add("'\"\\`\n", "'x y' \"z\"", ";|&")
	f.Fuzz(func(t *testing.T, data, arg, set string) {
		before, err := cmdline.Words("check " + arg)
		if err != nil || strings.ContainsAny(data+arg+set, "\x00$") {
			return
		}
		v := lineValues{values{"HOSTALIAS": data, "ARG1": arg, "_HOSTSET": set, "ARG2": "-x $HOSTALIAS$"}}
		want := append([]string{"check", data, data}, append(before[1:], set, data+set, "-x", data)...)
		text := line(t, `check $HOSTALIAS$ "$HOSTALIAS$" $ARG1$ '$_HOSTSET$' $HOSTALIAS$"$_HOSTSET$" $ARG2$`).Text(v)
		got, err := cmdline.Words(text)
		if err != nil || strings.Join(got, "\x00") != strings.Join(want, "\x00") {
			t.Errorf("%s\n got %q, %v\nwant %q", text, got, err, want)
		}
	})
}

func TestLinesAllocateNothing(t *testing.T) {
	v := values{"USER1": "/usr/lib/plugins", "HOSTADDRESS": "10.0.0.1", "ARG1": "-p $USER9$ $HOSTALIAS$", "USER9": "81", "HOSTALIAS": "the 'web'"}
	template := line(t, "$USER1$/check -H $HOSTADDRESS$ -s '$HOSTALIAS$' $ARG1$ $HOSTALIAS$")
	dst := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { dst = template.Append(dst[:0], v) }); n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}
