// Package datasource knows snmp_booster's datasource files: what is asked of devices (DATASOURCE), which of it a service
// shows (DSTEMPLATE), how the instance of an interface is found by its name (MAP), and when a value is a problem (TRIGGER,
// TRIGGERGROUP). It takes what people's files have in either generation, its misspellings too, and says every mistake
// with its place.
package datasource

import (
	"fmt"
	"strings"

	"github.com/onbu/onbu/modules/check/booster/ini"
	"github.com/onbu/onbu/modules/check/booster/rpn"
)

// Type is how a value is made of what a device answers.
type Type uint8

// The types. Gauge is a number as it is, Counter too; Derive is how much it grows in a second. TimeTicks are hundredths of
// a second, as they are.
const (
	Text Type = iota
	Gauge
	Counter
	Derive
	Derive64
	TimeTicks
)

// Rate says whether a value takes two samples.
func (t Type) Rate() bool { return t == Derive || t == Derive64 }

// OID is an object identifier with, perhaps, an instance left open.
type OID struct{ parts []string }

// Set says whether there is one.
func (o OID) Set() bool { return len(o.parts) > 0 }

// Open says whether an instance has to be put in.
func (o OID) Open() bool { return len(o.parts) > 1 }

// With gives the identifier of an instance, in numbers and dots without a dot in front.
func (o OID) With(instance string) string {
	return strings.TrimPrefix(strings.Join(o.parts, instance), ".")
}

// Limit is the least or the most that a value can be: asked of the device, or known.
type Limit struct {
	OID   OID
	Value float64
	Known bool
}

// Source is one datasource.
type Source struct {
	ini.Pos
	// Name is that of its section, Label what is shown.
	Name, Label, Unit string
	Type              Type
	OID               OID
	Max, Min          Limit
	// Calc makes what is shown of the value on the stack; nil for as it is. Its references are CalcMax and CalcMin.
	Calc *rpn.Program
	// Wrong says why the source cannot be used; empty if it can.
	Wrong string
}

// The references of a Calc.
const (
	CalcMax = iota
	CalcMin
	CalcRefs
)

// Template is what a service shows, in this order.
type Template struct {
	ini.Pos
	Name    string
	Sources []*Source
	// Wrong says why the template cannot be used; empty if it can.
	Wrong string
}

// Map finds instances: the rows of Column hold names.
type Map struct {
	ini.Pos
	Name   string
	Column OID
	Wrong  string
}

// Function is what a trigger asks of a source.
type Function uint8

// The functions: the value, whether it is the same as at the last check, and what it is of its maximum in percent.
const (
	Last Function = iota
	Diff
	Percent
)

// Ref is what a token of a trigger stands for.
type Ref struct {
	Source   *Source
	Function Function
}

// Trigger says when a service is not OK. Each expression may be nil.
type Trigger struct {
	ini.Pos
	Name string
	// Default is the state if it cannot be said.
	Default                    int
	Critical, Warning, Unknown *rpn.Program
	// Refs are what the expressions refer to.
	Refs  []Ref
	Wrong string
}

// Group is the triggers of a service.
type Group struct {
	ini.Pos
	Name     string
	Triggers []*Trigger
}

// Set is all that a file, or the files of a folder, define. It is immutable.
type Set struct {
	// Path is where it was read.
	Path      string
	Sources   map[string]*Source
	Templates map[string]*Template
	Maps      map[string]*Map
	Triggers  map[string]*Trigger
	Groups    map[string]*Group
	// Mistakes are all that was found, by file and line.
	Mistakes []ini.Mistake
}

// Template gives a template by name.
func (s *Set) Template(name string) (*Template, error) {
	t := s.Templates[name]
	if t == nil {
		return nil, missing("DSTEMPLATE", name, s.Templates, s.Path)
	}
	return t, broken(t.Wrong)
}

// Map gives a map by name.
func (s *Set) Map(name string) (*Map, error) {
	m := s.Maps[name]
	if m == nil {
		return nil, missing("MAP", name, s.Maps, s.Path)
	}
	return m, broken(m.Wrong)
}

// Group gives a trigger group by name.
func (s *Set) Group(name string) (*Group, error) {
	g := s.Groups[name]
	if g == nil {
		return nil, missing("TRIGGERGROUP", name, s.Groups, s.Path)
	}
	return g, nil
}

func broken(why string) error {
	if why == "" {
		return nil
	}
	return fmt.Errorf("%s", why)
}

// missing says that a section, of a path if that is not clear, has no such name, and which it may have been.
func missing[T any](section, name string, have map[string]T, path string) error {
	hint := ""
	if near := nearest(name, have); near != "" {
		hint = " (did you mean " + near + "?)"
	}
	if path != "" {
		path = " of " + path
	}
	return fmt.Errorf("[%s]%s has no %s%s", section, path, name, hint)
}
