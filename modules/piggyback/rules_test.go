package piggyback_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/modules/piggyback"
	"github.com/onbu/onbu/monitor"
)

func rules(t *testing.T, all ...monitor.PiggybackTranslation) *piggyback.Rules {
	t.Helper()
	r, wrong := piggyback.Compile(monitor.Piggyback{Translations: all})
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	return r
}

func expr(text string) monitor.Pattern { return monitor.Pattern{Text: text, Regex: true} }
func name(text string) monitor.Pattern { return monitor.Pattern{Text: text} }

func TestTranslate(t *testing.T) {
	full := monitor.PiggybackTranslation{
		Case: monitor.CaseLower, DropDomain: true,
		Regexes: []monitor.PiggybackRename{{From: `(vm)-?([0-9]+)(x)?`, To: `\1\2\3-\10\4`}, {From: "vm.*", To: "never"}, {From: "a|ab", To: "either"}, {From: "(?i)Q(.*)", To: `  \1 `}},
		Map:     []monitor.PiggybackRename{{From: "vm17-vm0\\4", To: "web1"}, {From: "mv0815", To: "db1, db2,,esx01"}, {From: "ö", To: "oe"}, {From: "self", To: "esx01"}},
	}
	for _, c := range []struct {
		name, raw string
		with      []monitor.PiggybackTranslation
		want      []string
		verdict   piggyback.Verdict
	}{
		{name: "as it is", raw: "Web1.example.com", want: []string{"Web1.example.com"}},
		{name: "white space and characters", raw: " a b/c:ü* ", want: []string{"a_b_c___"}},
		{name: "Latin-1 is one character a byte", raw: "a\xfc\xf6", want: []string{"a__"}},
		{name: "IPv6 without rules", raw: "fe80::1", want: []string{"fe80__1"}},
		{name: "nothing", raw: "  ", verdict: piggyback.Ignored},
		{name: "dots", raw: "../../etc", verdict: piggyback.Ignored},
		{name: "an option", raw: "-rf", verdict: piggyback.Ignored},
		{name: "240", raw: strings.Repeat("x", 240), want: []string{strings.Repeat("x", 240)}},
		{name: "241", raw: strings.Repeat("x", 241), verdict: piggyback.Ignored},
		{name: "64 KiB", raw: strings.Repeat("x", 64<<10), verdict: piggyback.Ignored},
		{name: "the source", raw: "esx01", verdict: piggyback.Own},
		{name: "case and domain", raw: "WEB9.Example.com", with: []monitor.PiggybackTranslation{full}, want: []string{"web9"}},
		{name: "an address keeps its dots", raw: "192.0.2.7", with: []monitor.PiggybackTranslation{full}, want: []string{"192.0.2.7"}},
		{name: "so does one of IPv6", raw: "::ffff:192.0.2.7", with: []monitor.PiggybackTranslation{full}, want: []string{"__ffff_192.0.2.7"}},
		{name: "the map comes last", raw: "VM-17.example.com", with: []monitor.PiggybackTranslation{full}, want: []string{"web1"}},
		{name: "the first expression that matches the whole name", raw: "vm-17y", with: []monitor.PiggybackTranslation{full}, want: []string{"never"}},
		{name: "alternatives match whole", raw: "abc", with: []monitor.PiggybackTranslation{full}, want: []string{"abc"}},
		{name: "the later alternative", raw: "ab", with: []monitor.PiggybackTranslation{full}, want: []string{"either"}},
		{name: "trimmed after the map", raw: "qx", with: []monitor.PiggybackTranslation{full}, want: []string{"x"}},
		{name: "a map names a host that no output could", raw: "buero", with: []monitor.PiggybackTranslation{{Map: []monitor.PiggybackRename{{From: "buero", To: "Büro Server"}}}}, want: []string{"Büro Server"}},
		{name: "a map to as many hosts as can be", raw: "x", with: []monitor.PiggybackTranslation{{Map: []monitor.PiggybackRename{{From: "x", To: strings.Join(many(64), ",")}}}}, want: many(64)},
		{name: "a map to more hosts makes no name of the rest", raw: "x", with: []monitor.PiggybackTranslation{{Map: []monitor.PiggybackRename{{From: "x", To: strings.Join(many(66), ",")}}}}, want: many(64)},
		{name: "a map repairs what is no name", raw: "Ö", with: []monitor.PiggybackTranslation{full}, want: []string{"oe"}},
		{name: "several hosts, the source among them", raw: "mv0815", with: []monitor.PiggybackTranslation{full}, want: []string{"db1", "db2", "esx01"}},
		{name: "mapped to the source", raw: "self", with: []monitor.PiggybackTranslation{full}, verdict: piggyback.Own},
		{name: "a group's text is not replaced again", raw: `a\2b\1`, with: []monitor.PiggybackTranslation{{Regexes: []monitor.PiggybackRename{{From: `a(.*)b(.*)`, To: `\1-\2`}}}}, want: []string{"_2-_1"}},
		{name: "another source's rules", raw: "A", with: []monitor.PiggybackTranslation{{Sources: []monitor.Pattern{name("esx02"), expr("sx")}, Case: monitor.CaseLower}}, want: []string{"A"}},
		{name: "each step from the first rule that has it", raw: "A.b", with: []monitor.PiggybackTranslation{
			{Sources: []monitor.Pattern{expr("esx")}, DropDomain: true},
			{Case: monitor.CaseLower},
			{Case: monitor.CaseUpper, Map: []monitor.PiggybackRename{{From: "a", To: "z"}}},
		}, want: []string{"z"}},
		{name: "allowed", raw: "vm1", with: []monitor.PiggybackTranslation{{Allow: []monitor.Pattern{expr("vm")}}}, want: []string{"vm1"}},
		{name: "not allowed", raw: "xvm1", with: []monitor.PiggybackTranslation{{Allow: []monitor.Pattern{expr("vm")}}}, verdict: piggyback.Refused},
		{name: "allowed and refused", raw: "vm1", with: []monitor.PiggybackTranslation{{Allow: []monitor.Pattern{expr("vm")}, Refuse: []monitor.Pattern{name("vm1")}}}, verdict: piggyback.Refused},
		{name: "the first that guards decides alone", raw: "vm1", with: []monitor.PiggybackTranslation{
			{Sources: []monitor.Pattern{name("esx01")}, Allow: []monitor.Pattern{expr("vm")}}, {Refuse: []monitor.Pattern{expr("")}},
		}, want: []string{"vm1"}},
		{name: "a source always speaks for itself", raw: "esx01", with: []monitor.PiggybackTranslation{{Refuse: []monitor.Pattern{expr("")}}}, verdict: piggyback.Own},
		{name: "refusal is of the translated name", raw: "CORE1", with: []monitor.PiggybackTranslation{{Case: monitor.CaseLower, Refuse: []monitor.Pattern{expr("core")}}}, verdict: piggyback.Refused},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, verdict := rules(t, c.with...).Translate("esx01", []byte(c.raw))
			if diff := cmp.Diff(c.want, got); diff != "" || verdict != c.verdict {
				t.Errorf("%q became %q, %v; want %q, %v", c.raw, got, verdict, c.want, c.verdict)
			}
		})
	}
}

