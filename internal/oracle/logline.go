package oracle

import (
	"strings"
)

// logged turns a line of Nagios' log, without its time, into a line of a recording; empty if it is not compared. Names
// are given without the prefix.
func logged(text, prefix string) string {
	kind, rest, ok := strings.Cut(text, ": ")
	if !ok {
		return ""
	}
	fields := strings.Split(rest, ";")
	scope, kind, _ := strings.Cut(kind, " ")
	global := ""
	if scope == "GLOBAL" {
		global = "global-"
		scope, kind, _ = strings.Cut(kind, " ")
	}
	names := 1
	switch scope {
	case "SERVICE":
		names = 2
	case "HOST":
	default:
		return ""
	}
	contact := ""
	if kind == "NOTIFICATION" {
		contact, fields = strings.TrimPrefix(fields[0], prefix)+" ", fields[1:]
	}
	if len(fields) <= names {
		return ""
	}
	name := strings.TrimPrefix(strings.Join(fields[:names], "/"), prefix)
	fields = fields[names:]
	switch kind {
	case "ALERT", "EVENT HANDLER":
		if len(fields) < 3 {
			return ""
		}
		word := "alert "
		if kind == "EVENT HANDLER" {
			word = global + "handler "
		}
		return word + name + " " + strings.Join(fields[:3], " ")
	case "NOTIFICATION":
		return "told " + contact + name + " " + strings.ReplaceAll(fields[0], " ", "")
	case "FLAPPING ALERT":
		return "flapping " + name + " " + fields[0]
	case "DOWNTIME ALERT":
		return "downtime " + name + " " + fields[0]
	}
	return ""
}
