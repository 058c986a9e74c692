// Package command knows the external commands of Nagios, Naemon and Shinken: their names, what arguments they take and
// who they are for. It reads a line such as
//
//	[1767225600] ACKNOWLEDGE_SVC_PROBLEM;web1;disk;2;1;1;ada;ordered a new one; it comes on monday
//
// and refuses it with the reason if it is not whole. Whether the objects exist is for those to say who have them.
package command

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/nearest"
)

// Limits on what is read.
const (
	// MaxLine is the length of the longest line in bytes. Nagios takes 8 KiB; results may have long output.
	MaxLine = 64 << 10
	// MaxName is the length of the longest name of an object.
	MaxName = 1024
	// lastSecond is the last whole second that a monitor.Time can hold, in the year 2262.
	lastSecond = 9223372036
)

// Request is a command that was read and found whole.
type Request struct {
	// ID is where whoever gave the command is told what became of it; empty if nobody waits for that.
	ID string
	// Time is when it was given: what stands in brackets, else when it was read.
	Time monitor.Time
	// Name is in capitals, and the first of several names for the same.
	Name string
	// Ref is the host or service that the command is for; empty if it is for none, or for a group or contact.
	Ref monitor.Ref
	// Args are the arguments that are not in Ref, in the order of the grammar, all of them: what was left out is empty.
	// The commands for hosts and for services therefore have them at the same places.
	Args []string
	// Source says where it came from, for logs; empty until the receiver sets it.
	Source string
	// Behind says that the request is for what stands behind Ref's host in a shard that has this only as a border host. The shard of
	// the host says so, to those others.
	Behind bool
	// Obeyed is when a shard carried it out that its host has left since, before it is carried out where the host is now; 0 for nobody has.
	Obeyed monitor.Time
}

// Parse reads a line, with or without a time in brackets; now is the time if there is none. White space around the line
// does not count. An error says in a sentence what is wrong, with the line as it should be.
func Parse(line string, now monitor.Time) (Request, error) {
	if len(line) > MaxLine {
		return Request{}, fmt.Errorf("external command of %d bytes: longer than %d", len(line), MaxLine)
	}
	line = strings.Trim(line, " \t\r\n")
	at, line, err := cutTime(line, now)
	if err != nil {
		return Request{}, fmt.Errorf("external command: %w", err)
	}
	name, rest, more := strings.Cut(line, ";")
	name = strings.ToUpper(strings.TrimSpace(name))
	c, ok := commands[name]
	if !ok {
		return Request{}, unknown(name)
	}
	args, err := c.arguments(rest, more)
	if err != nil {
		return Request{}, fmt.Errorf("external command %s: %w; usage: %s", name, err, c.Usage())
	}
	r := Request{Time: at, Name: c.Name, Args: args[c.object:]}
	switch c.object {
	case 1:
		r.Ref = monitor.Ref{Host: args[0]}
	case 2:
		r.Ref = monitor.Ref{Host: args[0], Service: args[1]}
	}
	return r, nil
}

// Name gives the name of the command in a line, in capitals, whether or not the line is one that can be read; empty for none.
func Name(line string) string {
	_, line, err := cutTime(strings.Trim(line, " \t\r\n"), 0)
	if err != nil {
		return ""
	}
	name, _, _ := strings.Cut(line, ";")
	return strings.ToUpper(strings.TrimSpace(name))
}

// cutTime takes "[seconds] " off the front.
func cutTime(line string, now monitor.Time) (monitor.Time, string, error) {
	if !strings.HasPrefix(line, "[") {
		return now, line, nil
	}
	seconds, rest, closed := strings.Cut(line[1:], "]")
	if !closed {
		return 0, "", errors.New(`the "[" before the time is never closed; write "[1767225600] NAME;…", or no time at all`)
	}
	s, err := strconv.ParseInt(strings.TrimSpace(seconds), 10, 64)
	if err != nil || s < 0 || s > lastSecond {
		return 0, "", fmt.Errorf("the time %q is not a number of seconds since 1970, 0 to %d", shorten(seconds), int64(lastSecond))
	}
	return monitor.Time(s) * 1e9, strings.TrimLeft(rest, " \t"), nil
}