// many gives the names of n hosts.
func many(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("h%d", i))
	}
	return names
}

func TestCompileSaysWhatToWriteInstead(t *testing.T) {
	for _, c := range []struct{ expr, want string }{
		{`(?!vm)x`, "look ahead"},
		{`(?<=a)b`, "look ahead"},
		{`(a)\1`, "refer back"},
		{`(?P<n>a)(?P=n)`, "refer back"},
		{`a++`, "possessive"},
		{`x\Z`, "write $"},
		{`a{,3}`, "{0,9}"},
		{`(?x) a`, "flags"},
		{`(a`, "missing closing )"},
	} {
		_, wrong := piggyback.Compile(monitor.Piggyback{Translations: []monitor.PiggybackTranslation{{
			Name: "esx", Regexes: []monitor.PiggybackRename{{From: c.expr}, {From: "fine"}},
		}}})
		if len(wrong) != 1 || !strings.Contains(wrong[0].Error(), c.want) || !strings.Contains(wrong[0].Error(), `piggyback_translation "esx"`) {
			t.Errorf("%q gives %v, want one error with %q and the translation's name", c.expr, wrong, c.want)
		}
	}
	if _, wrong := piggyback.CompilePatterns([]monitor.Pattern{expr(`a\{,3\}`), expr(`\(\?!x\)`), expr(`a\++`), expr(`[a-z]{2,}`)}); len(wrong) > 0 {
		t.Errorf("sound expressions give %v", wrong)
	}
}

func TestSpeakerTranslatesAsRulesDo(t *testing.T) {
	r := rules(t, monitor.PiggybackTranslation{Case: monitor.CaseUpper, DropDomain: true, Map: []monitor.PiggybackRename{{From: "B", To: "x,y"}}, Most: 3})
	s := r.Speaker("src")
	for range 3 {
		for _, raw := range append(strings.Fields("a b c a.b src SRC d.e f -"), strings.Split(strings.Repeat("n ", 40), " ")...) {
			raw += strings.Repeat("z", len(raw)%7)
			got, gotVerdict := s.Translate([]byte(raw))
			want, wantVerdict := r.Translate("src", []byte(raw))
			if !slices.Equal(got, want) || gotVerdict != wantVerdict {
				t.Errorf("%q becomes %q, %v with a memory and %q, %v without", raw, got, gotVerdict, want, wantVerdict)
			}
		}
	}
}

