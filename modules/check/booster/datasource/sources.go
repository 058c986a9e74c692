package datasource

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/onbu/onbu/modules/check/booster/ini"
	"github.com/onbu/onbu/modules/check/booster/rpn"
)

// options are those of a datasource. What only graphs had use for is taken and does nothing.
func options() map[string]bool {
	list := map[string]bool{}
	for _, name := range []string{
		"ds_type", "ds_name", "ds_unit", "ds_calc", "ds_oid", "ds_max", "ds_min", "ds_limit", "ds_max_oid", "ds_min_oid", "ds_oid_max",
		"ds_oid_min", "ds_max_oid_value", "ds_min_oid_value", "ds_oid_max_value", "ds_oid_min_value", "ds_max_value", "ds_min_value",
	} {
		list[name] = true
	}
	return list
}

func (b *builder) sources(all *ini.Section) {
	known, level := options(), Text
	if text, at, ok := b.word(all, "ds_type"); ok {
		level = b.typeOf(text, at)
	}
	for _, s := range all.Sections() {
		if s.Name == "DEFAULT" {
			continue
		}
		for _, key := range s.Keys() {
			if strings.HasPrefix(key, "ds_") && !known[key] {
				v, _, _ := s.Value(key)
				hint := ""
				if near := nearest(key, known); near != "" {
					hint = " (did you mean " + near + "?)"
				}
				b.wrong(v.Pos, "%s is no option of a datasource%s", key, hint)
			}
		}
		b.Sources[s.Name] = b.source(s, all, level)
	}
}

// source reads a datasource; what it does not say is taken from around it where snmp_booster does so.
func (b *builder) source(s, around *ini.Section, level Type) *Source {
	src := &Source{Pos: s.Pos, Name: s.Name, Label: s.Name, Type: level}
	before := len(b.Mistakes)
	if label, _, ok := b.word(s, "ds_name"); ok && label != "" {
		src.Label = label
	}
	src.Unit, _, _ = b.word(s, "ds_unit")
	if text, at, ok := b.word(s, "ds_type"); ok {
		src.Type = b.typeOf(text, at)
	}
	if text, at, ok := b.word(s, "ds_oid"); !ok {
		b.wrong(s.Pos, "datasource %s has no ds_oid", s.Name)
	} else {
		src.OID = b.oid(text, at)
	}
	src.Max = b.limit(s, "max")
	if src.Min = b.limit(s, "min"); !src.Min.Known && !src.Min.OID.Set() {
		src.Min = b.limit(around, "min")
	}
	if tokens, at, ok := b.items(s, "ds_calc"); ok {
		src.Calc = b.calc(tokens, at)
	}
	if len(b.Mistakes) > before {
		src.Wrong = b.Mistakes[before].String()
	}
	return src
}

func (b *builder) typeOf(text string, at ini.Pos) Type {
	types := map[string]Type{
		"TEXT": Text, "STRING": Text, "GAUGE": Gauge, "COUNTER": Counter, "COUNTER64": Counter, "DERIVE": Derive, "DERIVE64": Derive64,
		"TIMETICK": TimeTicks, "TIMETICKS": TimeTicks,
	}
	t, ok := types[strings.ToUpper(text)]
	if !ok {
		b.wrong(at, "ds_type %s: the types are TEXT, GAUGE, COUNTER, COUNTER64, DERIVE, DERIVE64 and TIMETICKS", text)
	}
	return t
}

// limit reads the maximum or minimum in all the spellings that are in use. B2, the second generation, knew ds_max_oid and
// ds_max_oid_value; the first knew ds_max, either a number or an OID.
func (b *builder) limit(s *ini.Section, which string) (l Limit) {
	if text, at, ok := b.word(s, "ds_"+which+"_oid", "ds_oid_"+which); ok {
		l.OID = b.oid(text, at)
	}
	text, at, ok := b.word(s, "ds_"+which+"_oid_value", "ds_oid_"+which+"_value", "ds_"+which+"_value", "ds_"+which)
	switch {
	case !ok || text == "":
		return l
	case strings.HasPrefix(text, ".") || strings.Count(text, ".") > 1:
		if !l.OID.Set() {
			l.OID = b.oid(text, at)
		}
		return l
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		b.wrong(at, "ds_%s %q is neither a number nor an OID", which, text)
		return l
	}
	l.Value, l.Known = x, true
	return l
}

