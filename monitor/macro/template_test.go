package macro_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/onbu/onbu/monitor/macro"
)

// values resolves macros by how they are written without dollar signs.
type values map[string]string

func (v values) AppendMacro(dst []byte, m macro.Macro) ([]byte, macro.Answer) {
	name := m.Name
	if m.Of != nil {
		name += ":" + strings.Join(m.Of, ":")
	}
	value, ok := v[name]
	if !ok {
		return dst, macro.Missing
	}
	return append(dst, value...), macro.Value
}

func compile(t testing.TB, text string) macro.Template {
	t.Helper()
	template, err := macro.Compile(text)
	if err != nil {
		t.Fatal(err)
	}
	return template
}

func TestMacrosAreReplaced(t *testing.T) {
	v := values{
		"USER1": "/usr/lib/plugins", "USER5": "pa$$w$ord$", "HOSTADDRESS": "10.0.0.1", "HOSTNAME": "web1",
		"ARG1": "-p $_HOSTPORT$ $HOSTADDRESS$", "ARG2": "100$$ $ $USER5$", "ARG3": "",
		"_HOSTPORT": "$USER9$", "USER9": "81", "_HOSTSNMP": "$ARG1$", "_HOSTPASS": "a$$b",
		"HOSTSTATE:other": "DOWN", "SERVICESTATEID:web1:disk: /": "2", "HOSTSTATEID:": "0",
		"HOSTOUTPUT": "$USER5$", "LOOP": "<$LOOP$>", "PLUGINSDIR": "$USER1$/more", "HOSTNOTESURL": "http://x/$HOSTNAME$",
	}
	for text, want := range map[string]string{
		"":                                     "",
		"plain":                                "plain",
		"$USER1$/check -H $HOSTADDRESS$":       "/usr/lib/plugins/check -H 10.0.0.1",
		"$HOSTNAME$$HOSTNAME$":                 "web1web1",
		"$$HOSTNAME$$":                         "$HOSTNAME$",
		"$$$HOSTNAME$$$":                       "$web1$",
		"100$":                                 "100$",
		"$":                                    "$",
		"$$":                                   "$",
		"$5 for $HOSTNAME$":                    "$5 for web1",
		"$(id) $HOSTNAME$ $HOME":               "$(id) web1 $HOME",
		"a $ b $HOSTNAME$":                     "a $ b web1",
		"$NONSENSE$ $HOSTNAME$":                "$NONSENSE$ web1",
		"$HOSTSTATE:other$ $HOSTSTATE:nobody$": "DOWN $HOSTSTATE:nobody$",
		"$SERVICESTATEID:web1:disk: /$":        "2",
		"$HOSTSTATEID:$":                       "0",
		"check $ARG1$":                         "check -p 81 10.0.0.1",
		"check $ARG2$":                         "check 100$ $ pa$$w$ord$",
		"check '$ARG3$' $ARG4$":                "check '' $ARG4$",
		"$_HOSTPASS$":                          "a$$b",
		"$HOSTOUTPUT$":                         "$USER5$", // output is from outside
		"$LOOP$":                               "<$LOOP$>",
		"$PLUGINSDIR$ $HOSTNOTESURL$":          "/usr/lib/plugins/more http://x/web1",
		"$_HOSTSNMP$":                          "-p 81 10.0.0.1",
	} {
		template := compile(t, text)
		if got := string(template.Append([]byte("before "), v)); got != "before "+want {
			t.Errorf("%s:\n got %q\nwant %q", text, got, "before "+want)
		}
		if got := template.Text(v); got != want {
			t.Errorf("%s: Text gives %q, want %q", text, got, want)
		}
	}
}

