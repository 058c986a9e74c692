package datasource_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onbu/onbu/modules/check/booster/datasource"
	"github.com/onbu/onbu/modules/check/booster/rpn"
)

func TestAFolderIsReadInBothGenerationsSpellings(t *testing.T) {
	s := datasource.Read("testdata/folder")
	if len(s.Mistakes) > 0 {
		t.Fatalf("mistakes: %v", s.Mistakes)
	}
	in, hc, out := s.Sources["ifInOctets"], s.Sources["ifHCInOctets"], s.Sources["ifOutOctets"]
	for name, test := range map[string]struct{ got, want any }{
		"oid":                   {in.OID.With("3"), "1.3.6.1.2.1.2.2.1.10.3"},
		"maximum's oid":         {in.Max.OID.With("3"), "1.3.6.1.2.1.2.2.1.5.3"},
		"misspelt maximum":      {hc.Max.OID.With("1.32.4"), "1.3.6.1.2.1.2.2.1.5.1.32.4"},
		"misspelt minimum":      {hc.Min.Value, 1.5},
		"type in small letters": {hc.Type, datasource.Derive64},
		"label":                 {in.Label + in.Unit, "inbps"},
		"inherited type":        {out.Type, datasource.Derive},
		"inherited minimum":     {out.Min.Known, true},
		"known maximum":         {out.Max.Value, 1e6},
		"no instance":           {s.Sources["sysUptime"].OID.Open(), false},
		"ticks":                 {s.Sources["sysUptime"].Type, datasource.TimeTicks},
		"a later file":          {s.Sources["ifOperStatus"].Label, "oper"},
		"map":                   {s.Maps["storage"].Column.With(""), "1.3.6.1.2.1.25.2.3.1.3"},
		"template":              {len(s.Templates["standard-interface"].Sources), 4},
		"group":                 {len(s.Groups["interface"].Triggers), 2},
		"documented group":      {len(s.Groups["documented"].Triggers), 2},
		"own default":           {s.Triggers["interface_status"].Default, 2},
		"default of all":        {s.Triggers["interface_in"].Default, 3},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %v, want %v", name, test.got, test.want)
		}
	}
	v, err := s.Sources["ifOutOctets"].Calc.Eval([]rpn.Value{rpn.Num(1000), rpn.Num(0)}, rpn.Num(5))
	if err != nil || v.X != 4 {
		t.Errorf("ds_calc with the maximum: %v, %v", v, err)
	}
	refs := s.Triggers["interface_in"].Refs
	if len(refs) != 2 || refs[0] != (datasource.Ref{Source: in, Function: datasource.Percent}) {
		t.Errorf("references: %v", refs)
	}
}

