// Package macro knows the macros of Nagios and Shinken: how $NAME$ stands in command lines and other texts, which names
// there are, and how a text with values in their place is put together. Where the values come from is somebody else's
// business: the Resolver's.
package macro

import (
	"strings"
	"unicode/utf8"
)

// Kind tells where a macro's value comes from.
type Kind uint8

// The kinds of macros.
const (
	// Standard is a name that Nagios or Shinken defines: HOSTADDRESS, SERVICESTATEID, LONGDATETIME.
	Standard Kind = iota
	// Arg is $ARGn$: an argument of the command that is being put together.
	Arg
	// User is $USERn$ of the resource file.
	User
	// HostVar, ServiceVar and ContactVar are custom variables: $_HOSTSNMP$.
	HostVar
	ServiceVar
	ContactVar
	// Other is a name that none of the above covers: one that a configuration made itself ($PLUGINSDIR$= in a resource
	// file, which Shinken allows), or a mistake.
	Other
)

// Macro is a macro as it stands in a text, parsed. It does not change and may be copied.
type Macro struct {
	Kind Kind
	// Name is what stands between the dollar signs, without on-demand arguments: "HOSTSTATE", "ARG1", "_HOSTSNMP".
	Name string
	// Index is the n of ARGn, USERn and CONTACTADDRESSn, from 1; 0 for others.
	Index int
	// Var is the name of a custom variable, in capitals, without the prefix: "SNMP". See monitor.Var.
	Var string
	// Of holds what follows the name after colons, at most two: host or group, and service or separator. Nil unless the
	// macro is asked for on demand. An empty host means the own one.
	Of []string
}

// Most is the greatest index of an ARGn or USERn, as in Nagios.
const (
	MostArgs  = 32
	MostUsers = 256
)

// String gives the macro as it is written, with its dollar signs.
func (m Macro) String() string { return string(m.appendText(nil)) }

func (m Macro) appendText(dst []byte) []byte {
	dst = append(append(dst, '$'), m.Name...)
	for _, of := range m.Of {
		dst = append(append(dst, ':'), of...)
	}
	return append(dst, '$')
}

// parse reads what stands between two dollar signs. False means that it cannot be a macro.
func parse(text string) (Macro, bool) {
	if e, ok := known[text]; ok {
		return e.Macro, true
	}
	name, rest, onDemand := strings.Cut(text, ":")
	if !isName(name) {
		return Macro{}, false
	}
	m, ok := custom(name)
	if e, standard := known[name]; standard {
		m = e.Macro
	} else if !ok {
		m = Macro{Kind: Other, Name: name}
	}
	if onDemand {
		m.Of = strings.SplitN(rest, ":", 2)
	}
	return m, true
}

// parseBytes is parse without an allocation for names that are known beforehand.
func parseBytes(text []byte) (Macro, bool) {
	if e, ok := known[string(text)]; ok {
		return e.Macro, true
	}
	return parse(string(text))
}

// isName says whether name has the form of a macro's: a letter or an underscore first, then what Nagios allows in names
// of custom variables. A blank or a slash in it means that the dollar sign before it was not the beginning of a macro.
func isName(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c == '_' || c >= utf8.RuneSelf
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '-' && c != '.') {
			return false
		}
	}
	return name != ""
}

// custom reads the name of a custom variable's macro.
func custom(name string) (Macro, bool) {
	for _, of := range [...]struct {
		prefix string
		kind   Kind
	}{{"_HOST", HostVar}, {"_SERVICE", ServiceVar}, {"_CONTACT", ContactVar}} {
		if v, ok := strings.CutPrefix(name, of.prefix); ok && v != "" {
			return Macro{Kind: of.kind, Name: name, Var: strings.ToUpper(v)}, true
		}
	}
	return Macro{}, false
}

// Static says whether the value follows from the configuration alone: neither from states, nor from the time, nor from
// who is being told. ARGn counts as static, although an argument may hold other macros; custom variables and self-made
// macros do too, although a command (CHANGE_CUSTOM_HOST_VAR) may change the former.
func (m Macro) Static() bool { return m.properties()&static != 0 }

// Own says whether a command line takes the value as it is written: $ARGn$, $USERn$, custom variables, macros of resource
// files and addresses of contacts are the author's own words, may be several of them, and may be syntax. All else is
// data: names, outputs, comments, texts.
func (m Macro) Own() bool { return m.properties()&asWritten != 0 }

// properties gives what follows from the name.
func (m Macro) properties() property {
	switch m.Kind {
	case Standard:
		return known[m.Name].property
	case User:
		return static | asWritten
	}
	return static | asWritten | nesting
}
