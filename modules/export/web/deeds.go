package web

import (
	"strings"

	"github.com/onbu/onbu/monitor/command"
	"github.com/onbu/onbu/monitor/logline"
)

// command says what somebody did by an external command, and who. Of its arguments it gives the author and what that wrote; others may
// be secrets. An author is what the command claims, so whoever signed in goes before.
func (h *happening) command(l *logline.Line) {
	line, refused, no := l.Refusal()
	r, err := command.Parse(line, l.Time)
	name, _, _ := strings.Cut(line, ";")
	h.Kind, h.What, h.Text, h.Who, h.Way = "command", name, "", l.Person(), l.By
	if h.Who != "" {
		h.Way = ""
	}
	if err == nil {
		author, text := signed(&r)
		h.Text = text
		if h.Who == "" {
			h.Who = author
		}
	}
	switch {
	case no:
		h.Refused = refused
	case name == "ADD_HOST_COMMENT" || name == "ADD_SVC_COMMENT":
		h.Kind, h.Way = "comment", ""
	default:
		h.Did = did(name)
	}
}

// signed gives the author of a command and what that wrote, for those that have one: both stand at its end.
func signed(r *command.Request) (author, text string) {
	known, ok := command.Lookup(r.Name)
	n := len(r.Args)
	if !ok || n < 2 || known.Arguments[len(known.Arguments)-2].Name != "author" {
		return "", ""
	}
	return r.Args[n-2], r.Args[n-1]
}

// did says what a command did to the object that it is for, to be read behind a name: "turned notifications off". It is empty for a
// command that has no such words.
func did(name string) string {
	if !strings.Contains(name, "_HOST_SVC_") {
		name = strings.Replace(strings.Replace(name, "_HOST_", "_", 1), "_SVC_", "_", 1)
	}
	if of, on := switched(name); of != "" {
		return on + of
	}
	return deed(name)
}

// switched reads ENABLE_… and DISABLE_….
func switched(name string) (of, turned string) {
	verb, what, _ := strings.Cut(name, "_")
	names := map[string]string{
		"NOTIFICATIONS": "notifications", "CHECK": "checks", "CHECKS": "checks", "PASSIVE_CHECKS": "passive checks", "EVENT_HANDLER": "the event handler",
		"FLAP_DETECTION": "flap detection", "HOST_SVC_CHECKS": "the checks of all its services", "HOST_SVC_NOTIFICATIONS": "the notifications of all its services",
	}
	on := map[string]string{"ENABLE": "turned on ", "DISABLE": "turned off "}[verb]
	if on == "" || names[what] == "" {
		return "", ""
	}
	return names[what], on
}

// deed is what the other commands do.
func deed(name string) string {
	switch name {
	case "SCHEDULE_CHECK", "SCHEDULE_FORCED_CHECK":
		return "had it checked"
	case "SCHEDULE_HOST_SVC_CHECKS", "SCHEDULE_FORCED_HOST_SVC_CHECKS":
		return "had all its services checked"
	case "SCHEDULE_DOWNTIME":
		return "planned a downtime"
	case "SCHEDULE_HOST_SVC_DOWNTIME":
		return "planned a downtime of all its services"
	case "SCHEDULE_AND_PROPAGATE_DOWNTIME", "SCHEDULE_AND_PROPAGATE_TRIGGERED_DOWNTIME":
		return "planned a downtime of it and all behind it"
	case "DEL_ALL_DOWNTIMES", "DEL_DOWNTIME_BY_HOST_NAME":
		return "cancelled its downtimes"
	case "DEL_ALL_COMMENTS":
		return "removed its comments"
	case "ACKNOWLEDGE_PROBLEM", "ACKNOWLEDGE_PROBLEM_EXPIRE":
		return "acknowledged it"
	case "REMOVE_ACKNOWLEDGEMENT":
		return "took the acknowledgement back"
	case "SEND_CUSTOM_NOTIFICATION":
		return "told people of it"
	case "DELAY_NOTIFICATION":
		return "put the next notification off"
	}
	return ""
}