// instance is what is replaced in an OID.
const instance = "%(instance)s"

func (b *builder) oid(text string, at ini.Pos) OID {
	if n := len(b.Mistakes); n > 0 && b.Mistakes[n-1].Pos == at {
		return OID{} // a name in it could not be replaced
	}
	parts := strings.Split(text, instance)
	if err := checkOID(strings.Join(parts, "1")); err != nil {
		b.wrong(at, "%v", err)
		return OID{}
	}
	return OID{parts}
}

// checkOID says what is wrong with an OID whose instance is filled in.
func checkOID(text string) error {
	if i := strings.Index(text, "%("); i >= 0 {
		return fmt.Errorf("OID %s: only %s is known in it", text, instance)
	}
	arcs := strings.Split(strings.TrimPrefix(text, "."), ".")
	if name := arcs[0]; strings.HasPrefix(strings.ToLower(name), "oid") {
		return fmt.Errorf("OID %s: write $%s, with a dollar sign, for what a line %s = .1.3… defines", text, name, name)
	}
	if len(arcs) < 2 || len(arcs) > 128 {
		return fmt.Errorf("OID %q: an OID is written in numbers and dots, as in .1.3.6.1.2.1.1.3.0", text)
	}
	for i, arc := range arcs {
		n, err := strconv.ParseUint(arc, 10, 32)
		if err != nil || i == 0 && n > 2 || i == 1 && arcs[0] != "2" && n > 39 {
			return fmt.Errorf("OID %q: %q is not possible in it", text, arc)
		}
	}
	return nil
}

func (b *builder) calc(tokens []string, at ini.Pos) *rpn.Program {
	p, err := rpn.Compile(tokens, func(token string) (int, rpn.Kind, error) {
		switch token {
		case "%(ds_max)s":
			return CalcMax, rpn.Number, nil
		case "%(ds_min)s":
			return CalcMin, rpn.Number, nil
		}
		if strings.Contains(token, ",") {
			return 0, 0, errQuoted(token)
		}
		return 0, 0, fmt.Errorf("%q is neither a number nor an operator; the value lies on the stack already, so 8,mul multiplies it by 8", token)
	}, rpn.Number)
	if err != nil {
		b.wrong(at, "ds_calc: %v", err)
		return nil
	}
	return p
}

func (b *builder) maps(all *ini.Section) {
	for _, s := range all.Sections() {
		m := &Map{Pos: s.Pos, Name: s.Name}
		text, at, ok := b.word(s, "base_oid", "base-oid")
		if !ok {
			m.Wrong = b.wrong(s.Pos, "map %s has no base_oid", s.Name)
		} else if m.Column = b.oid(text, at); !m.Column.Set() {
			m.Wrong = b.Mistakes[len(b.Mistakes)-1].String()
		} else if m.Column.Open() {
			m.Wrong = b.wrong(at, "base_oid %s: the column of a map has no instance in it", text)
		}
		b.Maps[s.Name] = m
	}
}

func (b *builder) templates(all *ini.Section) {
	for _, s := range all.Sections() {
		t := &Template{Pos: s.Pos, Name: s.Name}
		names, at, ok := b.items(s, "ds")
		if !ok || len(names) == 0 || len(names) == 1 && names[0] == "" {
			t.Wrong = b.wrong(at, "template %s names no datasources: write ds = …", s.Name)
		}
		for _, name := range names {
			src := b.Sources[name]
			switch {
			case name == "":
			case src == nil:
				t.Wrong = b.wrong(at, "template %s: %v", s.Name, missing("DATASOURCE", name, b.Sources, ""))
			case src.Wrong != "":
				t.Wrong = src.Wrong
			default:
				t.Sources = append(t.Sources, src)
			}
		}
		b.Templates[s.Name] = t
	}
}

// errQuoted says why a token has commas in it: a list in quotes is no list.
func errQuoted(token string) error {
	return fmt.Errorf("%q in quotes is one word: leave the quotes away", token)
}