func TestMacrosThatNameEachOtherComeToAnEnd(t *testing.T) {
	circle := values{"ARG1": "a$ARG2$", "ARG2": "b$ARG3$", "ARG3": "c$ARG1$"}
	if got, want := compile(t, "$ARG1$").Text(circle), "abc$ARG1$"; got != want {
		t.Errorf("circle: got %q, want %q", got, want)
	}
	deep := values{}
	for i := 1; i < macro.MostArgs; i++ {
		deep["ARG"+strconv.Itoa(i)] = "$ARG" + strconv.Itoa(i+1) + "$"
	}
	if got, want := compile(t, "$ARG1$").Text(deep), "$ARG10$"; got != want {
		t.Errorf("depth: got %q, want %q", got, want)
	}
	wide, empty := values{}, values{}
	for i := 1; i < macro.MostArgs; i++ {
		name := "ARG" + strconv.Itoa(i)
		wide[name] = strings.Repeat("x$ARG"+strconv.Itoa(i+1)+"$", 1000)
		empty[name] = strings.Repeat("$ARG"+strconv.Itoa(i+1)+"$", 1000)
	}
	wide["ARG9"], empty["ARG8"] = "y", ""
	for name, v := range map[string]values{"wide": wide, "empty": empty} {
		if got := compile(t, "$ARG1$").Text(v); len(got) > 2*macro.MaxExpansion {
			t.Errorf("%s: got %d bytes", name, len(got))
		}
	}
}

