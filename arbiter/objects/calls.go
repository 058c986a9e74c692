package objects

import (
	"strings"

	"github.com/onbu/onbu/monitor"
)

var noCall = monitor.Call{Command: monitor.None}

// callOf reads a command with arguments: check_nrpe!check_load!-t 10. Equal ones are worked out once.
func (l *loader) callOf(v value, directive string) monitor.Call {
	if !v.given() || v.s == "" {
		return noCall
	}
	if c, ok := l.calls[v.s]; ok {
		return c
	}
	command, rest, _ := strings.Cut(v.s, "!")
	i, ok := l.one(kCommand, trim(command), v.pos, directive)
	if !ok {
		return noCall
	}
	c := monitor.Call{Command: int32(i), Args: l.argsOf(v.s, rest)}
	l.calls[v.s] = c
	return c
}

// argsOf gives the number of an argument list. It is cut at each "!" that has no backslash before it (Nagios 4.5,
// get_raw_command_line_r).
func (l *loader) argsOf(whole, rest string) uint32 {
	if !strings.Contains(whole, "!") {
		return 0
	}
	if n, ok := l.args["!"+rest]; ok {
		return n
	}
	var list []string
	from := 0
	for i := 0; i < len(rest); i++ {
		switch {
		case rest[i] == '\\' && i+1 < len(rest) && rest[i+1] == '!':
			i++
		case rest[i] == '!':
			list = append(list, unescape(rest[from:i]))
			from = i + 1
		}
	}
	list = append(list, unescape(rest[from:]))
	n := uint32(len(l.config.Args))
	l.config.Args = append(l.config.Args, list)
	l.args["!"+rest] = n
	return n
}

func unescape(arg string) string {
	if !strings.Contains(arg, `\!`) {
		return arg
	}
	return strings.ReplaceAll(arg, `\!`, "!")
}

// callsOf reads a list of commands, as in host_notification_commands.
func (l *loader) callsOf(v value, directive string) []monitor.Call {
	if !v.given() {
		return nil
	}
	var list []monitor.Call
	for _, w := range words(v.s) {
		part := v
		part.s = w
		if c := l.callOf(part, directive); c.Command != monitor.None {
			list = append(list, c)
		}
	}
	return list
}
