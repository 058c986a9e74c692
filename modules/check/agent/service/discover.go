package service

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onbu/onbu/modules/check/agent/section"
	"github.com/onbu/onbu/monitor/plugin/cmdline"
)

// Offer is a service that a host offers.
type Offer struct {
	Kind string
	Found
}

// What a host may offer at most, and how long names may be in bytes; what is beyond that is not offered.
const (
	mostOffers = 5000
	mostItem   = 1024
)

// Discover gives the services that the sections of a host offer, in the order of Kinds. No two have the same description, and
// every description can be the name of a service. An offer that is made once is the same as long as the host has what it is
// about: its Key finds it again.
func Discover(set *section.Set, now time.Time) []Offer {
	var all []Offer
	taken := map[string]bool{}
	for _, k := range Kinds() {
		if !k.Present(set) {
			continue
		}
		in := &Input{Sections: set, Now: now, Counters: &Counters{}}
		for _, f := range k.Discover(in) {
			if len(all) == mostOffers {
				return all
			}
			if len(f.Item) > mostItem || strings.ContainsAny(f.Item, "\x00\r\n") {
				continue
			}
			f.Description = distinct(Name(f.Description), k.Name, taken)
			taken[f.Description] = true
			all = append(all, Offer{k.Name, f})
		}
	}
	return all
}

// distinct gives a description that no other service has.
func distinct(description, kind string, taken map[string]bool) string {
	name := description
	for n := 1; taken[name]; n++ {
		name = description + " " + kind
		if n > 1 {
			name += " " + strconv.Itoa(n)
		}
	}
	return name
}

// illegal are the characters that Nagios lets nobody use in names of objects, unless told otherwise; a semicolon parts the
// fields of commands.
const illegal = "`~!$%^&*\"|'<>?,()=;"

// Name makes any text the description of a service: without characters that names must not have, and not too long.
func Name(text string) string {
	text = strings.Map(func(c rune) rune {
		switch {
		case c < ' ' || c == 0x7f || c == '\uFFFD':
			return '_'
		case c == '(' || c == '<':
			return '['
		case c == ')' || c == '>':
			return ']'
		case strings.ContainsRune(illegal, c):
			return '_'
		}
		return c
	}, strings.ToValidUTF8(text, "_"))
	const most = 200
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "")
	}
	// A backslash at the end of a line joins it with the next, and white space at the ends is lost.
	text = strings.Trim(strings.Join(strings.Fields(text), " "), "\\ ")
	if text == "" {
		return "Service"
	}
	return text
}

// Unknown gives the sections that no kind of service reads, in their order.
func Unknown(set *section.Set) []string {
	known := Known()
	var all []string
	for _, name := range set.Names() {
		if !known[name] {
			all = append(all, name)
		}
	}
	return all
}

// Arguments gives the words behind the options of onbu-agent that say where output comes from: -s df -i / and so on.
func (o *Offer) Arguments() []string {
	words := []string{"-s", o.Kind}
	for _, option := range [...]struct{ letter, value string }{{"-i", o.Item}, {"-w", o.Warn}, {"-c", o.Crit}} {
		if option.value != "" {
			words = append(words, option.letter, option.value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.Options)) {
		words = append(words, "-o", name+"="+o.Options[name])
	}
	return words
}

// Call gives the value of a check_command directive that makes the check of the offer: the name of a command that has $ARG1$
// at its end, and the arguments, quoted for the shell that would read the line, and for macros and the exclamation marks that part
// arguments. In an object file semicolons need a backslash besides.
func (o *Offer) Call(command string) string {
	line := Line(o.Arguments())
	line = strings.ReplaceAll(line, "$", "$$")
	return command + "!" + strings.ReplaceAll(line, "!", `\!`)
}

// Key tells offers of one host apart: kind and item.
func (o *Offer) Key() string { return o.Kind + "\x00" + o.Item }

// Line gives the command line that falls into words, behind the name of a program.
func Line(words []string) string {
	var place cmdline.Context
	var b []byte
	for i, word := range words {
		if i > 0 {
			place.Scan(" ")
			b = append(b, ' ')
		}
		begin := len(b)
		if b = append(b, word...); isBare(word) {
			place.Scan(word)
			continue
		}
		b = place.Quote(b, begin)
	}
	return string(b)
}

// isBare says that no shell sees more in a word than its characters, whatever stands around it but for < and >.
func isBare(word string) bool {
	for i := range len(word) {
		c := word[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune("_./:@%+,=-", rune(c)) {
			return false
		}
	}
	return word != ""
}
