package oracle

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// base is what all worlds stand on, as object files have it. Active checks are off: only what is handed in counts. The
// interval of services is 0 because Nagios 4 takes the mean interval of a host's services, after which it records the
// host's state for flap detection again, for 0, whatever it is: flapping.c reads total_service_check_interval, which
// nothing sets.
const base = `define command{
command_name check
command_line $USER1$/answer $HOSTNAME$ $SERVICEDESC$
}
define command{
command_name checkhost
command_line $USER1$/answer $HOSTNAME$
}
define command{
command_name tell
command_line /bin/true
}
define command{
command_name handle
command_line /bin/true
}
define timeperiod{
timeperiod_name always
alias always
sunday 00:00-24:00
monday 00:00-24:00
tuesday 00:00-24:00
wednesday 00:00-24:00
thursday 00:00-24:00
friday 00:00-24:00
saturday 00:00-24:00
}
define contact{
name contact
register 0
host_notification_commands tell
service_notification_commands tell
host_notification_period always
service_notification_period always
host_notification_options d,u,r,f,s
service_notification_options w,u,c,r,f,s
}
define host{
name host
register 0
check_command checkhost
active_checks_enabled 0
check_period always
notification_period always
notification_options d,u,r,f,s
notification_interval 10
check_interval 10
max_check_attempts 3
flap_detection_enabled 0
}
define service{
name service
register 0
check_command check
active_checks_enabled 0
check_period always
notification_period always
notification_options w,u,c,r,f,s
notification_interval 10
check_interval 0
max_check_attempts 3
flap_detection_enabled 0
}
`

// nameOf is the directive that names an object of each type.
var nameOf = map[string]string{
	"host": "host_name", "contact": "contact_name", "contactgroup": "contactgroup_name", "hostgroup": "hostgroup_name",
	"servicegroup": "servicegroup_name", "timeperiod": "timeperiod_name",
}

// objects writes the world of a sequence as object files have it, each name with the prefix before it.
func (s *Sequence) objects(prefix string) string {
	var b strings.Builder
	names := s.names()
	for _, line := range s.World {
		words := strings.Fields(line)
		kind, name := words[0], words[1]
		host, service, isService := strings.Cut(name, "/")
		fmt.Fprintf(&b, "define %s{\n", kind)
		if active := slices.Contains(s.Options, "active"); active && (kind == "host" || kind == "service") {
			words = append(words, "check_interval=0")
			if !strings.Contains(line, " active_checks_enabled=") {
				words = append(words, "active_checks_enabled=1")
			}
		}
		switch kind {
		case "hostdependency":
			fmt.Fprintf(&b, "dependent_host_name %s\n", prefix+host)
		case "servicedependency":
			fmt.Fprintf(&b, "dependent_host_name %s\ndependent_service_description %s\n", prefix+host, service)
		case "host", "contact":
			fmt.Fprintf(&b, "use %s\n%s %s\n", kind, nameOf[kind], prefix+name)
		case "service":
			fmt.Fprintf(&b, "use service\nhost_name %s\nservice_description %s\n", prefix+host, service)
		case "hostescalation", "serviceescalation":
			fmt.Fprintf(&b, "host_name %s\n", prefix+host)
			if isService {
				fmt.Fprintf(&b, "service_description %s\n", service)
			}
		default:
			fmt.Fprintf(&b, "%s %s\nalias %s\n", nameOf[kind], prefix+name, name)
		}
		for _, word := range words[2:] {
			b.WriteString(s.directive(word, names, prefix))
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// directive writes one directive. "minutes=1-2" of a timeperiod stands for the second minute of the sequence, and
// "on=h0/s0" of a dependency for its master.
func (s *Sequence) directive(word string, names []string, prefix string) string {
	key, value, _ := strings.Cut(word, "=")
	switch key {
	case "minutes":
		var from, to int
		fmt.Sscanf(value, "%d-%d", &from, &to)
		first := time.Unix(s.Start, 0).UTC().Truncate(time.Minute)
		clock := func(minute int) time.Time { return first.Add(time.Duration(minute) * time.Minute) }
		return fmt.Sprintf("%s %s-%s\n", first.Format("2006-01-02"), clock(from).Format("15:04"), clock(to).Format("15:04"))
	case "on":
		host, service, isService := strings.Cut(value, "/")
		if !isService {
			return fmt.Sprintf("host_name %s\n", prefix+host)
		}
		return fmt.Sprintf("host_name %s\nservice_description %s\n", prefix+host, service)
	}
	return key + " " + rename(value, ",", names, prefix) + "\n"
}

// names gives all names that the world declares.
func (s *Sequence) names() (names []string) {
	for _, line := range s.World {
		words := strings.Fields(line)
		if nameOf[words[0]] != "" {
			names = append(names, words[1])
		}
	}
	return names
}

// rename puts the prefix before each of the fields that is a name.
func rename(fields, separator string, names []string, prefix string) string {
	parts := strings.Split(fields, separator)
	for i, part := range parts {
		if slices.Contains(names, part) {
			parts[i] = prefix + part
		}
	}
	return strings.Join(parts, separator)
}

// answer gives the object and the answer that an event of the form "answer OBJECT STATE" sets for the checks that are to
// come.
func answer(event string) (name, state string, ok bool) {
	rest, ok := strings.CutPrefix(event, "answer ")
	name, state, _ = strings.Cut(rest, " ")
	return name, state, ok
}

// command makes an external command of an event, empty if there is none in it. downtime gives the number of a downtime by its object and comment.
func (s *Sequence) command(event, prefix string, downtime func(key string) uint64) string {
	switch kind, name, _ := strings.Cut(event, " "); kind {
	case "answer":
		return ""
	case "check":
		host, service, isService := strings.Cut(name, "/")
		if isService {
			return fmt.Sprintf("SCHEDULE_FORCED_SVC_CHECK;%s;%s;0", prefix+host, service)
		}
		return fmt.Sprintf("SCHEDULE_FORCED_HOST_CHECK;%s;0", prefix+host)
	}
	if result, ok := strings.CutPrefix(event, "result "); ok {
		name, state, _ := strings.Cut(result, " ")
		host, service, isService := strings.Cut(name, "/")
		if isService {
			return fmt.Sprintf("PROCESS_SERVICE_CHECK_RESULT;%s;%s;%s;x", prefix+host, service, state)
		}
		return fmt.Sprintf("PROCESS_HOST_CHECK_RESULT;%s;%s;x", prefix+host, state)
	}
	parts := strings.Split(event, ";")
	for i, part := range parts {
		switch {
		case strings.HasPrefix(part, "@"):
			var at int64
			fmt.Sscanf(part, "@%d", &at)
			parts[i] = fmt.Sprint(s.Start + at)
		case strings.HasPrefix(part, "#"):
			parts[i] = fmt.Sprint(downtime(part[1:]))
		}
	}
	return rename(strings.Join(parts, ";"), ";", s.names(), prefix)
}
