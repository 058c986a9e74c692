package datasource

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onbu/onbu/modules/check/booster/ini"
	"github.com/onbu/onbu/modules/check/booster/rpn"
)

// unknown is the state where nothing else is said.
const unknown = 3

func (b *builder) triggers(all *ini.Section) {
	level := b.status(all, unknown)
	for _, s := range all.Sections() {
		t := &Trigger{Pos: s.Pos, Name: s.Name, Default: b.status(s, level)}
		t.Critical = b.expression(t, s, "critical")
		t.Warning = b.expression(t, s, "warning")
		t.Unknown = b.expression(t, s, "unknown")
		if t.Critical == nil && t.Warning == nil && t.Unknown == nil && t.Wrong == "" {
			t.Wrong = b.wrong(s.Pos, "trigger %s has neither critical nor warning", s.Name)
		}
		b.Triggers[s.Name] = t
	}
}

func (b *builder) status(s *ini.Section, otherwise int) int {
	text, at, ok := b.word(s, "default_status")
	if !ok {
		return otherwise
	}
	i := slices.Index([]string{"0", "1", "2", "3"}, text)
	if i < 0 {
		b.wrong(at, "default_status %q: write 0 for OK, 1 for WARNING, 2 for CRITICAL or 3 for UNKNOWN", text)
		return otherwise
	}
	return i
}

// expression compiles one of a trigger's expressions; nil if there is none, or it is wrong.
func (b *builder) expression(t *Trigger, s *ini.Section, key string) *rpn.Program {
	before := len(b.Mistakes)
	tokens, at, ok := b.items(s, key)
	if !ok || len(tokens) == 0 || len(tokens) == 1 && (tokens[0] == "" || strings.EqualFold(tokens[0], "none")) {
		return nil
	}
	p, err := rpn.Compile(tokens, func(token string) (int, rpn.Kind, error) { return b.ref(t, token) })
	switch {
	case len(b.Mistakes) > before:
	case err != nil:
		b.wrong(at, "%s of trigger %s: %v", key, t.Name, err)
	case p.Kind() != rpn.Truth:
		b.wrong(at, "%s of trigger %s gives a number, which is neither yes nor no: compare it, as in in.last(),80,gt", key, t.Name)
	default:
		return p
	}
	t.Wrong = b.Mistakes[before].String()
	return nil
}

// ref finds what a token of a trigger stands for: DS, DS.last(), DS.diff(), DS.prct().
func (b *builder) ref(t *Trigger, token string) (int, rpn.Kind, error) {
	if strings.Contains(token, ",") {
		return 0, 0, errQuoted(token)
	}
	name, call, _ := strings.Cut(token, ".")
	name = strings.TrimSpace(name)
	var f Function
	switch strings.ReplaceAll(call, " ", "") {
	case "", "last()":
	case "diff()":
		f = Diff
	case "prct()":
		f = Percent
	default:
		return 0, 0, fmt.Errorf("%s: the functions of a datasource are last(), diff() and prct()", token)
	}
	src := b.Sources[name]
	if src == nil {
		return 0, 0, fmt.Errorf("%s is neither a number nor an operator, and %w", token, missing("DATASOURCE", name, b.Sources, ""))
	}
	kind := rpn.Number
	if f == Diff {
		kind = rpn.Truth
	}
	r := Ref{src, f}
	i := slices.Index(t.Refs, r)
	if i < 0 {
		i = len(t.Refs)
		t.Refs = append(t.Refs, r)
	}
	return i, kind, nil
}

func (b *builder) groups(all *ini.Section) {
	for _, name := range all.Keys() {
		names, at, _ := b.items(all, name)
		b.group(name, names, at)
	}
	for _, s := range all.Sections() { // as snmp_booster's documents show it
		names, at, ok := b.items(s, "triggers")
		if !ok {
			b.wrong(s.Pos, "trigger group %s names no triggers: write triggers = …", s.Name)
		}
		b.group(s.Name, names, at)
	}
}

// group makes a trigger group. A trigger that is not there becomes one that cannot be evaluated: the others still count.
func (b *builder) group(name string, triggers []string, at ini.Pos) {
	g := &Group{Pos: at, Name: name}
	for _, one := range triggers {
		t := b.Triggers[one]
		switch {
		case one == "":
			continue
		case t == nil:
			err := missing("TRIGGER", one, b.Triggers, "")
			t = &Trigger{Pos: at, Name: one, Default: unknown, Wrong: b.wrong(at, "trigger group %s: %v", name, err)}
		}
		g.Triggers = append(g.Triggers, t)
	}
	b.Groups[name] = g
}
