package bprule

import (
	"fmt"
	"iter"
	"regexp"
	"strings"

	"github.com/onbu/onbu/monitor"
)

// What says what a word in an expression stands for.
type What uint8

// What may stand in the place of a host or a service.
const (
	Name   What = iota // one object
	Every              // *
	Group              // g:
	Regexp             // r:
	Label              // l:
	Tag                // t:
)

// String gives the name for messages.
func (w What) String() string {
	return [...]string{"name", "*", "group", "regular expression", "label", "template"}[w]
}

// Names knows the objects of a configuration. IDs may be any numbers, different ones for all hosts and services.
type Names interface {
	Host(name string) (monitor.ID, bool)
	// Service gives a host's service.
	Service(host monitor.ID, description string) (monitor.ID, bool)
	// Hosts gives all hosts with their names, always in the same order; Services those of a host with their descriptions.
	Hosts() iter.Seq2[monitor.ID, string]
	Services(host monitor.ID) iter.Seq2[monitor.ID, string]
	// HostsIn and ServicesIn give the members of a Group, Label or Tag; false if there is no such thing.
	HostsIn(what What, name string) ([]monitor.ID, bool)
	ServicesIn(what What, name string) ([]monitor.ID, bool)
}

// pattern is what stands in the place of a host or a service.
type pattern struct {
	what What
	text string // the name; empty for the own host
	re   *regexp.Regexp
}

// newPattern reads one. Of several letters the first of g, r, l, t counts, as in Shinken; a service has no t.
func newPattern(text string, host bool) (pattern, error) {
	letters := "grl"
	if host {
		letters = "grlt"
	}
	if text == "*" {
		return pattern{what: Every}, nil
	}
	flags, rest, ok := strings.Cut(text, ":")
	if !ok || flags == "" || strings.Trim(flags, letters) != "" {
		return pattern{what: Name, text: text}, nil
	}
	if rest = strings.TrimSpace(rest); rest == "" {
		return pattern{}, fmt.Errorf("%s: has nothing behind it", flags)
	}
	for i, what := range []What{Group, Regexp, Label, Tag} {
		if i < len(letters) && strings.Contains(flags, letters[i:i+1]) {
			return pattern{what: what, text: rest}.compiled()
		}
	}
	return pattern{what: Name, text: text}, nil
}

// compiled reads the regular expression, if the pattern is one.
func (p pattern) compiled() (pattern, error) {
	if p.what != Regexp {
		return p, nil
	}
	var err error
	if p.re, err = regexp.Compile("^(?:" + p.text + ")"); err != nil {
		return p, fmt.Errorf("%s cannot be used as a regular expression: %w", p.text, err)
	}
	return p, nil
}