func TestMacrosAreParsed(t *testing.T) {
	template := compile(t, "$ARG1$ $USER256$ $ARG33$ $USER0$ $_HOSTsnmp-ro$ $_SERVICEX$ $_CONTACTX$ $_HOST$ $HOSTSTATE$ $HOSTSTATE::x:y$ $CONTACTADDRESS6$ $OWN$ $ARG1$")
	want := []macro.Macro{
		{Kind: macro.Arg, Name: "ARG1", Index: 1},
		{Kind: macro.User, Name: "USER256", Index: 256},
		{Kind: macro.Other, Name: "ARG33"},
		{Kind: macro.Other, Name: "USER0"},
		{Kind: macro.HostVar, Name: "_HOSTsnmp-ro", Var: "SNMP-RO"},
		{Kind: macro.ServiceVar, Name: "_SERVICEX", Var: "X"},
		{Kind: macro.ContactVar, Name: "_CONTACTX", Var: "X"},
		{Kind: macro.Other, Name: "_HOST"},
		{Kind: macro.Standard, Name: "HOSTSTATE"},
		{Kind: macro.Standard, Name: "HOSTSTATE", Of: []string{"", "x:y"}},
		{Kind: macro.Standard, Name: "CONTACTADDRESS6", Index: 6},
		{Kind: macro.Other, Name: "OWN"},
		{Kind: macro.Arg, Name: "ARG1", Index: 1},
	}
	if diff := cmp.Diff(want, template.Macros()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	names := []string{
		"ARG1", "USER256", "ARG33", "USER0", "_HOSTsnmp-ro", "_SERVICEX", "_CONTACTX", "_HOST", "HOSTSTATE", "CONTACTADDRESS6", "OWN",
	}
	if diff := cmp.Diff(names, template.Names()); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestStaticTextsDependOnTheConfigurationOnly(t *testing.T) {
	for text, want := range map[string]bool{
		"":                          true,
		"check -H $HOSTADDRESS$":    true,
		"$USER1$ $ARG1$ $_HOSTX$":   true,
		"$PLUGINSDIR$":              true,
		"$HOSTGROUPNAMES$":          true,
		"$HOSTADDRESS$ $HOSTSTATE$": false,
		"$TIMET$":                   false,
		"$SERVICEOUTPUT$":           false,
		"$CONTACTEMAIL$":            false,
		"$HOSTSTATEID:other$":       false,
	} {
		if got := compile(t, text).Static(); got != want {
			t.Errorf("Static of %q: got %t, want %t", text, got, want)
		}
	}
}

func TestKnownNamesAndSuggestions(t *testing.T) {
	for _, name := range []string{"HOSTADDRESS", "ARG32", "USER1", "_HOSTX", "SERVICECHECKSOURCE", "HOSTREALM", "CONTACTADDRESS1"} {
		if !macro.Known(name) {
			t.Errorf("%s is not known", name)
		}
	}
	for name, want := range map[string]string{"HOSTADRESS": "HOSTADDRESS", "hostname": "HOSTNAME", "SERVICSTATE": "SERVICESTATE", "PLUGINSDIR": "", "ARG33": ""} {
		if macro.Known(name) {
			t.Errorf("%s is known", name)
		}
		if got := macro.Suggest(name); got != want {
			t.Errorf("Suggest(%s) = %q, want %q", name, got, want)
		}
	}
	// Nagios 4.5.9 has 165, CONTACTADDRESS1 to 6 go beside them, Shinken adds ten, we one.
	if got := len(slices.Collect(macro.StandardNames())); got != 165+6+10+1 {
		t.Errorf("got %d standard names", got)
	}
}

func TestSplitTakesCheckCommandsApart(t *testing.T) {
	for line, want := range map[string][]string{
		"check_ping":         {"check_ping"},
		"check_ping!100!200": {"check_ping", "100", "200"},
		" check_ping !a ! b": {"check_ping", "a ", " b"},
		"check!":             {"check", ""},
		"check!!b":           {"check", "", "b"},
		`check!a\!b!c`:       {"check", "a!b", "c"},
		`check!a\b\\!c`:      {"check", `a\b\!c`},
		`check\!x`:           {"check!x"},
		"":                   {""},
	} {
		name, args := macro.Split(line)
		if diff := cmp.Diff(want, append([]string{name}, args...)); diff != "" {
			t.Errorf("Split(%q) (-want +got):\n%s", line, diff)
		}
		if len(want) == 1 && args != nil {
			t.Errorf("Split(%q): arguments %q, want nil", line, args)
		}
	}
}

func TestLongTextsAreRefused(t *testing.T) {
	if _, err := macro.Compile(strings.Repeat("x", macro.MaxTemplate+1)); err == nil {
		t.Error("no error")
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	v := values{"USER1": "/usr/lib/plugins", "HOSTADDRESS": "10.0.0.1", "ARG1": "-p $USER9$ $HOSTADDRESS$", "USER9": "81", "LONGDATETIME": "now"}
	template := compile(t, "$USER1$/check -H $HOSTADDRESS$ $ARG1$ $LONGDATETIME$ $$ $NONE$")
	dst := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { dst = template.Append(dst[:0], v) }); n != 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}

func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{"$ARG1$ $$ $HOSTSTATE:a:b$", "$", "$$$", "$ARG1$$ARG2$", "$_HOSTX$ $( )", "$:$ $a b$"} {
		f.Add(seed, "$ARG2$ $$ $ARG1$", "$ARG1$ $_HOSTX$")
	}
	f.Fuzz(func(t *testing.T, text, arg1, arg2 string) {
		template, err := macro.Compile(text)
		if err != nil {
			return
		}
		v := values{"ARG1": arg1, "ARG2": arg2, "_HOSTX": arg1, "HOSTSTATE": "$ARG1$"}
		got := template.Text(v)
		if limit := len(text) + macro.MaxExpansion + 11_000*(len(arg1)+len(arg2)+20); len(got) > limit {
			t.Errorf("%d bytes came of %d, %d and %d", len(got), len(text), len(arg1), len(arg2))
		}
		// With no values at all, everything but doubled dollar signs stays as it is.
		if bare := template.Text(values{}); !strings.Contains(text, "$$") && bare != text {
			t.Errorf("%q became %q without values", text, bare)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	v := values{"USER1": "/usr/lib/nagios/plugins", "HOSTADDRESS": "10.20.30.40", "ARG1": "5,4,3", "ARG2": "-t 10 -H $HOSTADDRESS$"}
	for name, text := range map[string]string{
		"plain":  "$USER1$/check_nrpe -H $HOSTADDRESS$ -c check_load -a $ARG1$",
		"nested": "$USER1$/check_nrpe -c check_load -a $ARG2$",
	} {
		b.Run(name, func(b *testing.B) {
			template := line(b, text)
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				dst = template.Append(dst[:0], v)
			}
		})
	}
}