// unknown says that there is no such command, and what may have been meant.
func unknown(name string) error {
	switch {
	case name == "":
		return errors.New("external command: the line is empty; expected NAME;argument;…")
	case strings.HasPrefix(name, "_"):
		return fmt.Errorf("external command %q: names with an underscore in front are for modules, and no module takes them", shorten(name))
	}
	if near := nearest.Of(name, Names()); near != "" {
		return fmt.Errorf("external command %q: there is no such command; did you mean %s?", shorten(name), commands[near].Usage())
	}
	return fmt.Errorf("external command %q: there is no such command", shorten(name))
}

// arguments takes the text after the name apart and checks each argument; more says whether there was a semicolon.
func (c *Command) arguments(rest string, more bool) ([]string, error) {
	args := make([]string, len(c.Arguments))
	for i := range c.Arguments {
		a := &c.Arguments[i]
		if !more && !a.Optional {
			return nil, fmt.Errorf("argument %d (%s) is missing", i+1, a.Name)
		}
		if a.Kind == Text {
			args[i], more, rest = rest, false, ""
		} else {
			args[i], rest, more = strings.Cut(rest, ";")
		}
		var err error
		if args[i], err = a.check(args[i]); err != nil {
			return nil, fmt.Errorf("argument %d (%s): %w", i+1, a.Name, err)
		}
	}
	if strings.Trim(rest, "; ") != "" {
		return nil, fmt.Errorf("%q is too much: there are only %d arguments", shorten(rest), len(c.Arguments))
	}
	return args, nil
}

// check says what is wrong with a value; it gives the value in the form that the accessors expect.
func (a *Argument) check(value string) (string, error) {
	if i := strings.IndexFunc(value, a.forbids); i >= 0 {
		r, _ := utf8.DecodeRuneInString(value[i:])
		return "", fmt.Errorf("%q holds the control character %q", shorten(value), r)
	}
	switch a.Kind {
	case Text:
		return strings.ToValidUTF8(value, "\uFFFD"), nil
	case Word:
		return checkUTF8(value)
	}
	value = strings.TrimSpace(value)
	if value == "" && a.Optional {
		return "", nil
	}
	switch a.Kind {
	case Time, Int, Bool, Number:
		if !a.inBounds(value) {
			return "", fmt.Errorf("%q is not %s", shorten(value), a.expected())
		}
		return value, nil
	}
	switch {
	case value == "":
		return "", errors.New("it is empty")
	case len(value) > MaxName:
		return "", fmt.Errorf("a name of %d bytes is longer than %d", len(value), MaxName)
	}
	return checkUTF8(value)
}

// forbids says which characters an argument must not hold. Plugins' output comes as it comes and is made harmless later;
// only what could end a line is refused there.
func (a *Argument) forbids(r rune) bool {
	switch {
	case r == '\n' || r == '\r' || r == 0:
		return true
	case r == '\t':
		return a.Kind != Text
	case a.Name == "output":
		return false
	}
	return unicode.IsControl(r)
}

func (a *Argument) inBounds(value string) bool {
	if a.Kind == Number {
		n, err := strconv.ParseFloat(value, 64)
		return err == nil && float64(a.Least) <= n && n <= float64(a.Greatest)
	}
	n, err := strconv.ParseInt(value, 10, 64)
	return err == nil && a.Least <= n && n <= a.Greatest
}

func checkUTF8(value string) (string, error) {
	if !utf8.ValidString(value) {
		return "", fmt.Errorf("%q is not UTF-8", shorten(value))
	}
	return value, nil
}

// expected tells what belongs in the place of a number.
func (a *Argument) expected() string {
	switch a.Kind {
	case Bool:
		return "0 or 1"
	case Time:
		return "a Unix time in seconds"
	case Number:
		return fmt.Sprintf("a number from %d to %d", a.Least, a.Greatest)
	}
	return fmt.Sprintf("a whole number from %d to %d", a.Least, a.Greatest)
}

// shorten cuts what an error quotes.
func shorten(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
