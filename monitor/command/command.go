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
	"unicode/utf8"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/internal/nearest"
	"github.com/onbu/onbu/monitor/plugin"
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
	// ID is the same for the same request however often it arrives; empty until the receiver sets it.
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
	name, rest, _ := strings.Cut(line, ";")
	name = strings.ToUpper(strings.TrimSpace(name))
	c, ok := commands[name]
	if !ok {
		return Request{}, unknown(name)
	}
	args, err := c.arguments(rest)
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

// arguments takes the text after the name apart and checks each argument.
func (c *Command) arguments(rest string) ([]string, error) {
	args := make([]string, len(c.Arguments))
	more := rest != ""
	for i := range c.Arguments {
		a := &c.Arguments[i]
		if !more && !a.Optional && !(i == 0 && a.Kind == Text) {
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
	if i := strings.IndexFunc(value, isControl); i >= 0 {
		return "", fmt.Errorf("%q holds the control character %q", shorten(value), value[i])
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
	case Time, Int, Bool:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < a.Least || n > a.Greatest {
			return "", fmt.Errorf("%q is not %s", shorten(value), a.expected())
		}
		return value, nil
	case Number:
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || !(float64(a.Least) <= n && n <= float64(a.Greatest)) {
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

func isControl(r rune) bool { return r < 0x20 && r != '\t' || r == 0x7f || 0x80 <= r && r < 0xa0 }

// shorten cuts what an error quotes.
func shorten(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// Scope tells who carries the request out.
func (r *Request) Scope() Scope {
	if c, ok := commands[r.Name]; ok {
		return c.Scope
	}
	return 0
}

// String gives the line that Parse reads as the same request, but for ID, Source and fractions of seconds.
func (r *Request) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%d] %s", int64(r.Time)/1e9, r.Name)
	if r.Ref.Host != "" {
		b.WriteString(";" + r.Ref.Host)
	}
	if r.Ref.Service != "" {
		b.WriteString(";" + r.Ref.Service)
	}
	for _, arg := range r.Args {
		b.WriteString(";" + arg)
	}
	return b.String()
}

// Text gives argument i of Args; empty if there is none.
func (r *Request) Text(i int) string {
	if i < 0 || i >= len(r.Args) {
		return ""
	}
	return r.Args[i]
}

// Int gives argument i of Args as a whole number; 0 if there is none, or if it is something else.
func (r *Request) Int(i int) int64 {
	n, err := strconv.ParseInt(r.Text(i), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Number is Int for an argument that may have a fraction.
func (r *Request) Number(i int) float64 {
	n, err := strconv.ParseFloat(r.Text(i), 64)
	if err != nil {
		return 0
	}
	return n
}

// Moment gives argument i of Args, a Unix time, as a moment; never if there is none.
func (r *Request) Moment(i int) monitor.Time { return monitor.Time(min(max(r.Int(i), 0), lastSecond)) * 1e9 }

// Bool says whether argument i of Args is 1.
func (r *Request) Bool(i int) bool { return r.Int(i) == 1 }

// Submission gives the passive result that a request of ScopeResult is; false for other requests and for the
// PROCESS_…_OUTPUT of Shinken, which leave the state as it is. A service's code that is none of 0 to 3 becomes Unknown, as
// in Nagios. Of the output, "\n" and "\\" are resolved.
func (r *Request) Submission() (monitor.Submission, bool) {
	if r.Name != "PROCESS_HOST_CHECK_RESULT" && r.Name != "PROCESS_SERVICE_CHECK_RESULT" {
		return monitor.Submission{}, false
	}
	s := monitor.Submission{Ref: r.Ref, Time: r.Time, Source: r.Source}
	s.State = monitor.Unknown
	if code := r.Int(0); 0 <= code && code <= 3 {
		s.State = monitor.State(code)
	}
	s.Output, s.LongOutput, s.Perfdata = plugin.Output([]byte(plugin.Unescape(r.Text(1))), 0)
	return s, true
}