func TestShare(t *testing.T) {
	s := rules(t, monitor.PiggybackTranslation{
		DropDomain: true, Map: []monitor.PiggybackRename{{From: "both", To: "a,b"}, {From: "mine", To: "src,a"}}, Refuse: []monitor.Pattern{name("secret")}, Most: 2,
	}).Speaker("src")
	got := s.Share(func(yield func([]byte, []byte) bool) {
		for _, line := range strings.Fields("a.x=1 b.x=2 a.y=3 both=4 secret=5 c=6 src.z=7 mine=8 -=9 a.x=10") {
			name, data, _ := strings.Cut(line, "=")
			if data != "3" {
				data += "\n"
			}
			if !yield([]byte(name), []byte(data)) {
				return
			}
		}
	})
	want := piggyback.Shared{
		Own: [][]byte{[]byte("7\n"), []byte("8\n")},
		Targets: []piggyback.Share{
			{Target: "a", Raw: "a.x\na.y\nboth\nmine", Data: [][]byte{[]byte("1\n"), []byte("3"), []byte("\n"), []byte("4\n"), []byte("8\n"), []byte("10\n")}},
			{Target: "b", Raw: "b.x\nboth", Data: [][]byte{[]byte("2\n"), []byte("4\n")}},
		},
		Ignored: 1, Refused: 1, Beyond: 1,
		Conflicts: []string{`src: "a.x", "a.y", "both" and "mine" became the one host "a"`, `src: "b.x" and "both" became the one host "b"`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestConflicts(t *testing.T) {
	got := piggyback.Conflicts(slices.Values([]piggyback.Pair{
		{Target: "web1", Source: "esx2", Raw: "web1.other.org"},
		{Target: "web1", Source: "esx1", Raw: "web1.example.com"},
		{Target: "web1", Source: "esx3", Raw: "web1.example.com"},
		{Target: "db1", Source: "esx1", Raw: "DB1.example.com"},
		{Target: "db1", Source: "esx2", Raw: "db1"},
		{Target: "app", Source: "esx1", Raw: "app-a\napp-b"},
	}))
	var words []string
	for _, c := range got {
		words = append(words, c.String())
	}
	want := []string{`app: "app-a" from esx1; "app-b" from esx1`, `web1: "web1.example.com" from esx1, esx3; "web1.other.org" from esx2`}
	if diff := cmp.Diff(want, words); diff != "" {
		t.Error(diff)
	}
}

func FuzzTranslate(f *testing.F) {
	r, _ := piggyback.Compile(monitor.Piggyback{Translations: []monitor.PiggybackTranslation{{
		Case: monitor.CaseLower, DropDomain: true, Refuse: []monitor.Pattern{expr("secret")},
		Regexes: []monitor.PiggybackRename{{From: `(.*)-(.*)-(.*)`, To: `\3\3\2\1\1`}},
		Map:     []monitor.PiggybackRename{{From: "x", To: "a,b,,-"}},
	}}})
	for _, s := range []string{"x", "a-b-c", "..", "a\xff", "\\1-\\2-\\3", "192.0.2.1", strings.Repeat("a-", 600)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		targets, v := r.Translate("esx01", raw)
		if (v == piggyback.Taken) != (len(targets) > 0) {
			t.Errorf("%q is %v with targets %q", raw, v, targets)
		}
		for _, name := range targets {
			if !piggyback.IsName(name) || strings.HasPrefix(name, "secret") {
				t.Errorf("%q became %q", raw, name)
			}
		}
	})
}

func FuzzExpression(f *testing.F) {
	f.Add("(?!a)", "a")
	f.Add(`(vm)(\d+)`, "vm17")
	f.Fuzz(func(t *testing.T, text, raw string) {
		r, wrong := piggyback.Compile(monitor.Piggyback{Translations: []monitor.PiggybackTranslation{{
			Regexes: []monitor.PiggybackRename{{From: text, To: `\1`}}, Allow: []monitor.Pattern{expr(text)},
		}}})
		for _, err := range wrong {
			if !strings.Contains(err.Error(), "expression") {
				t.Errorf("an error does not say that it is about an expression: %v", err)
			}
		}
		r.Translate("s", []byte(raw))
	})
}

func BenchmarkSpeaker(b *testing.B) {
	r, _ := piggyback.Compile(monitor.Piggyback{Translations: []monitor.PiggybackTranslation{{
		Case: monitor.CaseLower, DropDomain: true, Regexes: []monitor.PiggybackRename{{From: `(vm)-([0-9]+)`, To: `\1\2`}},
	}}})
	var names [][]byte
	for i := range 10000 {
		names = append(names, []byte("VM-"+strings.Repeat("0", i%9)+"17.example.com"))
	}
	s := r.Speaker("esx01")
	b.ReportAllocs()
	for b.Loop() {
		for _, n := range names {
			s.Translate(n)
		}
	}
}
