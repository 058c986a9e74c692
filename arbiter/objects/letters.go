package objects

import (
	"strings"

	"github.com/onbu/onbu/monitor"
)

// letterOf is one option: its letter, its word, and what it means.
type letterOf struct {
	letter, word string
	bit          monitor.Option
}

// The letters of hosts and of services, in the order in which people write them.
var (
	hostLetters = []letterOf{
		{"d", "down", monitor.OnDown},
		{"u", "unreachable", monitor.OnUnreachable},
		{"r", "recovery", monitor.OnRecovery},
		{"f", "flapping", monitor.OnFlapping},
		{"s", "downtime", monitor.OnDowntime},
	}
	serviceLetters = []letterOf{
		{"w", "warning", monitor.OnWarning},
		{"u", "unknown", monitor.OnUnknown},
		{"c", "critical", monitor.OnCritical},
		{"r", "recovery", monitor.OnRecovery},
		{"f", "flapping", monitor.OnFlapping},
		{"s", "downtime", monitor.OnDowntime},
	}
	hostStates = []letterOf{
		{"o", "up", monitor.OnOK},
		{"d", "down", monitor.OnDown},
		{"u", "unreachable", monitor.OnUnreachable},
	}
	serviceStates = []letterOf{
		{"o", "ok", monitor.OnOK},
		{"w", "warning", monitor.OnWarning},
		{"u", "unknown", monitor.OnUnknown},
		{"c", "critical", monitor.OnCritical},
	}
	// pendingToo are states that a dependency may name.
	pendingToo = []letterOf{{"p", "pending", monitor.OnPending}}
	// notifications is stalking on notifications; it has no bit of its own.
	notificationsToo = []letterOf{{"N", "notifications", 0}}
)

// letters gives what a directive of a kind takes.
func letters(k kind, directive key) []letterOf {
	host := k == kHost || k == kHostdependency || k == kHostescalation
	switch known.names[directive] {
	case "host_notification_options", "business_rule_host_notification_options":
		return hostLetters
	case "service_notification_options", "business_rule_service_notification_options":
		return serviceLetters
	case "escalation_options":
		return escalationLetters(k)
	case "notification_options":
		if host {
			return hostLetters
		}
		return serviceLetters
	case "execution_failure_criteria", "notification_failure_criteria":
		return append(states(host)[:len(states(host)):len(states(host))], pendingToo...)
	case "stalking_options":
		return append(states(host)[:len(states(host)):len(states(host))], notificationsToo...)
	}
	return states(host)
}

func states(host bool) []letterOf {
	if host {
		return hostStates
	}
	return serviceStates
}

// escalationLetters: Shinken's named escalations serve hosts and services alike.
func escalationLetters(k kind) []letterOf {
	switch k {
	case kHostescalation:
		return hostLetters[:3]
	case kServiceescalation:
		return serviceLetters[:4]
	}
	return append(append([]letterOf{}, serviceLetters...), hostLetters[0],
		letterOf{"u", "unreachable", monitor.OnUnreachable | monitor.OnUnknown})
}

// lettersOf lists them for people.
func lettersOf(k kind, directive key) string {
	var list []string
	for _, o := range letters(k, directive) {
		list = append(list, o.letter)
	}
	return strings.Join(list, ",") + ",a,n"
}

// optionSet reads a list of options. bad is the first that is none.
func optionSet(k kind, directive key, value string) (set monitor.Option, bad string) {
	choice := letters(k, directive)
	for word := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' }) {
		switch word {
		case "n", "none":
			set = 0
			continue
		case "a", "all":
			set = all(choice)
			continue
		}
		bit, ok := find(choice, word)
		if !ok {
			return set, word
		}
		set |= bit
	}
	return set, ""
}

func find(choice []letterOf, word string) (monitor.Option, bool) {
	for i := range choice {
		if choice[i].letter == word || choice[i].word == word {
			return choice[i].bit, true
		}
	}
	return 0, false
}

func all(choice []letterOf) monitor.Option {
	var set monitor.Option
	for i := range choice {
		set |= choice[i].bit
	}
	return set
}
