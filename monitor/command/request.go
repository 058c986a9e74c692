package command

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/onbu/onbu/monitor"
	"github.com/onbu/onbu/monitor/plugin"
)

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
func (r *Request) Moment(i int) monitor.Time {
	return monitor.Time(min(max(r.Int(i), 0), lastSecond)) * 1e9
}

// Bool says whether argument i of Args is 1.
func (r *Request) Bool(i int) bool { return r.Int(i) == 1 }

// Submission gives the passive result that a request of ScopeResult is; false for other requests and for the
// PROCESS_…_OUTPUT of Shinken, which leave the state as it is. A service's code that is none of 0 to 3 becomes Unknown, as
// in Nagios. Of the output, "\n" and "\\" are resolved.
func (r *Request) Submission() (monitor.Submission, bool) {
	if r.Name != "PROCESS_HOST_CHECK_RESULT" && r.Name != "PROCESS_SERVICE_CHECK_RESULT" {
		return monitor.Submission{}, false
	}
	s := r.output(1)
	s.State = monitor.Unknown
	if code := r.Int(0); 0 <= code && code <= 3 {
		s.State = monitor.State(code)
	}
	return s, true
}

// Output gives what PROCESS_HOST_OUTPUT and PROCESS_SERVICE_OUTPUT hand in: a result without a state of its own.
func (r *Request) Output() monitor.Submission { return r.output(0) }

func (r *Request) output(arg int) monitor.Submission {
	s := monitor.Submission{Ref: r.Ref, Time: r.Time, Source: r.Source, Keep: r.Name == "PROCESS_HOST_OUTPUT" || r.Name == "PROCESS_SERVICE_OUTPUT"}
	s.Output, s.LongOutput, s.Perfdata = plugin.Output([]byte(plugin.Unescape(r.Text(arg))), 0)
	return s
}

// Spreads says that the request is for the hosts behind its host as well.
func (r *Request) Spreads() bool {
	switch r.Name {
	case "SCHEDULE_AND_PROPAGATE_HOST_DOWNTIME", "SCHEDULE_AND_PROPAGATE_TRIGGERED_HOST_DOWNTIME",
		"ENABLE_HOST_AND_CHILD_NOTIFICATIONS", "DISABLE_HOST_AND_CHILD_NOTIFICATIONS",
		"ENABLE_ALL_NOTIFICATIONS_BEYOND_HOST", "DISABLE_ALL_NOTIFICATIONS_BEYOND_HOST":
		return true
	}
	return false
}

// Beyond says that the request does more than its object alone is touched by: it reaches other hosts, or sets a command line that
// pollers or reactionners run. Whoever may speak for some hosts only is not to give it.
func (r *Request) Beyond() bool {
	switch r.Name {
	case "ADD_SIMPLE_HOST_DEPENDENCY", "DEL_HOST_DEPENDENCY",
		"CHANGE_HOST_CHECK_COMMAND", "CHANGE_SVC_CHECK_COMMAND", "CHANGE_HOST_EVENT_HANDLER", "CHANGE_SVC_EVENT_HANDLER",
		"CHANGE_CUSTOM_HOST_VAR", "CHANGE_CUSTOM_SVC_VAR":
		return true
	}
	return r.Spreads() || r.Ref.Host == ""
}