func TestAllMistakesAreSaidAtOnce(t *testing.T) {
	const want = `mistakes.ini:2: ds_type DERIVES: the types are TEXT, GAUGE, COUNTER, COUNTER64, DERIVE, DERIVE64 and TIMETICKS
mistakes.ini:4: datasource nothing has no ds_oid
mistakes.ini:8: OID OidifInOctets.1: write $OidifInOctets, with a dollar sign, for what a line OidifInOctets = .1.3… defines
mistakes.ini:9: ds_unti is no option of a datasource (did you mean ds_unit?)
mistakes.ini:11: ds_type GAUGES: the types are TEXT, GAUGE, COUNTER, COUNTER64, DERIVE, DERIVE64 and TIMETICKS
mistakes.ini:12: ds_oid: $OidifOutOctets is not defined: write a line OidifOutOctets = … in the same section or in one around it
mistakes.ini:15: OID ".1.3.6.1.4294967296": "4294967296" is not possible in it
mistakes.ini:16: ds_calc: "value" is neither a number nor an operator; the value lies on the stack already, so 8,mul multiplies it by 8
mistakes.ini:17: ds_max "plenty" is neither a number nor an OID
mistakes.ini:20: OID .1.3.6.1.4.1.2021.10.1.5.%(host)s: only %(instance)s is known in it
mistakes.ini:24: ds_calc: and_ joins comparisons, and one side of it is a plain number: compare it first, as in 1,eq
mistakes.ini:26: map name has no base_oid
mistakes.ini:29: base_oid .1.3.6.%(instance)s: the column of a map has no instance in it
mistakes.ini:31: template empty names no datasources: write ds = …
mistakes.ini:34: template one: [DATASOURCE] has no tmep (did you mean temp?)
mistakes.ini:36: default_status "4": write 0 for OK, 1 for WARNING, 2 for CRITICAL or 3 for UNKNOWN
mistakes.ini:37: trigger none has neither critical nor warning
mistakes.ini:40: critical of trigger plain gives a number, which is neither yes nor no: compare it, as in in.last(),80,gt
mistakes.ini:42: critical of trigger function: temp.average(): the functions of a datasource are last(), diff() and prct()
mistakes.ini:44: critical of trigger unknown: tempp.last() is neither a number nor an operator, and [DATASOURCE] has no tempp (did you mean temp?)
mistakes.ini:46: critical of trigger unfinished: 2 values are left at the end instead of one: an operator stands behind its two operands, as in 8,mul or in.last(),80,gt
mistakes.ini:48: critical of trigger quoted: "temp.last(), 30, gt" in quotes is one word: leave the quotes away
mistakes.ini:50: trigger group all: [TRIGGER] has no missing
mistakes.ini:51: trigger group bad names no triggers: write triggers = …
`
	s := datasource.Read("testdata/mistakes.ini")
	var got strings.Builder
	for _, m := range s.Mistakes {
		got.WriteString(strings.TrimPrefix(m.String(), "testdata/") + "\n")
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
	if _, err := s.Template("one"); err == nil || !strings.Contains(err.Error(), "mistakes.ini:") {
		t.Errorf("a template with a mistake can be used, or nobody says why not: %v", err)
	}
	if _, err := s.Group("al"); err == nil || !strings.HasSuffix(err.Error(), "has no al (did you mean all?)") {
		t.Errorf("error %v", err)
	}
}

func TestWhatCannotBeReadIsAMistake(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.ini")
	if err := os.WriteFile(large, make([]byte, 4<<20+1), 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir: "no file in this folder is called Default*.ini", large: "larger than 4 MiB", filepath.Join(dir, "none"): "no such file",
	} {
		s := datasource.Read(path)
		if len(s.Mistakes) != 1 || !strings.Contains(s.Mistakes[0].String(), want) {
			t.Errorf("%s: %v, want %q and nothing else", path, s.Mistakes, want)
		}
	}
	empty := filepath.Join(dir, "empty.ini")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if s := datasource.Read(empty); len(s.Mistakes) != 2 {
		t.Errorf("a file without the two sections that matter: %v", s.Mistakes)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("[DATASOURCE]\n[[a]]\nds_type=GAUGE\nds_oid=.1.3.%(instance)s\nds_calc=8,mul\n[DSTEMPLATE]\n[[t]]\nds=a")
	f.Add("[DATASOURCE]\n[[a]]\nds_oid=.1.3\n[TRIGGER]\n[[t]]\ncritical=a.prct(),1,gt\n[TRIGGERGROUP]\ng=t,u\n[[h]]\ntriggers=t")
	f.Fuzz(func(t *testing.T, text string) {
		s := datasource.Parse("f", text)
		for _, tmpl := range s.Templates {
			if tmpl.Wrong == "" && len(tmpl.Sources) == 0 {
				t.Errorf("template %s has no sources and no mistake", tmpl.Name)
			}
			for _, src := range tmpl.Sources {
				if !src.OID.Set() {
					t.Errorf("template %s has a source without an OID", tmpl.Name)
				}
			}
		}
		for _, g := range s.Groups {
			for _, one := range g.Triggers {
				if one.Wrong == "" && one.Critical == nil && one.Warning == nil && one.Unknown == nil {
					t.Errorf("trigger %s can never be true and has no mistake", one.Name)
				}
			}
		}
	})
}
