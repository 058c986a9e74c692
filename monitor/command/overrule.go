package command

import "strings"

// Overrules says whether a command that was carried out after another one makes that void, which therefore is not to be made up for:
// a switch that was turned again, an acknowledgement taken back, a downtime cancelled with all others.
func (r *Request) Overrules(earlier *Request) bool {
	what, adds := r.topic()
	before, added := earlier.topic()
	return what != "" && what == before && !(adds && added) && r.covers(earlier)
}

// covers says whether a command is for the object of another one, at least.
func (r *Request) covers(other *Request) bool {
	return r.Ref == other.Ref || r.Ref.Host == other.Ref.Host && other.Ref.Service != "" && strings.Contains(r.Name, "_HOST_SVC_")
}

// topic is what a command sets; adds says that it leaves what there is of it. It is empty for commands that set nothing that lasts.
func (r *Request) topic() (what string, adds bool) {
	verb, rest, _ := strings.Cut(r.Name, "_")
	switch verb {
	case "ENABLE", "DISABLE", "START", "STOP":
		rest = strings.Replace(strings.Replace(rest, "HOST_SVC_", "SVC_", 1), "_AND_CHILD", "", 1)
		return strings.TrimSuffix(rest, "S"), false
	case "CHANGE", "SET", "DELAY":
		if strings.HasPrefix(rest, "CUSTOM_") {
			rest += ";" + strings.ToUpper(r.Text(0))
		}
		return rest, false
	case "ACKNOWLEDGE", "REMOVE":
		return "ACKNOWLEDGEMENT", false
	case "ADD", "SCHEDULE", "DEL":
		for _, noun := range []string{"COMMENT", "DOWNTIME"} {
			if strings.Contains(rest, noun) {
				return noun, verb != "DEL"
			}
		}
	}
	return "", false
}

// Own gives what a command does for its own host, where another shard has done the rest already; false for nothing. What a number of
// that shard triggers stands for itself.
func (r *Request) Own() (Request, bool) {
	own := *r
	switch {
	case strings.HasSuffix(r.Name, "_ALL_NOTIFICATIONS_BEYOND_HOST"):
		return own, false
	case strings.HasPrefix(r.Name, "SCHEDULE_AND_PROPAGATE_"):
		own.Name = "SCHEDULE_HOST_DOWNTIME"
	default:
		own.Name = strings.Replace(r.Name, "_HOST_AND_CHILD_", "_HOST_", 1)
	}
	if trigger := own.argument("trigger_id"); trigger >= 0 {
		own.Args = append([]string(nil), r.Args...)
		own.Args[trigger] = "0"
	}
	return own, true
}

// argument gives the place in Args of what the grammar calls so; -1 if there is no such one.
func (r *Request) argument(name string) int {
	c, ok := commands[r.Name]
	if !ok {
		return -1
	}
	for i, a := range c.Arguments[c.object:] {
		if a.Name == name && i < len(r.Args) {
			return i
		}
	}
	return -1
}
